"""Domains, polyhedra, and linear, quadratic and integer programs, in floats and exactly.

Imports linalg; it alone uses scipy.optimize, HiGHS and CVXPY. Never knows a network.
"""
