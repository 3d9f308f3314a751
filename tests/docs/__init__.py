"""The documentation and the rules of the house, checked against the code."""
