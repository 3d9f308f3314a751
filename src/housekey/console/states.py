"""Every state has a word, a tone, an icon and a sentence why. The tables behind the console's badges and timelines."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from housekey.core.account import ADMIN_INITIATED, Standing
from housekey.core.messages import SMS
from housekey.core.scenario import of
from housekey.core.users import Invitation, User
from housekey.operations.stores import StoreView
from housekey.web.forms import Words
from housekey.web.templatetags.ui import Badge, relative

USERS: dict[str, Badge] = {
    "active": Badge(gettext_lazy("Active"), "good", "done", gettext_lazy("Can sign in.")),
    "invited": Badge(gettext_lazy("Invited"), "info", "mail", gettext_lazy("Waiting for the user to set a password.")),
    "reset": Badge(gettext_lazy("Reset pending"), "warn", "key", gettext_lazy("Waiting for the user to set a new password.")),
    "locked": Badge(gettext_lazy("Locked"), "bad", "lock", gettext_lazy("Locked. Nobody can sign in to this account.")),
    "disabled": Badge(gettext_lazy("Disabled"), "", "off", gettext_lazy("Disabled by an administrator.")),
    "not-invited": Badge(gettext_lazy("Not invited yet"), "warn", "user", gettext_lazy("Has no password and no invitation.")),
}
"""By `Standing.label`, in the order of the filter."""

TENANTS: dict[str, Badge] = {
    "active": Badge(gettext_lazy("Active"), "good", "done", gettext_lazy("Its people can come in.")),
    "suspended": Badge(gettext_lazy("Suspended"), "warn", "lock", gettext_lazy("Closed for everybody; nothing is lost.")),
    "deleting": Badge(gettext_lazy("Being deleted"), "bad", "trash", gettext_lazy("What was in it is being taken away.")),
}
"""By `tenants.State`, in the order of the filter."""

_STORES: dict[str, Badge] = {
    "off": Badge(gettext_lazy("Off"), "", "off", gettext_lazy("None of its users can sign in.")),
    "trouble": Badge(gettext_lazy("In trouble"), "bad", "failed", gettext_lazy("The last look through it failed.")),
    "read-only": Badge(gettext_lazy("Read only"), "info", "eye", gettext_lazy("Its users are changed in the directory itself.")),
    "on": Badge(gettext_lazy("On"), "good", "done", gettext_lazy("Its users can sign in.")),
}

UNCONFIRMED = Badge(gettext_lazy("To be confirmed"), "info", "mail", gettext_lazy("Waiting for the user to confirm the address."))

MESSAGES: dict[str, Badge] = {
    "queued": Badge(gettext_lazy("Queued"), "info", "clock", gettext_lazy("Waiting to be sent.")),
    "sending": Badge(gettext_lazy("Sending"), "info", "outbox", gettext_lazy("On its way right now.")),
    "sent": Badge(gettext_lazy("Sent"), "good", "done", gettext_lazy("The mail server took it.")),
    "kept": Badge(gettext_lazy("Kept here"), "warn", "mail", gettext_lazy("No mail server is set up: read the message here.")),
    "failed": Badge(gettext_lazy("Failed"), "bad", "failed", gettext_lazy("Could not be delivered. It is not tried again by itself.")),
    "withdrawn": Badge(gettext_lazy("Withdrawn"), "", "off", gettext_lazy("Was taken back before it was sent.")),
}
_BY_SMS: dict[str, Badge] = {
    "sent": Badge(gettext_lazy("Sent"), "good", "done", gettext_lazy("The SMS service took it.")),
    "kept": Badge(gettext_lazy("Kept here"), "warn", "phone", gettext_lazy("No SMS service is set up: read the message here.")),
}

INVITATIONS: dict[str, Badge] = {
    "issued": Badge(gettext_lazy("Left to another system"), "info", "plug"),
    "queued": Badge(gettext_lazy("Queued"), "info", "clock"),
    "sent": Badge(gettext_lazy("Sent"), "info", "mail"),
    "failed": Badge(gettext_lazy("Not delivered"), "bad", "failed"),
    "opened": Badge(gettext_lazy("Opened"), "info", "mail-open"),
    "redeemed": Badge(gettext_lazy("Used"), "good", "done"),
    "expired": Badge(gettext_lazy("Expired"), "warn", "clock"),
    "superseded": Badge(gettext_lazy("Replaced by a newer one"), "", "again"),
    "revoked": Badge(gettext_lazy("Withdrawn"), "", "off"),
    "exhausted": Badge(gettext_lazy("Too many wrong codes"), "bad", "failed"),
}

HANDED_OVER = Badge(gettext_lazy("Handed over"), "info", "link")
TO_PASS_ON = Badge(gettext_lazy("To be passed on"), "info", "key")

PURPOSES: dict[str, Words] = {
    "invitation": gettext_lazy("Invitation"),
    "reset": gettext_lazy("Forced reset"),
    "recovery": gettext_lazy("Forgotten password"),
    "confirmation": gettext_lazy("Address confirmation"),
    "age": gettext_lazy("Password too old"),
}
METHODS: dict[str, Words] = {
    "EMAIL_LINK": gettext_lazy("link by e-mail"),
    "EMAIL_OTP": gettext_lazy("code by e-mail"),
    "SMS_OTP": gettext_lazy("code by SMS"),
    "OFFLINE": gettext_lazy("in person"),
}

KINDS: dict[str, Words] = {
    "AskPassword": gettext_lazy("Invitation"),
    "resendAskPassword": gettext_lazy("Invitation, sent again"),
    "AskPasswordEmailOTP": gettext_lazy("Invitation with a code"),
    "AskPasswordResendEmailOTP": gettext_lazy("Invitation with a code, sent again"),
    "askPasswordSMSOTP": gettext_lazy("Invitation with a code"),
    "askPasswordResendSMSOTP": gettext_lazy("Invitation with a code, sent again"),
    "AdminForcedPasswordReset": gettext_lazy("Forced reset"),
    "resendAdminForcedPasswordReset": gettext_lazy("Forced reset, sent again"),
    "AdminForcedPasswordResetWithOTP": gettext_lazy("Forced reset with a code"),
    "resendAdminForcedPasswordResetWithOTP": gettext_lazy("Forced reset with a code, sent again"),
    "adminForcedPasswordReset": gettext_lazy("Forced reset with a code"),
    "PasswordReset": gettext_lazy("Forgotten password"),
    "resendPasswordReset": gettext_lazy("Forgotten password, sent again"),
    "PasswordResetOTP": gettext_lazy("Forgotten password, with a code"),
    "resendPasswordResetOTP": gettext_lazy("Forgotten password, with a code, sent again"),
    "passwordReset": gettext_lazy("Forgotten password, with a code"),
    "EmailConfirm": gettext_lazy("Address confirmation"),
    "EmailConfirmWithOTP": gettext_lazy("Address confirmation with a code"),
    "accountActivationSuccess": gettext_lazy("Account is open"),
    "askPasswordSetSuccess": gettext_lazy("Account is open"),
    "passwordResetSucess": gettext_lazy("Password was changed"),
    "notifyOnExistingEmailUpdateWithoutVerification": gettext_lazy("E-mail address was changed"),
    "HousekeyTest": gettext_lazy("Test message"),
}
OUTCOMES: dict[str, Words] = {
    "sent": gettext_lazy("Taken by the mail server"),
    "kept": gettext_lazy("Kept here, no mail server is set up"),
    "temporary": gettext_lazy("The mail server said: not now"),
    "permanent": gettext_lazy("The mail server refused it"),
    "connection": gettext_lazy("The mail server could not be reached"),
}
_OUTCOMES_BY_SMS: dict[str, Words] = {
    "sent": gettext_lazy("Taken by the SMS service"),
    "kept": gettext_lazy("Kept here, no SMS service is set up"),
    "temporary": gettext_lazy("The SMS service said: not now"),
    "permanent": gettext_lazy("The SMS service refused it"),
    "connection": gettext_lazy("The SMS service could not be reached"),
}


def of_user(standing: Standing) -> Badge:
    """Somebody who only has to confirm an address is listed among the invited, but waits for something else."""
    label = standing.label
    return UNCONFIRMED if label == "invited" and standing.pending == "PENDING_EV" else USERS[label]


def of_message(state: str, channel: str) -> Badge:
    return _BY_SMS.get(state, MESSAGES[state]) if channel == SMS else MESSAGES[state]


def outcome(name: str, channel: str) -> Words:
    return (_OUTCOMES_BY_SMS if channel == SMS else OUTCOMES).get(name, name)


def of_invitation(it: Invitation) -> Badge:
    """The state of an invitation; one without a recipient was never meant to be sent."""
    if it.recipient or it.state != "issued":
        return INVITATIONS[it.state]
    return TO_PASS_ON if of(it.scenario).otp else HANDED_OVER


def why(user: User, latest: Invitation | None, now: datetime) -> str:
    """The sentence under a user's name: what the state is, since when, and what ends it."""
    standing = user.standing
    label = standing.label
    if label == "locked":
        reason = _("Locked by an administrator.") if ADMIN_INITIATED in standing.locks else _("Locked after too many failed sign-ins.")
        return reason + " " + _("Unlock the account to let the user sign in.")
    if label not in {"invited", "reset"} or latest is None:
        return str(of_user(standing).sentence)
    opening = _opening(standing) % (user.profile.given_name or str(user.name))
    told = [part for part in (_sent(latest, now), _opened(latest, now), _ends(latest, now)) if part]
    return opening + (f" ({', '.join(told)})." if told else ".")


