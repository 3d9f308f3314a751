"""Moving in from WSO2 Identity Server: its files found and read, and what they say as a `deployment.toml` of Housekey's.

Judges by the very reader that a start uses (`conf.load`), so that what is reported is what will hold. Does not touch the database;
templates, claims and user stores are brought in by `operations.moving`.
"""
