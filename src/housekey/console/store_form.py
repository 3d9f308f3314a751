"""The form of a directory, made from the table of its properties (`core.directories`), and what was typed into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from housekey.core.attributes import CUSTOM_URN
from housekey.core.claims import BY_URI, DIALECT
from housekey.core.directories import ATTRIBUTES, MIRRORED, PROPERTIES, SECRET, Kind, Property, differing
from housekey.core.errors import Invalid
from housekey.core.names import Tenant
from housekey.operations.store_claims import Place, key_of, mappable, places
from housekey.operations.stores import MASK, NewStore, StoreView, as_new
from housekey.web.forms import Field, Form, Words
from housekey.web.request import Asked

_HEADINGS: Mapping[str, Words] = {
    "Connection": gettext_lazy("Connection"), "Users": gettext_lazy("Users"), "Groups": gettext_lazy("Groups"),
    "Looking": gettext_lazy("Looking through the directory"),
}
_CLAIM = "claim-"
_REQUIRED: Mapping[str, Words] = {
    "ConnectionURL": gettext_lazy("Type the address of the directory."), "UserSearchBase": gettext_lazy("Say where users are."),
}
_KEPT: Words = gettext_lazy("One is stored and never shown. Leave this empty to keep it. If the address, the account or the encryption "
                            "changes, type it again.")
_FRESH: Words = gettext_lazy("Of the account to connect with. It is stored sealed and never shown.")


@dataclass(frozen=True, slots=True)
class Item:
    """One field of the page. `kind`: text, number, flag, choice, lines or password."""

    field: Field
    kind: str
    choices: tuple[str, ...] = ()

    @property
    def on(self) -> bool:
        return self.field.value == "true"

    @property
    def rows(self) -> int:
        """Lines that a text area shows: one more than it has, within reason."""
        return min(max(self.field.value.count("\n") + 2, 3), 10)


@dataclass(frozen=True, slots=True)
class Section:
    heading: Words
    items: list[Item]


class StoreForm(Form):
    """`view`: the store that is changed; None for a new one."""

    def __init__(self, request: Asked, kind: Kind, view: StoreView | None) -> None:
        self.kind, self.view, self.tenant = kind, view, request.tenant
        self.claims = {_name(uri): uri for uri in mappable(request.tenant)}
        data = None
        if request.method == "POST":
            flags = {one.name: str(request.POST.get(one.name) == "true").lower() for one in PROPERTIES if one.type == "flag"}
            data = request.POST.dict() | flags
        initial = {one.name: one.default_of(kind) for one in PROPERTIES} | dict(view.properties if view else {})
        held = dict(view.attributes) if view else dict(ATTRIBUTES[kind])
        initial |= {name: held.get(key_of(self.tenant, uri), "") for name, uri in self.claims.items()}
        initial["description"] = view.description if view else ""
        super().__init__(self._fields(), data, initial)

    def _fields(self) -> list[Field]:
        first = [] if self.view else [Field(
            "domain", gettext_lazy("Domain"), required=gettext_lazy("Name the domain."), limit=50, focus=True,
            hint=gettext_lazy("In front of its users’ names, such as STAFF in STAFF/alex. It cannot be changed later."),
        )]
        secret = Field(SECRET, gettext_lazy("Password"), "password", autocomplete="new-password",
                       hint=_KEPT if self.view and self.view.secret else _FRESH)
        fields = [*first, Field("description", gettext_lazy("Description"), limit=300)]
        for one in PROPERTIES:
            fields += [_field(one), *([secret] if one.name == "ConnectionName" else [])]
        return [*fields, *(Field(name, claim_name(uri), limit=64, hint=uri) for name, uri in self.claims.items())]

    @property
    def first(self) -> list[Item]:
        return [Item(self.fields[name], "text") for name in ("domain", "description") if name in self.fields]

    @property
    def sections(self) -> list[Section]:
        found = []
        for group, heading in _HEADINGS.items():
            items = []
            for one in (one for one in PROPERTIES if one.group == group):
                items.append(Item(self.fields[one.name], one.type, one.choices))
                if one.name == "ConnectionName":
                    items.append(Item(self.fields[SECRET], "password"))
            found.append(Section(heading, items))
        return found

    @property
    def mapping(self) -> list[Item]:
        return [Item(self.fields[name], "text") for name, uri in self.claims.items() if uri not in MIRRORED]

    @property
    def mirrored(self) -> list[Item]:
        return [Item(self.fields[name], "text") for name, uri in self.claims.items() if uri in MIRRORED]

    @property
    def wanted(self) -> NewStore:
        """What was typed. A claim whose field was not sent stays as it is."""
        present = as_new(self.view).attributes if self.view else {}
        typed = {key_of(self.tenant, uri): self.text(name) for name, uri in self.claims.items() if name in self._sent}
        attributes = differing(self.kind, {**ATTRIBUTES[self.kind], **present, **typed})
        properties = {one.name: self.text(one.name) for one in PROPERTIES}
        domain = self.view.domain if self.view else self.text("domain")
        return NewStore(domain, self.kind, properties, attributes, self.text(SECRET) or (MASK if self.view else ""),
                        self.text("description"), self.view.enabled if self.view else True)

    def refuse(self, refusal: Invalid, *, retype: bool = True) -> None:
        """Say it under its field, be it a property or a claim. `retype`: the whole page is shown anew, without a password."""
        fields = {key_of(self.tenant, uri): name for name, uri in self.claims.items()}
        self.fail(fields.get(refusal.field, refusal.field), _(refusal.sentence))
        if retype and self.text(SECRET):
            self.fail(SECRET, _("Type the password again: it is not kept on the page."))


def _field(one: Property) -> Field:
    return Field(one.name, _(one.label), "number" if one.type == "number" else "text", hint=_(one.hint) if one.hint else "",
                 limit=20_000 if one.type == "lines" else 1_000, required=_REQUIRED.get(one.name, ""))


def _name(uri: str) -> str:
    """The field of a claim."""
    return _CLAIM + uri.removeprefix(f"{DIALECT}/").replace("/", "-")


def claim_name(uri: str) -> str:
    """What people call a claim; a mapping's own key will do."""
    if uri in BY_URI:
        return _(BY_URI[uri].display_name)
    return uri.removeprefix(f"{CUSTOM_URN}:").removeprefix(f"{DIALECT}/")


def facts(view: StoreView) -> list[tuple[str, str]]:
    """Label and value of what is set, without what is empty."""
    words = {"true": _("yes"), "false": _("no")}
    found = ((one, view.properties.get(one.name, "")) for one in PROPERTIES)
    return [(_(one.label), words.get(text, text) if one.type == "flag" else text) for one, text in found if text]


def mapping_of(view: StoreView, tenant: Tenant) -> list[tuple[str, str]]:
    """Claim and attribute of what the directory holds."""
    return [(claim_name(uri), name) for uri in mappable(tenant) if (name := view.attributes.get(key_of(tenant, uri)))]


def places_shown(request: Asked, uri: str) -> list[Place]:
    """Where each store keeps a claim; nothing while there are no directories, or none that may be seen."""
    found = places(request.by, uri) if uri in mappable(request.tenant) else []
    return found if any(place.directory for place in found) else []
