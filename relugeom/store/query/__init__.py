"""Answers to one SELECT statement from an untrusted author, computed in a process that may be killed.

Imports the store's database, its views and its processes. Never lets a query change a store.
"""
