"""The verbs. Each public function does five things in order: may they, load, rule, write, enqueue.

`house` (configuration, keys), `by` (who asks) and `now` are arguments, never fetched. A public operation owns the one durable
transaction; no public operation calls another inside it. Knows no HTTP, no JSON dialect and no page.
"""
