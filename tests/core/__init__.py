"""The rules: plain Python, no database."""
