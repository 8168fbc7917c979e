"""How regions are measured: volumes, radii, facets, neighbours, linear regions, and planes cut through them.

Imports search and partition. Never draws, and never says a number without its bounds or the reason for having none.
"""
