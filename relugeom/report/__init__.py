"""Tables, pictures and pages made of values; knows no database."""
