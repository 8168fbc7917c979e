"""Tables of samples, read from files; knows neither networks nor polytopes."""
