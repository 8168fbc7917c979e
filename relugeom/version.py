"""The version of relugeom, written once."""

__all__ = ["VERSION"]

VERSION = "0.1.0"