def _opening(standing: Standing) -> str:
    if standing.pending == "PENDING_EV":
        return _("Locked – waiting for %s to confirm the address") if standing.locked else _("Waiting for %s to confirm the address")
    if standing.pending == "PENDING_FUPR":
        return _("Locked – waiting for %s to set a new password")
    return _("Locked – waiting for %s to set a password") if standing.locked else _("Waiting for %s to set a password")


def _sent(latest: Invitation, now: datetime) -> str:
    otp = of(latest.scenario).otp
    if latest.sent:
        return (_("code sent %s") if otp else _("link sent %s")) % relative(latest.sent, now)
    if not latest.recipient:
        return (_("code issued %s") if otp else _("link handed over %s")) % relative(latest.issued, now)
    return _("message not delivered") if latest.state == "failed" else _("message queued %s") % relative(latest.issued, now)


def _opened(latest: Invitation, now: datetime) -> str:
    return _("opened %s") % relative(latest.opened, now) if latest.opened else ""


def _ends(latest: Invitation, now: datetime) -> str:
    if latest.state == "revoked":
        return _("withdrawn – send a new one")
    if latest.state == "exhausted":
        return _("too many wrong codes were typed – send a new one")
    if latest.expires is None:
        return _("never expires")
    return (_("expires %s") if latest.expires > now else _("expired %s")) % relative(latest.expires, now)


def of_store(store: StoreView) -> Badge:
    if not store.enabled:
        return _STORES["off"]
    if store.findings.get("error"):
        return _STORES["trouble"]
    return _STORES["read-only" if store.read_only else "on"]
