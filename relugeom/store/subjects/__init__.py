"""One file per subject: its tables, how its values are saved and read, and its views, gathered in a `StoreSubject`.

Imports the values that it keeps, and the store's database. Never computes what it stores, and knows no registry.
"""
