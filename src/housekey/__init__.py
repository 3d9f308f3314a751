"""Housekey: a self-hosted identity server for the two moments when no administrator should know a user's password."""

__version__ = "0.6.0"
