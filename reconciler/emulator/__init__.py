"""A Palabra that runs here: the voices API, the upload host and the processing, kept in SQLite.

A second, independent reading of the contract: it shares nothing with the client in `reconciler.palabra`,
so that one mistake cannot hide in both.
"""
