"""What WSO2's `deployment.toml` says and Housekey understands: other names for its own keys, listeners, and keys without effect."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal
from urllib.parse import quote, urlsplit, urlunsplit

from housekey.conf import coerce
from housekey.conf.sources import Layer, Report, Value, shown, title
from housekey.core.properties import BY_NAME, INVITE_EXPIRY

SENDER = "identity_mgt.email_sender"
MANAGED = ("identity_mgt.user_onboarding.notification.manage_internally", "identity_mgt.recovery.notification.manage_internally")
"""What `email_sender` decides where these are not given themselves."""
LISTENERS = "event.default_listener."
OLD_ENGINE = "event.default_listener.identity_mgt.enable"
GOVERNANCE = "event.default_listener.governance_identity_mgt.enable"
DATA_STORE = "event.default_listener.governance_identity_store.data_store"
HYBRID = "event.default_listener.governance_identity_store.enable_hybrid_data_store"

ALIASES: dict[str, str] = {
    "identity_mgt.default_mail_validity_period": BY_NAME[INVITE_EXPIRY].toml,
    "output_adapter.email.min_thread": "outbox.connections",
    "output_adapter.email.minThread": "outbox.connections",
    "output_adapter.email.job_queue_size": "outbox.queue_alarm",
    "output_adapter.email.jobQueueSize": "outbox.queue_alarm",
}
"""WSO2's key -> the key it stands for when that one is not given itself."""

READ = frozenset({
    SENDER, OLD_ENGINE, GOVERNANCE, DATA_STORE, HYBRID, *ALIASES, "output_adapter.email.auth_type",
    *(f"database.identity_db.{key}" for key in ("type", "url", "username", "password", "hostname", "port", "name")),
})
"""Keys that this module reads itself."""

_NAMES = ("user_session_termination", "scim", "scim2", "user_deletion", "password_expiry", "identity_mgt", "governance_identity_mgt",
          "governance_identity_store")
_ONBOARDING = ("password_generator", "disable_random_value_for_credentials", "disable_notify_unlock_state",
               "ask_password_confirmation_code_tolerance_period")
_ADMIN_RESET = ("enable_account_lock_notification", "enable_account_unlock_notification")
_MAIL_RESET = ("notify_on_reset", "enable_recaptcha", "confirmation_code_tolerance_period", "otp.use_uppercase_in_otp",
               "otp.use_lowercase_in_otp", "otp.use_numeric_in_otp", "otp.otp_length", "otp.send_only_otp_as_confirmation_code")
_RECOVERY = ("enable_v1_api", "callback_url", "notify_user_existence", "notify_recovery_email_existence", "notify_user_account_status",
             "hide_user_existence", "enable_auto_login", "enable_detailed_error_messages", "enable_normalized_retry_error_response")
_SCIM = ("enable_custom_schema_extension", "custom_user_schema_uri", "documentation_uri", "enable_list_user_schemas",
         "throw_userstore_exception_on_user_creation_error", "me.blocked_claims", "return_conflict_on_claim_uniqueness_violation",
         "enable_filtering_enhancements", "user_endpoint_max_items_per_page.*")
_MAIL = ("client_id", "client_secret", "token_endpoint", "scopes", "custom_properties.*", "maxThread", "max_thread",
         "keepAliveTimeInMillis", "keep_alive_time_in_millis")

