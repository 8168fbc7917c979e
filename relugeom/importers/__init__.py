"""Trained networks from files and from models in memory, a folder or a file for each format (`formats.py`).

Imports network; it alone reads model files. Never runs anything that a file says.
"""
