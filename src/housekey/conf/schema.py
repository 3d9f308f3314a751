"""The configuration tree. A field's docstring is its documentation; `docs/operators/configuration.md` is made from it.

Every key is `[table] key` in deployment.toml and `HOUSEKEY__TABLE__KEY` in the environment; secrets also as `key_file = "path"`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to tell the operator about the configuration. `line` is 0 where there is no file line."""

    level: Literal["error", "warning", "info"]
    sentence: str
    line: int = 0
    key: str = ""
    source: str = ""
    """`deployment.toml line 12`, `environment HOUSEKEY__…`, `flag --port`, or empty."""

    def __str__(self) -> str:
        return f"{self.level}: {self.source}: {self.sentence}" if self.source else f"{self.level}: {self.sentence}"


class ConfigErrors(Exception):
    """The configuration cannot be used. `findings` holds every error at once, and the warnings and information beside them."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in findings if finding.level == "error"))


@dataclass(frozen=True, slots=True)
class Server:
    hostname: str = "localhost"
    """The public host name, used in links when `base_path` is not set."""
    base_path: str = ""
    """The full public URL, e.g. `https://id.example.com`. Empty: scheme, hostname and port actually served."""
    bind: str = "127.0.0.1"
    """The address to listen on. Default: loopback only."""
    port: int = 0
    """The port to listen on. 0: 9443 + offset."""
    offset: int = 0
    """Added to the default port 9443, as in WSO2."""
    tls: Literal["auto", "off"] = "auto"
    """`auto` serves TLS 1.2+ (a certificate is generated if none is given); `off` is for a proxy that ends TLS."""
    certificate: Path | None = None
    """PEM file with the certificate chain."""
    private_key: Path | None = None
    """PEM file with the private key (PKCS#8)."""
    trusted_proxies: tuple[str, ...] = ()
    """Networks (CIDR) whose X-Forwarded-For and X-Forwarded-Proto are believed. They never change a link."""
    threads: int = 8
    """Web threads of the worker process."""


@dataclass(frozen=True, slots=True)
class Database:
    url: str = field(default="", repr=False)
    """`postgresql://user@host/name`; empty: SQLite in the data directory. Also read from `[database.identity_db]`."""


@dataclass(frozen=True, slots=True)
class SuperAdmin:
    username: str = "admin"
    """Name of the first administrator."""
    password: str = field(default="", repr=False)
    """Read at the first start only. Empty: `serve` prints a one-time set-password link instead."""
    create_admin_account: bool = True
    """Create the first administrator when there is none."""
    allow_default_admin: bool = False
    """Allow `admin`/`admin` on a bind beyond loopback. Only for test networks."""


@dataclass(frozen=True, slots=True)
class OutputAdapter:
    """`[output_adapter]`: what holds for the senders that tenants set up themselves."""

    allow_private_networks: bool = False
    """Let a tenant's own sender reach this machine and private networks, and a mail server there without encryption."""


@dataclass(frozen=True, slots=True)
class EmailSender:
    """`[output_adapter.email]`: how mail leaves. No `hostname`: messages stay in the outbox and as files under `mail/`."""

    hostname: str = ""
    """The SMTP server."""
    port: int = 587
    """Its port: 587 with STARTTLS, 465 with implicit TLS."""
    from_address: str = ""
    """The sender's address. Not set: `username`, when that is an address."""
    username: str = ""
    """Whom to sign in as."""
    password: str = field(default="", repr=False)
    """The password of `username`; better kept out of the file: `password_file = "path"`."""
    enable_start_tls: bool = True
    """Demand STARTTLS. Off only for a relay on a trusted network."""
    enable_tls: bool = False
    """Implicit TLS (usually port 465) instead of STARTTLS."""
    enable_authentication: bool = True
    """Sign in to the server; needs `username` and `password`."""
    ca_file: Path | None = None
    """PEM file of a private certificate authority. `SSL_CERT_FILE` is honoured too."""
    reply_to: str = ""
    """Where answers go, when not to the sender."""
    signature: str = ""
    """A display name for the sender."""
    timeout: int = 20
    """Seconds to wait for the server at each step."""

    @property
    def configured(self) -> bool:
        return bool(self.hostname)


@dataclass(frozen=True, slots=True)
class SmsSender:
    """`[output_adapter.sms]`: how text messages leave. No `provider`: they stay in the outbox and as files under `sms/`."""

    provider: str = ""
    """`Twilio`, `Vonage`, or `Custom` for any other gateway that is spoken to over HTTP."""
    sender: str = ""
    """The number or name that messages come from; for Twilio also the SID of a messaging service."""
    key: str = ""
    """Twilio: the account SID. Vonage: the API key. Custom: the user name or client id, where `authentication` needs one."""
    secret: str = field(default="", repr=False)
    """The token, API secret or password that belongs to `key`; better kept out of the file: `secret_file = "path"`."""
    provider_url: str = ""
    """Where messages are handed over. Needed for Custom; Twilio and Vonage have theirs, and take another one for a region."""
    http_method: Literal["post", "put", "get"] = "post"
    """Custom: the HTTP method. With `get` the body becomes the query of the URL."""
    content_type: Literal["json", "form"] = "json"
    """Custom: how `body` is written."""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Custom: further headers, as a table or as a list of `"Name: value"`; they may be secret: `headers_file = "path"`, one a line."""
    body: str = ""
    """Custom: what is sent. `{{body}}`, `{{mobile}}` and `{{sender}}` are filled in, quoted as JSON or encoded as a form needs it, and
    so are `{{key}}` and `{{secret}}`. Not set: `content` and `to`."""
    authentication: Literal["none", "basic", "bearer", "api_key", "client_credential"] = "none"
    """Custom: how to sign in. `basic` sends `key` and `secret`, `bearer` and `api_key` the `secret`, `client_credential` gets a token."""
    api_key_header: str = "X-API-Key"
    """The header that carries `secret` with `authentication = "api_key"`."""
    token_endpoint: str = ""
    """Where `client_credential` gets its token (OAuth 2.0)."""
    scopes: str = ""
    """The scopes to ask for there, separated by spaces."""
    ca_file: Path | None = None
    """PEM file of a private certificate authority. `SSL_CERT_FILE` is honoured too."""
    timeout: int = 20
    """Seconds to wait for the gateway."""

    @property
    def configured(self) -> bool:
        return bool(self.provider)


@dataclass(frozen=True, slots=True)
class Outbox:
    """How messages are retried."""

    connections: int = 2
    """Sending threads per worker and channel (`minThread` of WSO2's adapter is read for it, capped at 8)."""
    give_up_after: int = 1440
    """Minutes after which a message that cannot be delivered is given up."""
    queue_alarm: int = 10_000
    """Waiting messages from which the dashboard and the log raise an alarm (`jobQueueSize`)."""


@dataclass(frozen=True, slots=True)
class Scim:
    enable_schema_extension: bool = True
    """Read and write the WSO2 extension attributes (askPassword and friends)."""
    wso2_responses: bool = False
    """Answer in WSO2's shapes where they differ from the RFC."""
    max_bulk_operations: int = 1_000
    """Operations in one Bulk request; more are refused with 413."""
    max_bulk_payload: int = 1_048_576
    """Bytes of a Bulk request; more are refused with 413."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes and counts on everything that is parsed."""

    body: int = 1_048_576
    """Bytes of a request body; more is refused with 413."""
    form_fields: int = 200
    """Fields of a form."""
    page: int = 200
    """Users in one answer of a list."""
    search: int = 10
    """Seconds that the database may take for one search by a filter or in an unusual order; more is refused."""


@dataclass(frozen=True, slots=True)
class Sessions:
    idle: int = 30
    """Minutes without a request after which a session ends."""
    absolute: int = 720
    """Minutes after the password was typed at which a session ends in any case."""


@dataclass(frozen=True, slots=True)
class OAuth:
    """`[oauth]`: what holds for applications."""

    wso2_issuer: bool = False
    """Call the server `…/oauth2/token` in tokens and in the discovery document (`iss`): as WSO2 does by default, and as its SDKs expect
    unless they are told where that document is."""
    allow_private_networks: bool = False
    """Lets applications of tenants other than carbon.super be told of sign-outs (`backchannel_logout_uri`) in the server's own networks."""


@dataclass(frozen=True, slots=True)
class TokenValidation:
    """`[oauth.token_validation]`, in WSO2's words. Everything in seconds."""

    app_access_token_validity: int = 3_600
    """Seconds that an access token of a client by itself (client_credentials) is good for."""
    user_access_token_validity: int = 3_600
    """Seconds that an access token of a person is good for."""
    authorization_code_validity: int = 60
    """Seconds between a sign-in and the application's asking for the tokens. RFC 6749 recommends ten minutes at most."""
    refresh_token_validity: int = 86_400
    """Seconds within which a refresh token must be used; its use brings a new one."""
    offline_access_validity: int = 2_592_000
    """Seconds after which tokens with `offline_access` end in any case. Others end with `[sessions] absolute` at the latest."""


@dataclass(frozen=True, slots=True)
class PasswordGrant:
    """`[oauth.grant_type.password]`."""

    enable: bool = False
    """Lets programs exchange somebody's password for a token, as old scripts do. RFC 9700 section 2.4 forbids it; leave it off."""


@dataclass(frozen=True, slots=True)
class UserStores:
    domains: tuple[str, ...] = ()
    """Further domains of users in Housekey's own database, beside PRIMARY, in every tenant. Their users are called `DOMAIN/user`."""
    allow_private_networks: bool = False
    """Lets administrators of tenants other than carbon.super connect directories that are in the server's own networks."""


@dataclass(frozen=True, slots=True)
class Primary:
    type: Literal[
        "database", "database_unique_id", "read_write_ldap", "read_write_ldap_unique_id", "read_only_ldap", "read_only_ldap_unique_id",
        "active_directory", "active_directory_unique_id",
    ] = "database_unique_id"
    """Where the users of PRIMARY of carbon.super are: in Housekey's own database, or with `read_write_ldap`, `read_only_ldap` or
    `active_directory` in a directory. `_unique_id` behind it makes no difference."""
    connection_url: str = ""
    """Address of the directory: `ldaps://directory.example.com:636`, or `ldap://…` with `StartTLSEnabled`."""
    connection_name: str = ""
    """The DN that searches and writes."""
    connection_password: str = field(default="", repr=False)
    """Its password; better kept out of the file: `connection_password_file = "path"`."""
    base_dn: str = ""
    """Users are in `ou=Users`, groups in `ou=Groups` below it, with Active Directory both in `CN=Users`, unless `UserSearchBase` and
    `GroupSearchBase` say otherwise."""


@dataclass(frozen=True, slots=True)
class PrimaryStore:
    """The directory that `[user_store]` puts PRIMARY into. `properties` as `core.directories.clean` leaves them."""

    kind: Literal["ldap", "ad"]
    properties: Mapping[str, str]
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Claim -> attribute, where it differs from the usual one."""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that is configured, as one value. Made by `conf.load.load` and never changed afterwards."""

    data: Path
    """The data directory: database, keys, generated certificate, files of messages. Created with mode 0700."""
    file: Path | None = None
    """The configuration file in use. Not named: `deployment.toml` in the data directory, if there is one."""
    server: Server = field(default_factory=Server)
    """`[server]`: name, address, port and certificate."""
    database: Database = field(default_factory=Database)
    """`[database]`: where the data is."""
    super_admin: SuperAdmin = field(default_factory=SuperAdmin)
    """`[super_admin]`: the first administrator."""
    output: OutputAdapter = field(default_factory=OutputAdapter)
    """`[output_adapter]`: the senders that tenants set up themselves."""
    email: EmailSender = field(default_factory=EmailSender)
    """`[output_adapter.email]`: how mail leaves."""
    sms: SmsSender = field(default_factory=SmsSender)
    """`[output_adapter.sms]`: how text messages leave."""
    outbox: Outbox = field(default_factory=Outbox)
    """`[outbox]`: how messages are retried."""
    scim2: Scim = field(default_factory=Scim)
    """`[scim2]`: the SCIM interface."""
    limits: Limits = field(default_factory=Limits)
    """`[limits]`: sizes and counts."""
    sessions: Sessions = field(default_factory=Sessions)
    """`[sessions]`: how long people stay signed in."""
    oauth: OAuth = field(default_factory=OAuth)
    """`[oauth]`: what holds for applications."""
    tokens: TokenValidation = field(default_factory=TokenValidation)
    """`[oauth.token_validation]`: how long tokens are good for."""
    password_grant: PasswordGrant = field(default_factory=PasswordGrant)
    """`[oauth.grant_type.password]`: whether programs may send passwords."""
    user_stores: UserStores = field(default_factory=UserStores)
    """`[user_stores]`: where users are kept."""
    user_store: Primary = field(default_factory=Primary)
    """`[user_store]`: where the users of PRIMARY are."""
    primary_store: PrimaryStore | None = None
    """The directory that `[user_store]` describes; None: our own database."""
    identity_data: Literal["own", "store", "hybrid"] = "own"
    """Lock and state are in Housekey's own database, which decides; with `store` and `hybrid` they are written to directories that map them
    to attributes, too (`[event.default_listener.governance_identity_store] data_store` and `enable_hybrid_data_store`)."""
    keys_file: Path | None = None
    """`[secrets] keys_file`; default `keys.json` in the data directory."""
    governance: bool = True
    """False when `[event.default_listener.governance_identity_mgt] enable = false`: invitations and resets are off."""
    policy: Mapping[str, str] = field(default_factory=dict)
    """WSO2 property name -> canonical value, for those `core.policy` properties that the file or environment sets."""
    origins: Mapping[str, str] = field(default_factory=dict)
    """`table.key` and policy property name -> where the value comes from (`deployment.toml line 12`, `environment …`, `flag …`)."""
    findings: tuple[Finding, ...] = ()
    """Warnings and information about this configuration; errors are raised instead."""

    @property
    def port(self) -> int:
        return self.server.port or 9443 + self.server.offset

    @property
    def base_url(self) -> str:
        """The public URL without a trailing slash; every link is built from it, never from a request (A-060)."""
        if self.server.base_path:
            return self.server.base_path.rstrip("/")
        scheme = "https" if self.server.tls == "auto" else "http"
        default = {"https": 443, "http": 80}[scheme]
        host = f"[{self.server.hostname.strip('[]')}]" if ":" in self.server.hostname else self.server.hostname
        return f"{scheme}://{host}" + ("" if self.port == default else f":{self.port}")

    @property
    def secure_cookies(self) -> bool:
        """False only where the public URL is plain http on this machine: browsers drop Secure cookies there.

        Decided by the public URL, not by `tls`: behind a proxy that ends TLS the cookies must stay Secure.
        """
        url = urlsplit(self.base_url)
        return url.scheme == "https" or not is_loopback(url.hostname or "")

    @property
    def keys_path(self) -> Path:
        return self.keys_file or self.data / "keys.json"

    @property
    def mail_directory(self) -> Path:
        return self.data / "mail"

    @property
    def sms_directory(self) -> Path:
        return self.data / "sms"


def is_loopback(host: str) -> bool:
    """Whether a host name or address (brackets allowed) can only mean this machine."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
