"""The version of relugeom, in its only place."""

__all__ = ["VERSION"]

VERSION = "0.1.0"
