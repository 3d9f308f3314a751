"""How fast it is: `python -m bench` measures the server beside floor programs in the same run and prints a table.

Owns the load generator, the floor programs and the questions P1, P2, P4, P6, P7, P8, P9 and P10. Absolute figures belong to the
machine they were taken on; what counts are the ratios. Nothing here is part of the product, and nothing fails by being slow.
"""
