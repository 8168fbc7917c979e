"""Analyses of clusters and regions that need no proof: importance, relevance, performance and the like.

Imports measures and what that stands on. Never writes a certificate, and never says more than it computed.
"""
