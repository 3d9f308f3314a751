"""What all doors share: who is asking, which tenant, headers, refusals, cookies.

Knows no dialect: how a refusal looks is each door's own table.
"""
