"""Measures of regions: volumes, radii, facets, neighbours, linear regions, and plane sections.

Imports search and partition. Never draws, and never returns a number without its bounds or the reason for having none.
"""
