"""`output-event-adapters.xml`: how mail leaves; `charon-config.xml`: what SCIM offers (reference server 1.3, 1.4)."""

from __future__ import annotations

import re
from difflib import get_close_matches

from housekey.core.moving.fragments import Node
from housekey.core.moving.report import Moved, Place, switch

MAIL = "output_adapter.email"
_MAIL = {
    "mail.smtp.from": f"{MAIL}.from_address", "mail.smtp.user": f"{MAIL}.username", "mail.smtp.password": f"{MAIL}.password",
    "mail.smtp.host": f"{MAIL}.hostname", "mail.smtp.port": f"{MAIL}.port", "mail.smtp.starttls.enable": f"{MAIL}.enable_start_tls",
    "mail.smtp.auth": f"{MAIL}.enable_authentication", "mail.smtp.signature": f"{MAIL}.signature",
    "mail.smtp.replyto": f"{MAIL}.reply_to", "mail.smtp.ssl.enable": f"{MAIL}.enable_tls",
    "minthread": "outbox.connections", "jobqueuesize": "outbox.queue_alarm",
}
_NO_POOL = "Sending threads are not made and ended with the load: [outbox] connections is how many there are."
_MAIL_DIFFERS = {
    "maxthread": _NO_POOL, "keepalivetimeinmillis": _NO_POOL,
    **dict.fromkeys(("mail.smtp.authtype", "mail.smtp.clientid", "mail.smtp.clientsecret", "mail.smtp.tokenendpoint", "mail.smtp.scopes"),
                    "Mail servers are signed in to with a user name and a password."),
    "mail.smtp.ssl.trust": "Certificates are always verified; a private authority is named with [output_adapter.email] ca_file.",
}
PLACEHOLDER = re.compile(r"\{[A-Z][A-Z0-9_ ]*\}|\[email.protected\]|<[A-Z][A-Z0-9_ ]*>")
"""What manuals print where something is to be filled in."""
MOST_CONNECTIONS = 8

_CHARON = {"user-schema-extension-enabled": "scim2.enable_schema_extension", "bulk-maxoperations": "scim2.max_bulk_operations",
           "bulk-maxpayloadsize": "scim2.max_bulk_payload", "filter-maxresults": "limits.page"}
_CHARON_ON = {"patch-supported": "PATCH", "bulk-supported": "Bulk", "filter-supported": "Filtering",
              "changepassword": "A change of password"}
_CHARON_DIFFERS = {
    "sort-supported": "Sorting is answered; with wso2_responses it is refused with 501, as WSO2 does.",
    "etag-supported": "There are no ETags.",
    "pagination-default-count": "An answer holds as many users as asked for, [limits] page at most.",
    "documentationuri": "Housekey's own documentation is named.",
    "custom-user-schema-enabled": "Attributes of your own are there as soon as one is added, under the custom URN.",
    "custom-user-schema-uri": "The custom URN is urn:scim:schemas:extension:custom:User.",
}


def read_adapters(root: Node, file: str, moved: Moved) -> None:
    for adapter in ([root] if root.child("property") else []) + list(root.each("adapterConfig")):
        kind = adapter.attributes.get("type", "email").strip()
        for node in adapter.each("property", outside="adapterConfig"):
            place = Place(file, node.line, f"{kind}/{node.attributes.get('key', '')[:100]}")
            if kind.lower() == "email":
                _mail(place, node, moved)
            else:
                moved.differs(place, f"Only mail leaves by an adapter. Text messages: [output_adapter.sms]; {kind[:40]} is left out.")


def _mail(place: Place, node: Node, moved: Moved) -> None:
    name = node.attributes.get("key", "").strip()
    key, text = _MAIL.get(name.lower(), ""), node.text
    if not name:
        moved.could_not(place, "The property has no key, so nobody can say what it is." + (" It is empty, too." if not text else ""))
    elif any(attribute.endswith("secretAlias") for attribute in node.attributes):
        moved.could_not(place, "Points into WSO2's secret store, which is not read here. "
                               f"Put the secret into a file and name it with {key.rpartition('.')[2] or 'a key'}_file.")
    elif key and PLACEHOLDER.fullmatch(text):
        moved.could_not(place, "Is not filled in: what stands here is the manual's place-holder.")
    elif key and not text:
        moved.differs(place, "Is empty, which means: not set.")
    elif key == "outbox.connections" and text.isdigit() and int(text) > MOST_CONNECTIONS:
        moved.want(place, key, str(MOST_CONNECTIONS), f"{text} was cut: more connections than that only make a mail server refuse.")
    elif key:
        moved.want(place, key, text)
    elif words := _MAIL_DIFFERS.get(name.lower()):
        moved.differs(place, words)
    elif name.lower().startswith("mail."):
        moved.differs(place, "Housekey does not send mail by JavaMail; this property of it has no effect.")
    else:
        near = get_close_matches(name.lower(), [*_MAIL, *_MAIL_DIFFERS], 1, 0.7)
        moved.could_not(place, "There is no property of this name." + (f" Did you mean {near[0]}?" if near else ""))


def read_charon(root: Node, file: str, moved: Moved) -> None:
    for node in root.each("Property"):
        _charon(Place(file, node.line, node.attributes.get("name", "")[:100]), node.text, moved)
    for node in root.each("schema"):
        moved.differs(Place(file, node.line, f"authenticationSchemes/{node.attributes.get('id', '')[:60]}"),
                      "HTTP Basic and bearer tokens are always offered.")


def _charon(place: Place, text: str, moved: Moved) -> None:
    name = place.key.strip().lower()
    if not name:
        moved.could_not(place, "The property has no name, so nobody can say what it is.")
    elif name in _CHARON and not text:
        moved.differs(place, "Is empty, which means: not set.")
    elif name in _CHARON:
        moved.want(place, _CHARON[name], text)
    elif name in _CHARON_ON:
        on = switch(text)
        if on:
            moved.understood(place, "nothing to set", "true", f"{_CHARON_ON[name]} is always there.")
        else:
            moved.differs(place, f"{_CHARON_ON[name]} is always there.")
    elif words := _CHARON_DIFFERS.get(name):
        moved.differs(place, words)
    else:
        near = get_close_matches(name, [*_CHARON, *_CHARON_ON, *_CHARON_DIFFERS], 1, 0.7)
        moved.could_not(place, "There is no property of this name." + (f" Did you mean {near[0]}?" if near else ""))
