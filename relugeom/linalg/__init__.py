"""Numbers, affine maps and digests: the floor that knows neither networks nor polytopes."""
