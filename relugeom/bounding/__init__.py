"""The claim engine: attack, bounds and branching settle claims about all inputs, in floats that allow for rounding.

Imports claims, network, linear programs and linalg. Never reads a domain or a certificate: rooms above bring arrays.
"""
