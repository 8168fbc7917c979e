"""Keras models, `.keras` and `.h5`, read without Keras."""
