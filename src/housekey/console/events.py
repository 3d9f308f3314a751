"""Sentences for what only administrators meet in the audit log."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from housekey.web.events import SENTENCES
from housekey.web.forms import Words

OF_THE_SERVER: dict[str, tuple[str, Words]] = {
    "user:import": ("users", gettext_lazy("Part of a file of users imported")),
    "group:meet": ("link", gettext_lazy("Group found in the directory")),
    "store:add": ("link", gettext_lazy("User store added")),
    "store:change": ("link", gettext_lazy("User store changed")),
    "store:enable": ("link", gettext_lazy("User store switched on")),
    "store:disable": ("off", gettext_lazy("User store switched off")),
    "store:look": ("again", gettext_lazy("Look through a user store asked for")),
    "store:looked": ("again", gettext_lazy("User store looked through")),
    "store:delete": ("trash", gettext_lazy("User store removed")),
    "tenant:rename": ("building", gettext_lazy("Tenant renamed")),
    "tenant:suspend": ("off", gettext_lazy("Tenant suspended")),
    "tenant:resume": ("building", gettext_lazy("Tenant opened again")),
    "tenant:delete": ("trash", gettext_lazy("Deletion of a tenant begun")),
    "tenant:deleted": ("trash", gettext_lazy("Tenant deleted")),
}
EVERY = SENTENCES | OF_THE_SERVER
