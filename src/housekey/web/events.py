"""Audit entries as sentences. The log keeps stable names; people read these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from housekey.operations.audit import AuditView
from housekey.web.forms import Words

SENTENCES: dict[str, tuple[str, Words]] = {
    "sign-in": ("user", gettext_lazy("Signed in")),
    "sign-in:basic": ("user", gettext_lazy("Signed in from a program")),
    "sign-out": ("leave", gettext_lazy("Signed out")),
    "session:end": ("leave", gettext_lazy("A session was signed out")),
    "session:end-others": ("leave", gettext_lazy("All other sessions were signed out")),
    "user:create": ("user-plus", gettext_lazy("User added")),
    "user:change": ("user", gettext_lazy("User changed")),
    "user:delete": ("trash", gettext_lazy("User deleted")),
    "user:meet": ("link", gettext_lazy("Found in the directory")),
    "repair:create": ("link", gettext_lazy("Brought in line with the directory")),
    "repair:refresh": ("link", gettext_lazy("Brought in line with the directory")),
    "repair:password": ("link", gettext_lazy("Brought in line with the directory")),
    "repair:block": ("link", gettext_lazy("Brought in line with the directory")),
    "repair:remove": ("link", gettext_lazy("Brought in line with the directory")),
    "repair:state": ("link", gettext_lazy("Brought in line with the directory")),
    "repair:mirror": ("link", gettext_lazy("Brought in line with the directory")),
    "administrator:create": ("user-plus", gettext_lazy("Administrator added")),
    "invitation:issue": ("mail", gettext_lazy("Invitation issued")),
    "invitation:resend": ("mail", gettext_lazy("Invitation sent again")),
    "invitation:ask-again": ("mail", gettext_lazy("A new link was asked for")),
    "invitation:offline": ("link", gettext_lazy("Link made to hand over in person")),
    "invitation:revoke": ("off", gettext_lazy("Invitation or reset withdrawn")),
    "invitation:extend": ("clock", gettext_lazy("More time given")),
    "administrator:invite": ("link", gettext_lazy("Link made for the first administrator")),
    "reset:force": ("key", gettext_lazy("Password reset by an administrator")),
    "reset:resend": ("mail", gettext_lazy("Reset sent again")),
    "reset:reveal": ("eye", gettext_lazy("One-time password looked at")),
    "recovery:start": ("again", gettext_lazy("Password recovery asked for")),
    "recovery:issue": ("mail", gettext_lazy("Recovery message issued")),
    "recovery:resend": ("mail", gettext_lazy("Recovery message sent again")),
    "confirmation:issue": ("mail", gettext_lazy("Address confirmation issued")),
    "confirmation:resend": ("mail", gettext_lazy("Address confirmation sent again")),
    "address:confirm": ("check", gettext_lazy("Address confirmed")),
    "code:typed": ("key", gettext_lazy("One-time code typed")),
    "sign-in:password-expired": ("clock", gettext_lazy("Signed in with a password that was too old")),
    "role:grant": ("shield", gettext_lazy("Role given")),
    "role:deny": ("shield", gettext_lazy("Role taken away")),
    "account:profile:change": ("user", gettext_lazy("Own profile changed")),
    "account:password:set": ("key", gettext_lazy("Password set through a link or code")),
    "account:password:change": ("key", gettext_lazy("Password changed")),
    "template:change": ("mail-open", gettext_lazy("Template of a message changed")),
    "template:reset": ("again", gettext_lazy("Template of a message taken back to the default")),
    "sender:add": ("plug", gettext_lazy("Own sender of messages set up")),
    "sender:change": ("plug", gettext_lazy("Own sender of messages changed")),
    "sender:delete": ("again", gettext_lazy("Back to the server’s sender of messages")),
    "sender:test": ("mail", gettext_lazy("Test of a sender sent")),
    "template:test": ("mail", gettext_lazy("Test of a template sent")),
    "message:redrive": ("again", gettext_lazy("Message queued again")),
    "message:withdraw": ("off", gettext_lazy("Message withdrawn")),
    "job:start": ("users", gettext_lazy("Work on many users started")),
    "job:stop": ("off", gettext_lazy("Work on many users stopped")),
    "group:create": ("users", gettext_lazy("Group added")),
    "group:change": ("users", gettext_lazy("Group changed")),
    "group:delete": ("trash", gettext_lazy("Group deleted")),
    "role:add": ("shield", gettext_lazy("Role added")),
    "role:permissions": ("shield", gettext_lazy("Permissions of a role changed")),
    "role:rename": ("shield", gettext_lazy("Role renamed")),
    "role:remove": ("trash", gettext_lazy("Role deleted")),
    "client:add": ("plug", gettext_lazy("Application added")),
    "client:scopes": ("plug", gettext_lazy("Scopes of an application changed")),
    "client:application": ("plug", gettext_lazy("Settings of an application changed")),
    "client:rotate": ("again", gettext_lazy("Secret of an application renewed")),
    "client:sign-in": ("plug", gettext_lazy("A client signed in")),
    "client:delete": ("trash", gettext_lazy("Application deleted")),
    "client:farewell": ("leave", gettext_lazy("An application was told of the sign-out")),
    "token:issue": ("plug", gettext_lazy("Token issued")),
    "token:revoke": ("off", gettext_lazy("Token ended")),
    "token:reuse": ("alert", gettext_lazy("Refresh token used a second time")),
    "code:reuse": ("alert", gettext_lazy("Authorization code used a second time")),
    "application:sign-in": ("user", gettext_lazy("Signed in to an application")),
    "consent:give": ("check", gettext_lazy("Consent given to an application")),
    "consent:withdraw": ("off", gettext_lazy("Consent to an application withdrawn")),
    "signing-key:make": ("key", gettext_lazy("New signing key made")),
    "setting:change": ("settings", gettext_lazy("Setting changed")),
    "setting:revert": ("settings", gettext_lazy("Setting put back to its default")),
    "claim:change": ("tag", gettext_lazy("User attribute changed")),
    "attribute:add": ("tag", gettext_lazy("Custom attribute added")),
    "attribute:remove": ("trash", gettext_lazy("Custom attribute removed")),
    "brand:change": ("palette", gettext_lazy("Brand changed")),
    "brand:reset": ("palette", gettext_lazy("Brand taken back")),
    "tenant:add": ("building", gettext_lazy("Tenant added")),
    "audit:export": ("download", gettext_lazy("Audit log downloaded")),
}
"""What people read of their own account, and what else may be in any log. `console.events` has what only administrators meet."""
ABOUT = frozenset({"application:sign-in", "consent:give", "consent:withdraw", "token:reuse", "code:reuse", "client:farewell"})
"""Where the target is the application: a sentence alone would not say which."""
NO_MORE: Mapping[str, tuple[str, Words]] = MappingProxyType({})
REFUSED: dict[str, Words] = {
    "sign-in": gettext_lazy("Sign-in refused"),
    "sign-in:basic": gettext_lazy("Sign-in from a program refused"),
    "code:typed": gettext_lazy("Wrong one-time code typed"),
    "recovery:start": gettext_lazy("Password recovery asked for, but not possible"),
    "client:sign-in": gettext_lazy("Sign-in of a client refused"),
    "token:reuse": gettext_lazy("A refresh token came a second time, so the sign-in to the application was ended"),
    "code:reuse": gettext_lazy("An authorization code came a second time, so the sign-in to the application was ended"),
    "client:farewell": gettext_lazy("An application could not be told of the sign-out"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One line of a timeline. `tone` is bad for a refusal."""

    at: datetime
    icon: str
    tone: str
    sentence: str
    actor: str
    network: str
    about: str = ""
    """Which application it was, for what happened between one and a person."""


def sentences(entries: Iterable[AuditView], more: Mapping[str, tuple[str, Words]] = NO_MORE) -> list[Told]:
    """Entries as lines, in the order given. `more`: sentences beside `SENTENCES`. An event without one of its own shows its name."""
    return [_told(entry, more) for entry in entries]


def _told(entry: AuditView, more: Mapping[str, tuple[str, Words]]) -> Told:
    icon, words = SENTENCES.get(entry.event) or more.get(entry.event) or ("info", entry.event)
    refused = entry.outcome not in {"done", ""}
    if refused:
        icon, words = "failed", REFUSED.get(entry.event, _("Refused: %s") % words)
    about = entry.target if entry.event in ABOUT else ""
    return Told(entry.at, icon, "bad" if refused else "", str(words), entry.actor, entry.network, about)
