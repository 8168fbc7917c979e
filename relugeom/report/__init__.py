"""Reports: tables, pictures and pages made from values.

Imports the values that it shows; it alone uses matplotlib and Jinja. Never knows a database, and computes no geometry.
"""
