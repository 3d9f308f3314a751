"""/services/…: descriptions for everybody, calls for those who have proved who they are."""

from __future__ import annotations

import re
from typing import cast

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.utils.html import format_html, format_html_join
from django.views.decorators.csrf import csrf_exempt

from housekey.core.errors import NotSignedIn, Refused, Throttled
from housekey.core.links import tenant_prefix
from housekey.core.principal import LOGIN, Principal
from housekey.soap import envelope, faults, profiles, stores, values, wsdl
from housekey.soap.faults import MEDIA_TYPES, Unsoaped, Version
from housekey.soap.schema import Call, Operation, Service
from housekey.web import authentication
from housekey.web.house import house, now
from housekey.web.request import Asked

SERVICES: dict[str, Service] = {service.name: service for service in (profiles.SERVICE, stores.SERVICE)}
_ADDRESS = re.compile(r"([A-Za-z]+)(?:\.\1Https(?:Soap1[12])?Endpoint)?")
_TAKEN = {"", "text/xml", "application/soap+xml", "application/xml"}


def index(request: HttpRequest) -> HttpResponse:
    """/services/: what there is."""
    root = _root(cast(Asked, request))
    rows = format_html_join("", '<li><a href="{}/{}?wsdl">{}</a></li>', ((root, name, name) for name in sorted(SERVICES)))
    return HttpResponse(format_html('<!doctype html><html lang="en"><title>Services</title><h1>Services</h1><ul>{}</ul></html>', rows))


@csrf_exempt
def service(raw: HttpRequest, address: str) -> HttpResponse:
    """/services/<Service> and its endpoints. Without a cookie nobody's browser can be led here, so no CSRF token is asked (A-068)."""
    request = cast(Asked, raw)
    match = _ADDRESS.fullmatch(address)
    found = SERVICES.get(match[1]) if match else None
    if found is None:
        return _plain(404, f"There is no such service. There are: {', '.join(sorted(SERVICES))}.")
    if request.method in {"GET", "HEAD"}:
        return _description(request, found)
    if request.method == "POST":
        return _called(request, found)
    response = _plain(405, "Send a SOAP message with POST, or ask for ?wsdl with GET.")
    response["Allow"] = "GET, HEAD, POST"
    return response


def _description(request: Asked, found: Service) -> HttpResponse:
    """WSDL 2.0 is not offered: every client of these services reads 1.1."""
    asked = request.META.get("QUERY_STRING", "").partition("&")[0].partition("=")[0].lower()
    if asked == "wsdl":
        return HttpResponse(wsdl.document(found, _root(request)), content_type="text/xml; charset=utf-8")
    if asked:
        return _plain(404, "There is only the description in WSDL 1.1, at ?wsdl.")
    return _plain(200, f"This is {found.name}. Its description is at {_root(request)}/{found.name}?wsdl")


def _root(request: Asked) -> str:
    return f"{house().config.base_url.rstrip('/')}{tenant_prefix(request.tenant.domain)}/services"


def _plain(status: int, sentence: str) -> HttpResponse:
    return HttpResponse(f"{sentence}\n", status=status, content_type="text/plain; charset=utf-8")


def _called(request: Asked, found: Service) -> HttpResponse:
    """First who is asking, so that a stranger's message is not even parsed; then the message; then the operation."""
    version: Version = "1.2" if _media_type(request) == "application/soap+xml" else "1.1"
    try:
        by = authentication.principal(request)
    except (NotSignedIn, Throttled) as refusal:
        response = faults.answer(refusal, version, status=429 if isinstance(refusal, Throttled) else 401)
        if challenge := authentication.challenge(refusal):
            response["WWW-Authenticate"] = challenge
        return response
    except Refused as refusal:
        return faults.answer(refusal, version)
    body = b""
    try:
        body = _body(request)
        read = envelope.read(body)
    except Unsoaped as refusal:
        return faults.answer(refusal, envelope.version_in(body) if body else version)
    try:
        return _done(request, found, by, read)
    except Refused as refusal:
        return faults.answer(refusal, read.version, found)


def _media_type(request: Asked) -> str:
    return request.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _body(request: Asked) -> bytes:
    """Raises Unsoaped."""
    if _media_type(request) not in _TAKEN:
        raise Unsoaped("Send text/xml (SOAP 1.1) or application/soap+xml (SOAP 1.2).", status=415)
    try:
        return request.body
    except RequestDataTooBig:
        raise Unsoaped(f"The message is larger than {envelope.MOST_BYTES} bytes.", status=413) from None
    except (UnreadablePostError, RawPostDataException):
        raise Unsoaped("The message ended too early.", status=400) from None


def _done(request: Asked, found: Service, by: Principal, read: envelope.Envelope) -> HttpResponse:
    """Operations that answer nothing are told from others by 202 and an empty body, as Axis2 tells them."""
    by.must(LOGIN)
    operation = _operation(found, read)
    given = operation.does(Call(request, by, now()), values.read(read.content, operation.takes))
    if operation.gives is None:
        response = HttpResponse(status=202)
        del response["Content-Type"]
        return response
    body = faults.envelope(values.written(found, operation, given), read.version)
    return HttpResponse(body, content_type=MEDIA_TYPES[read.version])


def _operation(found: Service, read: envelope.Envelope) -> Operation:
    """By the element in the body; SOAPAction may be missing or wrong (reference 5.0)."""
    namespace, _, name = str(read.content.tag).rpartition("}")
    operation = found.operation(name)
    if operation is None:
        raise Unsoaped(f"{found.name} has no operation {name[:100]}.")
    if namespace.lstrip("{") != found.namespace:
        raise Unsoaped(f"The element {name} must be in the namespace {found.namespace}.")
    return operation
