"""Networks as graphs.

Imports network and measures; it alone uses networkx. Never draws.
"""
