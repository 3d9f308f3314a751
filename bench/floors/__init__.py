"""Floor programs: the least that any Python program must do for the same work. They are for measuring only."""
