"""What each SCIM address does: a request in, one operation, an answer out. One module per resource; `urls` says which address is whose."""
