"""Numbers, affine maps and digests: exact and float arithmetic on arrays.

Imports errors and NumPy, SciPy, FLINT. Never knows a network, a polytope or a file.
"""
