"""Tables of samples, read from files, databases and frames.

Imports columns; it alone uses pyarrow. Never knows a network or a polytope.
"""
