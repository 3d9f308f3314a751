"""The views of the console, one module per job."""
