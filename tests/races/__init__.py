"""Many at once, on PostgreSQL: on SQLite one writer at a time hides what these tests look for."""
