"""Domains, polyhedra and linear programs; knows no network."""
