"""Partitions as values: regions as columns, their split tree, the census of patterns, and the clusters of samples.

Imports network, geometry, claims and data. Never searches for a region, and never measures one.
"""
