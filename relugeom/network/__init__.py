"""ReLU networks as values: layers, activation patterns, effective maps and decisions.

Imports linalg. Never knows a polytope, and never reads a model file.
"""
