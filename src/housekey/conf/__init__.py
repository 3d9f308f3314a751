"""One frozen Config from `deployment.toml`, environment and flags; Django's settings derive from it and from nothing else.

Does not know tenants' stored settings: those win over the file and live in `operations.policies`.
"""
