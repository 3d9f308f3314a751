"""Messages out of the house: the outbox, rendering, and the channels.

Owns leases, retries and templates. Never reads a user store: what a message says was copied into it when it was enqueued.
"""
