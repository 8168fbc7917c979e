"""Claims about networks on a domain, as values; the networks and the domain come with the proof.

Imports linalg. Never decides whether a claim holds.
"""
