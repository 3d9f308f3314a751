"""The questions, one module for each group of them. Every `ask(bench)` returns its lines of the table."""
