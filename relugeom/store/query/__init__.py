"""Answers to one SELECT statement that anybody may have written, from a process that may be killed.

Imports the store's database, its views and its processes. Never lets a query change a store.
"""
