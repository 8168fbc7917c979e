"""Columns of tables: which of them feed the inputs of a model, and what their cells mean."""
