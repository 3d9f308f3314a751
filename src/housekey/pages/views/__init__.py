"""The views of the pages: entrance (sign-in), password (set it by a link), account (My Account)."""
