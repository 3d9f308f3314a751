"""OAuth 2.0: programs exchange a client's id and secret for a token, look into tokens and take them back.

Owns how such requests are read and answered (RFC 6749, 7009, 7662, 8414). Does not own what a token or a client is, which
`operations.tokens` and `operations.clients` do, nor how the other doors recognise a token: that is `web.authentication`.
"""
