"""SCIM 2.0, through the whole of Django."""
