"""The SQL store: what an analysis found, in tables and views that people query."""