UNUSED: tuple[str, ...] = (
    *(f"identity_mgt.user_onboarding.{key}" for key in _ONBOARDING),
    *(f"identity_mgt.password_reset_by_admin.{key}" for key in _ADMIN_RESET),
    *(f"identity_mgt.password_reset_email.{key}" for key in _MAIL_RESET),
    "identity_mgt.password_reset_sms.sms_otp_regex",
    "identity_mgt.notification_channel_recovery.recovery_code_validity", "identity_mgt.resend_notification.resend_code_validity",
    "identity_mgt.tenant_registration.ask_password_email_validity", "identity_mgt.hidden_claims", "identity_mgt.notification.*",
    "identity_mgt.password_policy.password_policy_validation_handler.enable", "identity_mgt.user_claim_update.*",
    *(f"identity_mgt.recovery.{key}" for key in _RECOVERY), "identity_mgt.events.*", "event_handler", "event_listener",
    *(f"{LISTENERS}{name}.{key}" for name in _NAMES for key in ("priority", "enable")),
    *(f"output_adapter.email.{key}" for key in _MAIL), *(f"scim2.{key}" for key in _SCIM),
    "server.node_ip", "server.enable_admin_services", "super_admin.admin_role", "admin_service.*", "tenant_context.*",
    "recovery_endpoint.path", "account_recovery.endpoint.auth.*", "identity.auth_framework.endpoint.*", "oauth.*",
    "database.identity_db.pool_options.*", "database.shared_db.*", "keystore.*", "truststore.*",
)
"""Patterns of keys that WSO2 has and that change nothing here: accepted with an information line."""

_REFERENCE = re.compile(r"\$(?:ref)?\{([A-Za-z0-9_.-]+)\}")
_VAULT = re.compile(r"\$(?:secret|env|sys)\{[^}]*\}")


@dataclass(slots=True)
class Carbon:
    """What the listener and sender keys decide."""

    governance: bool = True
    identity_data: Literal["own", "store", "hybrid"] = "own"
    origins: dict[str, str] = field(default_factory=dict)


def is_unused(key: str) -> bool:
    return any(fnmatchcase(key.lower(), pattern.lower()) for pattern in UNUSED)


def apply(layer: Layer, report: Report) -> Carbon:
    """Rewrite WSO2's keys of `layer` into Housekey's, in place, and return what has no key of its own."""
    _database(layer, report)
    for alias, key in ALIASES.items():
        value = layer.pop(alias, None)
        if value and key not in layer:
            layer[key] = _capped(value) if key == "outbox.connections" else value
    carbon = Carbon()
    _listeners(layer, report, carbon)
    _identity_data(layer, report, carbon)
    _sender(layer)
    _mail(layer, report)
    return carbon


def _capped(value: Value) -> Value:
    """WSO2 ships minThread = 8 for a pool of its own; more connections than that only make a mail server refuse."""
    try:
        return Value(max(1, min(8, coerce.number(value.raw))), value.source, value.folder, value.line)
    except ValueError:
        return value


def _listeners(layer: Layer, report: Report, carbon: Carbon) -> None:
    if _flag(layer, OLD_ENGINE, report, default=False):
        report.add("error", f"{title(OLD_ENGINE)} = true asks for the identity management engine from before 5.3, which does not exist "
                            f"here. Set it to false; {title(GOVERNANCE)} = true is the engine that replaces it.", OLD_ENGINE,
                   layer[OLD_ENGINE])
    if GOVERNANCE in layer:
        carbon.origins[GOVERNANCE] = layer[GOVERNANCE].source
        carbon.governance = _flag(layer, GOVERNANCE, report, default=True)
        if not carbon.governance:
            report.add("warning", f"{title(GOVERNANCE)} = false turns invitations and forced password resets off.", GOVERNANCE,
                       layer[GOVERNANCE])
    layer.pop(OLD_ENGINE, None)
    layer.pop(GOVERNANCE, None)


def _identity_data(layer: Layer, report: Report, carbon: Carbon) -> None:
    """Where lock and state are, beside our own database. WSO2 names a class; a mixture of both stores is a switch of its own."""
    hybrid = _flag(layer, HYBRID, report, default=False)
    given = [(key, layer.pop(key)) for key in (DATA_STORE, HYBRID) if key in layer]
    for key, value in given:
        if key == HYBRID:
            carbon.identity_data = "hybrid" if hybrid else carbon.identity_data
            carbon.origins[HYBRID] = value.source
            continue
        name = str(value.raw).strip().rpartition(".")[2].lower()
        carbon.identity_data = "store" if name == "userstorebasedidentitydatastore" else "own"
        carbon.origins[DATA_STORE] = value.source
        if name not in {"userstorebasedidentitydatastore", "jdbcidentitydatastore", "inmemoryidentitydatastore"}:
            report.add("warning", f"{title(DATA_STORE)} names a class that is not known here: lock and state are kept in Housekey's own "
                                  "database.", DATA_STORE, value)


