"""Attacks that were tried on this product or met others like it: what must not work, through the door it would be tried at."""
