"""Applications that people sign in to, made of clients that nobody here wrote. Owns no promise about the clients themselves."""
