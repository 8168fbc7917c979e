"""Limits that hold where none is given: apart, since the help of the command line shows them and needs nothing else."""

__all__ = ["MOST_REGIONS", "SECONDS"]

SECONDS, MOST_REGIONS = 120.0, 1_000_000
"""Of an audit."""
