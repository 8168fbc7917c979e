"""The claim engine: attack, bounds and branching settle claims about all inputs, in floats that allow for rounding.

Imports claims, network, linalg and deadlines. Never reads a domain or a certificate: rooms above bring arrays.
"""
