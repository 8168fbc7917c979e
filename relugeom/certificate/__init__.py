"""Certificates: proofs that anybody can check with one file of the standard library (FORMAT.md, `checker.py`).

Imports search and claims. Never asks a question of its own; shares no code with the checker.
"""
