"""Images that people send: which kind it is by its first bytes, how large by its header. Nothing here decodes a picture."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from housekey.core.errors import Invalid

MOST_BYTES, MOST_PIXELS = 262_144, 2_000
"""Of a logo: bytes, and pixels of each side."""


@dataclass(frozen=True, slots=True)
class Image:
    """`kind`: a media type."""

    kind: str
    width: int
    height: int


_BROKEN = "This image is damaged, or not only an image. Save it anew and try again."


def look(data: bytes, field: str = "logo") -> Image:
    """What the bytes are, whatever their name says. Raises Invalid with the reason."""
    if len(data) > MOST_BYTES:
        raise Invalid("The image is larger than 256 KB. Save it smaller or with fewer pixels.", field=field)
    try:
        image = _look(data)
    except (struct.error, IndexError, ValueError):
        raise Invalid(_BROKEN, field=field) from None
    if image is None:
        raise Invalid(_why_not(data), field=field)
    if not (0 < image.width <= MOST_PIXELS and 0 < image.height <= MOST_PIXELS):
        raise Invalid("The image has more than 2000 pixels on a side. Save it smaller.", field=field)
    return image


def _why_not(data: bytes) -> str:
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<svg", b"<?xml", b"<!--", b"<!doctype svg")):
        return "SVG is not taken: such a file can hold scripts and addresses. Save the logo as PNG."
    return "This is not a PNG, JPEG, WebP or GIF image. Save the logo as PNG."


def _look(data: bytes) -> Image | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(data)
    if data.startswith((b"GIF87a", b"GIF89a")):
        return _gif(data)
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _webp(data)
    return None


def _png(data: bytes) -> Image:
    """Chunk by chunk to the end, so that nothing else hangs behind the picture."""
    place, size, name = 8, (0, 0), b""
    while name != b"IEND":
        length, name = struct.unpack_from(">I4s", data, place)
        body = data[place + 8 : place + 8 + length]
        if struct.unpack_from(">I", data, place + 8 + length)[0] != zlib.crc32(name + body):
            raise ValueError
        if place == 8:
            if name != b"IHDR":
                raise ValueError
            size = struct.unpack_from(">II", body)
        place += 12 + length
    if place != len(data):
        raise ValueError
    return Image("image/png", *size)


def _gif(data: bytes) -> Image:
    """Block by block to the end."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    place = 13 + _table(flags)
    while data[place] != 0x3B:
        if data[place] == 0x2C:
            place += 10 + _table(data[place + 9]) + 1
        elif data[place] == 0x21:
            place += 2
        else:
            raise ValueError
        while data[place]:
            place += data[place] + 1
        place += 1
    if place + 1 != len(data):
        raise ValueError
    return Image("image/gif", width, height)


def _table(flags: int) -> int:
    """Bytes of a table of colours."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})


def _jpeg(data: bytes) -> Image:
    """Segment by segment to the frame's header, which holds the size; the picture itself is not looked at."""
    if not data.endswith(b"\xff\xd9"):
        raise ValueError
    place = 2
    while True:
        mark, kind, length = struct.unpack_from(">BBH", data, place)
        if mark != 0xFF or length < 2:
            raise ValueError
        if kind in _FRAMES:
            height, width = struct.unpack_from(">HH", data, place + 5)
            return Image("image/jpeg", width, height)
        if kind in {0xD9, 0xDA}:
            raise ValueError
        place += 2 + length


def _webp(data: bytes) -> Image:
    if struct.unpack_from("<I", data, 4)[0] + 8 != len(data):
        raise ValueError
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
    elif kind == b"VP8L" and data[20] == 0x2F:
        bits = struct.unpack_from("<I", data, 21)[0]
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = (part & 0x3FFF for part in struct.unpack_from("<HH", data, 26))
    else:
        raise ValueError
    return Image("image/webp", width, height)
