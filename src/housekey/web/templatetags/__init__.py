"""Template tags shared by pages and console. Owns how things look, not what they say."""
