"""The rules, in plain Python.

Owns names, codes, the life of an account, policy definitions, password rules, permissions and the tree of refusals.
Imports nothing but the standard library: it knows no framework, no database, no clock and no configuration file.
"""
