"""Reading an envelope: limits first, no DTD at all, and only then what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

from lxml import etree

from housekey.soap.faults import SOAP, Unsoaped, Version

MOST_BYTES = 262_144
MOST_DEPTH = 64
MOST_NODES = 20_000
"""Elements, attributes and namespace declarations together."""
MOST_ATTRIBUTES = 64
"""Of one element: adding each costs a look at all before it."""
_VERSIONS: dict[str, Version] = {namespace: version for version, namespace in SOAP.items()}
_NEXT = {"", "http://schemas.xmlsoap.org/soap/actor/next", "http://www.w3.org/2003/05/soap-envelope/role/next",
         "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver"}


@dataclass(frozen=True, slots=True)
class Envelope:
    version: Version
    content: etree._Element
    """The one element in the body."""


class _Builder:
    """Builds the tree and gives up at once when it sees a DTD or too much of anything (A-108, A-109): the parser calls it while it reads,
    so that an entity is refused before it is even declared."""

    def __init__(self) -> None:
        self._tree = etree.TreeBuilder()
        self._depth = self._nodes = 0
        self.refusal: Unsoaped | None = None
        """Why the reading stopped; lxml may tell of the stop only as of a broken document."""

    def start(self, tag: Any, attributes: Any, namespaces: Any = None) -> Any:
        self._depth += 1
        self._nodes += 1 + len(attributes) + len(namespaces or ())
        if self._depth > MOST_DEPTH or self._nodes > MOST_NODES or len(attributes) > MOST_ATTRIBUTES:
            self._stop("The message is nested too deeply or has too many parts.")
        return self._tree.start(tag, dict(attributes))

    def end(self, tag: Any) -> Any:
        self._depth -= 1
        return self._tree.end(tag)

    def data(self, data: Any) -> None:
        self._tree.data(data)

    def comment(self, text: Any) -> None:
        """SOAP-UI writes <!--Optional:--> everywhere."""

    def pi(self, target: Any, data: Any = None) -> None:
        """A processing instruction means nothing here."""

    def doctype(self, *declared: Any) -> None:  # noqa: ARG002 - whatever it declares
        self._stop("A document type declaration is not allowed in a SOAP message.")

    def close(self) -> Any:
        return None if self.refusal else self._tree.close()

    def _stop(self, sentence: str) -> NoReturn:
        self.refusal = Unsoaped(sentence, status=400)
        raise self.refusal


def read(body: bytes) -> Envelope:
    """Raises Unsoaped."""
    root = _parse(body)
    name = etree.QName(root)
    version = _VERSIONS.get(name.namespace or "")
    if name.localname != "Envelope":
        raise Unsoaped("The message is not a SOAP envelope.", status=400)
    if version is None:
        raise Unsoaped("The envelope is neither SOAP 1.1 nor SOAP 1.2.", who="VersionMismatch")
    soap = f"{{{SOAP[version]}}}"
    for header in root.iterfind(f"{soap}Header/*"):
        _must_be_optional(header, soap)
    content = root.findall(f"{soap}Body/*")
    if len(content) != 1:
        raise Unsoaped("The body of the envelope must hold exactly one element: the operation.")
    return Envelope(version, content[0])


def version_in(body: bytes) -> Version:
    """How to answer a message that could not be read: in its own version as far as that can be seen."""
    return "1.2" if SOAP["1.2"].encode() in body[:2_000] else "1.1"


def _parse(body: bytes) -> etree._Element:
    if len(body) > MOST_BYTES:
        raise Unsoaped(f"The message is larger than {MOST_BYTES} bytes.", status=413)
    builder = _Builder()
    parser = etree.XMLParser(target=builder, resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        root: etree._Element = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, LookupError, ValueError):
        raise builder.refusal or Unsoaped("The message is not well-formed XML.", status=400) from None
    if builder.refusal:
        raise builder.refusal
    return root


def _must_be_optional(header: etree._Element, soap: str) -> None:
    """No header is understood here, so none may insist on being (SOAP 1.1 section 4.2.3, SOAP 1.2 part 1 section 5.2.3)."""
    aimed = header.get(f"{soap}actor") or header.get(f"{soap}role") or ""
    if header.get(f"{soap}mustUnderstand", "").strip() in {"1", "true"} and aimed in _NEXT:
        name = etree.QName(header).localname
        raise Unsoaped(f"The header {name} must be understood and is not. Sign in with HTTP Basic or a bearer token.", who="MustUnderstand")
