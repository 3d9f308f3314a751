"""Promises about configuration: what is accepted, what is refused, and in which words."""
