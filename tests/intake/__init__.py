"""People from other systems: the readers of their files, what becomes of them, and the command."""
