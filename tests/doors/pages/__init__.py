"""The pages, through the whole of Django."""
