"""One package per dialect."""
