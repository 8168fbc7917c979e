"""Answers to one SELECT statement that anybody may have written, from a process that may be killed.

Imports the database's files and no subject. Never changes a store.
"""
