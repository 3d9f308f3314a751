"""Everything the project checks."""
