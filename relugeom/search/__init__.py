"""The search for regions: the compiled search, its threads, the exact search, single patterns, admissible inputs.

Imports partition and what that stands on. Never measures a region; only the proof of a partition uses its internals.
"""
