"""OAuth clients, what people granted them, and the tokens they were given."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from housekey.store.models.account import Account
from housekey.store.models.session import Session
from housekey.store.scope import Scoped


class Client(Scoped):
    """A program that asks with a token. With `redirect_uris` it is an application that people sign in to."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    client_id = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=100)
    secret = models.BinaryField(max_length=32)
    """The digest of its secret; empty for a public client, which has none."""
    scopes = models.JSONField(default=list)
    redirect_uris = models.JSONField(default=list)
    post_logout_redirect_uris = models.JSONField(default=list)
    backchannel_logout_uri = models.CharField(max_length=1000, default="", blank=True)
    access_url = models.CharField(max_length=1000, default="", blank=True)
    consent = models.BooleanField(default=True)
    signed_with = models.CharField(max_length=10, default="RS256")
    """`alg` of its ID and logout tokens."""
    created = models.DateTimeField()
    created_by = models.CharField(max_length=300)

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="one_client_per_name")]


class Consent(Scoped):
    """An application that a person has been at: what it was last given, and whether she was asked."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    scopes = models.JSONField(default=list)
    """What she agreed to; empty while nobody asked her."""
    given = models.DateTimeField(null=True)
    """When she agreed; null: the application is one that asks nobody."""
    used = models.DateTimeField()

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["account", "client"], name="one_consent_per_application")]


class Grant(Scoped):
    """One sign-in of a person to an application: an authorization code and all tokens that came of it. They live and die together."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    session = models.ForeignKey(Session, on_delete=models.SET_NULL, null=True, related_name="grants")
    """The browser's, as long as it lasts."""
    sid = models.UUIDField()
    """The session's public name, which stays in tokens when the row of the session is gone."""
    code = models.BinaryField(max_length=32, unique=True)
    """The digest of the authorization code."""
    code_expires = models.DateTimeField()
    redeemed = models.DateTimeField(null=True)
    redirect_uri = models.CharField(max_length=1000)
    scopes = models.JSONField(default=list)
    nonce = models.CharField(max_length=500, default="", blank=True)
    challenge = models.CharField(max_length=128, default="", blank=True)
    """RFC 7636, always S256; empty: the client sent none."""
    authenticated = models.DateTimeField()
    """When she last typed her password."""
    created = models.DateTimeField()
    expires = models.DateTimeField()

    class Meta(Scoped.Meta):
        indexes = [
            models.Index(fields=["expires"], name="grant_expires"),
            models.Index(fields=["code_expires"], condition=Q(redeemed__isnull=True), name="grant_unredeemed"),
        ]


class Token(Scoped):
    """An access token. The client holds 43 random characters, we their digest."""

    digest = models.BinaryField(max_length=32, primary_key=True)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="tokens")
    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, null=True, related_name="tokens")
    """Null: the client's own, by its secret."""
    scopes = models.JSONField(default=list)
    issued = models.DateTimeField()
    expires = models.DateTimeField()

    class Meta(Scoped.Meta):
        indexes = [models.Index(fields=["expires"], name="token_expires")]


class RefreshToken(Scoped):
    """Good once: its use brings the next one. Used a second time it ends the whole grant (RFC 9700 section 4.14.2)."""

    digest = models.BinaryField(max_length=32, primary_key=True)
    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="refresh_tokens")
    issued = models.DateTimeField()
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True)

    class Meta(Scoped.Meta):
        indexes = [models.Index(fields=["expires"], name="refresh_token_expires")]


class SigningKey(Scoped):
    """A key that ID and logout tokens of a tenant are signed with. The newest of its `alg` signs; others are still shown for a while."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    alg = models.CharField(max_length=10)
    number = models.PositiveIntegerField()
    """Counts up within `alg`; its constraint lets one of two nodes make the next one."""
    public = models.JSONField()
    """The public JWK, `kid` included."""
    sealed = models.BinaryField()
    """The private JWK, encrypted."""
    key_name = models.CharField(max_length=64)
    created = models.DateTimeField()

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "alg", "number"], name="one_signing_key_per_number")]


class Farewell(Scoped):
    """A back-channel logout that an application still has to be told (OpenID Connect Back-Channel Logout 1.0). Deleted when it knows."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="+", db_index=False)
    subject = models.UUIDField()
    """The account, which may be gone by now."""
    sid = models.UUIDField(null=True)
    """The session that ended; null: all of this person's."""
    created = models.DateTimeField()
    due = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, default="", blank=True)

    class Meta(Scoped.Meta):
        indexes = [models.Index(fields=["due"], name="farewell_due"), models.Index(fields=["client", "due"], name="farewell_by_client")]
