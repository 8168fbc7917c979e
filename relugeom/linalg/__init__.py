"""Numbers, affine maps and digests: exact and float arithmetic on arrays.

Imports NumPy, SciPy and FLINT alone. Never knows a network, a polytope or a file.
"""
