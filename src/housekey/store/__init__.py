"""Tables and migrations: the only Django app with models.

Owns columns, indexes and the tenant scope. Knows no rule: what may be written when is decided in `operations`.
"""
