"""The views of the console, one module per job: overview, users, add, actions, settings, outbox, design."""
