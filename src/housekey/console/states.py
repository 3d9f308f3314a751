"""Every state has a word, a tone, an icon and a sentence why. The tables behind the console's badges and timelines."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from housekey.core.account import ADMIN_INITIATED
from housekey.core.users import Invitation, User
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

MESSAGES: dict[str, Badge] = {
    "queued": Badge(gettext_lazy("Queued"), "info", "clock", gettext_lazy("Waiting to be sent.")),
    "sending": Badge(gettext_lazy("Sending"), "info", "outbox", gettext_lazy("On its way right now.")),
    "sent": Badge(gettext_lazy("Sent"), "good", "done", gettext_lazy("The mail server took it.")),
    "kept": Badge(gettext_lazy("Kept here"), "warn", "mail", gettext_lazy("No mail server is set up: read the message here.")),
    "failed": Badge(gettext_lazy("Failed"), "bad", "failed", gettext_lazy("Could not be delivered. It is not tried again by itself.")),
    "withdrawn": Badge(gettext_lazy("Withdrawn"), "", "off", gettext_lazy("Was taken back before it was sent.")),
}

INVITATIONS: dict[str, Badge] = {
    "queued": Badge(gettext_lazy("Queued"), "info", "clock"),
    "sent": Badge(gettext_lazy("Sent"), "info", "mail"),
    "failed": Badge(gettext_lazy("Not delivered"), "bad", "failed"),
    "opened": Badge(gettext_lazy("Opened"), "info", "mail-open"),
    "redeemed": Badge(gettext_lazy("Used"), "good", "done"),
    "expired": Badge(gettext_lazy("Expired"), "warn", "clock"),
    "superseded": Badge(gettext_lazy("Replaced by a newer one"), "", "again"),
    "revoked": Badge(gettext_lazy("Withdrawn"), "", "off"),
}

HANDED_OVER = Badge(gettext_lazy("Handed over"), "info", "link")

KINDS: dict[str, Words] = {
    "AskPassword": gettext_lazy("Invitation"),
    "resendAskPassword": gettext_lazy("Invitation, sent again"),
    "accountActivationSuccess": gettext_lazy("Account is open"),
    "passwordResetSucess": gettext_lazy("Password was changed"),
    "HousekeyTest": gettext_lazy("Test message"),
}
OUTCOMES: dict[str, Words] = {
    "sent": gettext_lazy("Taken by the mail server"),
    "kept": gettext_lazy("Kept here, no mail server is set up"),
    "temporary": gettext_lazy("The mail server said: not now"),
    "permanent": gettext_lazy("The mail server refused it"),
    "connection": gettext_lazy("The mail server could not be reached"),
}


def of_invitation(it: Invitation) -> Badge:
    """The state of an invitation; one without a recipient was never meant to be sent."""
    return HANDED_OVER if not it.recipient and it.state in {"queued", "sent"} else INVITATIONS[it.state]


def why(user: User, latest: Invitation | None, now: datetime) -> str:
    """The sentence under a user's name: what the state is, since when, and what ends it."""
    standing = user.standing
    label = standing.label
    if label == "locked":
        reason = _("Locked by an administrator.") if ADMIN_INITIATED in standing.locks else _("Locked after too many failed sign-ins.")
        return reason + " " + _("Unlock the account to let the user sign in.")
    if label not in {"invited", "reset"} or latest is None:
        return str(USERS[label].sentence)
    opening = _("Locked – waiting for %s to set a password") if standing.locked else _("Waiting for %s to set a password")
    told = [part for part in (_sent(latest, now), _opened(latest, now), _ends(latest, now)) if part]
    return opening % (user.profile.given_name or str(user.name)) + (f" ({', '.join(told)})." if told else ".")


def _sent(latest: Invitation, now: datetime) -> str:
    if latest.sent:
        return _("link sent %s") % relative(latest.sent, now)
    if not latest.recipient:
        return _("link handed over %s") % relative(latest.issued, now)
    return _("message not delivered") if latest.state == "failed" else _("message queued %s") % relative(latest.issued, now)


def _opened(latest: Invitation, now: datetime) -> str:
    return _("opened %s") % relative(latest.opened, now) if latest.opened else ""


def _ends(latest: Invitation, now: datetime) -> str:
    if latest.state == "revoked":
        return _("withdrawn – send a new invitation")
    if latest.expires is None:
        return _("never expires")
    return (_("expires %s") if latest.expires > now else _("expired %s")) % relative(latest.expires, now)
