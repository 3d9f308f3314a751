"""Bodies as generously as WSO2's clients write them, and bombs defused."""

from __future__ import annotations

import json
import time

import pytest

from tests.doors.scim.support import Scim, person
from tests.operations.support import World, counts


@pytest.mark.parametrize("body", [
    b"{userName: 'jane'}", b'{"userName":"jane",}', b"{/* new */ userName: \"jane\"} // done", b'\xef\xbb\xbf{"userName":"jane"}',
    b'{"schemas":[],"userName":"jane"}', b'{"schemas":null,"userName":"jane"}', b'{"schemas":"nonsense","userName":"jane"}',
    b'{"USERNAME":"jane"}', b'{"urn:ietf:params:scim:schemas:core:2.0:User":{"userName":"jane"}}', b'  \n{"userName"\t:"j\\u0061ne"}\r\n',
    b'{"userName":"sam","userName":"jane"}', b'{userName:"jane",externalNumber:1e999999999}'.replace(b"1e999999999", b"17"),
])
def test_what_wso2s_clients_write_is_understood(world: World, scim: Scim, body: bytes) -> None:
    created = scim.create(body)
    assert (created.status, created.body["userName"]) == (201, "jane")


@pytest.mark.parametrize("media_type", ["", "application/json", "application/scim+json", "APPLICATION/JSON",
                                        "application/json; charset=utf-8",
                                        "application/scim+json;charset=UTF-8", "*/*"])
def test_media_types_of_json_and_none_at_all_are_taken(world: World, scim: Scim, media_type: str) -> None:
    assert scim.create(person(), content_type=media_type).status == 201


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded",
                                        "multipart/form-data; boundary=x", "nonsense"])
def test_an_alien_media_type_is_told_what_to_send(world: World, scim: Scim, media_type: str) -> None:
    """A-068: among them those that a form on a foreign page can send."""
    before = counts()
    refused = scim.create(person(), content_type=media_type)
    assert refused.status == 415
    assert "application/scim+json" in refused.detail
    assert counts() == before


@pytest.mark.parametrize("body", [
    b"", b" ", b"null", b"true", b"7", b'"jane"', b"[]", b'[{"userName":"jane"}]', b"{", b"}", b'{"userName":"jane"', b'{"userName":}',
    b"userName=jane",
    b"<user/>", b'{"userName":"jane"}{"userName":"sam"}', b'{"userName":"jane","x":NaN}', b'{"userName":"jane","x":Infinity}',
    b'{"userName":"jane","x":-Infinity}', b'{"userName":"jane","x":1e400}', b'{userName:"jane",x:NaN}', b'{userName:"jane",x:+Infinity}',
    b'{"userName":"ja\\u0000ne"}', b'{"userName":"jane","displayName":"\\ud800"}', b'{"user\\u0000Name":"jane"}',
    b'{"userName":"jane\\udc00\\ud800"}',
    b'{"userName":"\xff"}', b'\xff\xfe{\x00"\x00', b"\x00" * 10, b'{"userName":"jane","displayName":"\x00"}', b"{userName:'ja\\0ne'}",
])
def test_what_is_no_object_or_cannot_be_stored_is_refused(world: World, scim: Scim, body: bytes) -> None:
    before = counts()
    refused = scim.create(body)
    assert (refused.status, refused.body["scimType"]) == (400, "invalidSyntax")
    assert refused.detail
    assert counts() == before


def deep(opening: str, closing: str, times: int) -> bytes:
    return ('{"userName":"jane","x":' + opening * times + "1" + closing * times + "}").encode()


@pytest.mark.parametrize("body", [
    deep("[", "]", 100), deep("[", "]", 100_000), deep('{"a":', "}", 100_000), b"[" * 500_000, b'{"a":' * 200_000, b"{a:" * 300_000,
    b"(" * 1_000_000,
    deep("[", "]", 100).replace(b'"userName"', b"userName"), b'{"userName":"jane","x":[' + b"1," * 400_000 + b"1]}",
    b'{"userName":"jane","x":' + b"9" * 1_000_000 + b"}", b'{userName:"jane",x:' + b"9" * 1_000_000 + b"}", b"/" * 1_000_000,
    b"/*" * 500_000,
    b'{"userName":"jane","x":0.' + b"0" * 900_000 + b"1}", b'"' + b"\\" * 1_000_000,
], ids=lambda body: repr(body[:20]))
def test_bombs_are_refused_in_less_than_a_second(world: World, scim: Scim, body: bytes) -> None:
    """R-IN: depth, count and length are limited before anything is done with the values."""
    scim.get("x")  # the credential is verified
    before = counts()
    started = time.process_time()
    refused = scim.create(body)
    assert time.process_time() - started < 1
    assert refused.status in {400, 201 if b"0.0" in body else 400}
    if refused.status == 400:
        assert counts() == before


def test_a_body_over_a_megabyte_is_413(world: World, scim: Scim) -> None:
    body = json.dumps(person(displayName="x" * 1_100_000)).encode()
    refused = scim.create(body)
    assert refused.status == 413
    assert "1048576" in refused.detail


def test_deeply_nested_values_up_to_the_limit_are_taken(world: World, scim: Scim) -> None:
    assert scim.create(deep("[", "]", 15)).status == 201
