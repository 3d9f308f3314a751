"""The addresses that go into messages, in WSO2's form (reference wso2-server 8.3)."""

from __future__ import annotations

from urllib.parse import quote

from housekey.core.names import SUPER_TENANT


def tenant_prefix(tenant_domain: str) -> str:
    """`/t/<domain>` for a tenant of its own, `""` for the super tenant. No trailing slash."""
    return "" if tenant_domain == SUPER_TENANT else f"/t/{quote(tenant_domain, safe='')}"


def invitation_link(base_url: str, tenant_domain: str, code: str, userstore_domain: str, username: str, *, invite: bool = True) -> str:
    """The full URL with which an invited person sets a password; not `invite`: with which anybody sets a new one.

    `base_url` comes from the configuration, never from a request (A-060). Every value is percent-encoded, so the result
    holds no character that could end an HTML attribute, a line or the URL itself.
    """
    query = _query(tenant_domain, code, userstore_domain, username) + ("&type=invite" if invite else "")
    return f"{base_url.rstrip('/')}{tenant_prefix(tenant_domain)}/accountrecoveryendpoint/confirmrecovery.do?{query}"


def confirmation_link(base_url: str, tenant_domain: str, code: str, userstore_domain: str, username: str) -> str:
    """The full URL with which the owner of an address confirms it (reference wso2-server 3.3); otherwise like `invitation_link`."""
    query = _query(tenant_domain, code, userstore_domain, username)
    return f"{base_url.rstrip('/')}{tenant_prefix(tenant_domain)}/accountrecoveryendpoint/confirmregistration.do?{query}"


def _query(tenant_domain: str, code: str, userstore_domain: str, username: str) -> str:
    values = {
        "confirmation": code,
        "userstoredomain": userstore_domain,
        "username": username,
        "tenantdomain": tenant_domain,
    }
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in values.items())