def _sender(layer: Layer) -> None:
    """`email_sender` other than "internal": somebody else delivers (InternallyManage = false)."""
    sender = layer.pop(SENDER, None)
    if sender and str(sender.raw).strip().lower() != "internal":
        for key in MANAGED:
            layer.setdefault(key, Value("false", sender.source, sender.folder, sender.line))


def _mail(layer: Layer, report: Report) -> None:
    auth = layer.pop("output_adapter.email.auth_type", None)
    if auth and str(auth.raw).strip().upper() not in {"BASIC", "NONE"}:
        report.add("warning", f"{title('output_adapter.email.auth_type')} = \"{auth.raw}\" has no effect: mail servers are signed in to "
                              "with a user name and a password.", "output_adapter.email.auth_type", auth)


def _flag(layer: Layer, key: str, report: Report, *, default: bool) -> bool:
    value = layer.get(key)
    if value is None:
        return default
    try:
        return coerce.boolean(value.raw)
    except ValueError as error:
        report.add("error", f"{title(key)}: {error}{shown(key, value.raw)}.", key, value)
        return default


def _database(layer: Layer, report: Report) -> None:
    """`[database.identity_db]` as a URL under `database.url`, unless that is given itself."""
    prefix = "database.identity_db."
    given = {name: layer.pop(prefix + name) for name in ("type", "url", "username", "password", "hostname", "port", "name")
             if prefix + name in layer}
    if not given or "database.url" in layer:
        return
    first = next(iter(given.values()))
    written = {name: str(value.raw) for name, value in given.items()}
    url = written.get("url", "").removeprefix("jdbc:")
    kind = written.get("type", url.partition(":")[0]).strip().lower()
    if kind == "h2":
        report.add("info", "[database.identity_db] names H2; SQLite in the data directory takes its place.", prefix + "type", first)
        return
    if kind not in {"postgre", "postgres", "postgresql"}:
        report.add("error", f"[database.identity_db] type: expected \"postgre\" (or no such table, for SQLite), not \"{kind}\".",
                   prefix + "type", given.get("type", first))
        return
    source = given.get("url", first)
    layer["database.url"] = Value(_joined(url, written), source.source, source.folder, source.line)


def _joined(url: str, written: dict[str, str]) -> str:
    if not url:
        port = f":{written['port']}" if "port" in written else ""
        url = f"postgresql://{written.get('hostname', 'localhost')}{port}/{quote(written.get('name', ''), safe='')}"
    try:
        parts = urlsplit(url)
    except ValueError:
        return url  # the check of database.url finds the words for it
    if "username" in written and "@" not in parts.netloc:
        password = f":{quote(written['password'], safe='')}" if "password" in written else ""
        parts = parts._replace(netloc=f"{quote(written['username'], safe='')}{password}@{parts.netloc}")
    return urlunsplit(parts)


def resolve(text: str, lookup: Callable[[str], str | None]) -> str:
    """Replace `$ref{key}` and `${carbon.…}`, also inside what they stand for. Raises ValueError naming what is unknown."""
    for _ in range(50):
        found = _REFERENCE.search(text)
        if found is None:
            break
        value = lookup(found[1])
        if value is None:
            raise ValueError(f"refers to {found[0]}, which is not known here")
        text = text[:found.start()] + value + text[found.end():]
    else:
        raise ValueError("refers to itself")
    if _VAULT.search(text):
        raise ValueError("uses WSO2's secret store or environment notation, which is not read here")
    return text


def is_vault_reference(raw: object) -> bool:
    """Whether a secret is only a pointer into WSO2's vault; taken literally it would be a wrong password."""
    return isinstance(raw, str) and _VAULT.fullmatch(raw.strip()) is not None
