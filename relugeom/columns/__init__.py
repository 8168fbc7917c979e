"""Columns of tables: which of them feed the inputs of a model, and what their cells mean.

Imports errors and remarks. Never reads a file, and never guesses where a name is missing.
"""
