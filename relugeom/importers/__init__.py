"""Readers of trained networks, from files and from models in memory, one folder or file per format (`formats.py`).

Imports network; it alone reads model files. Never runs code from a file.
"""
