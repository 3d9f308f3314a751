"""The REST door, through its addresses."""
