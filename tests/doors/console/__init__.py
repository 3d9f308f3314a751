"""The console, through the whole of Django."""
