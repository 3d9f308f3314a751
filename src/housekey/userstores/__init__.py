"""User stores: where people's profiles and passwords live. Built-in SQL now, LDAP and Active Directory later.

Owns the translation between a store's own form and `core.users`. Knows neither accounts' standing nor messages.
"""
