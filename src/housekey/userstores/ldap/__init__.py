"""Directories over LDAP: LDAP servers and Active Directory.

Owns connections, searches and writes, and the translation of filters. Knows neither accounts nor tenants; implements
`userstores.directory`. ldap3 is loaded with the first connection, not with these modules.
"""
