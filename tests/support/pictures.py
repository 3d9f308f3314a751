"""Small real images, made by hand: the project reads headers only and has no library that draws."""

from __future__ import annotations

import struct
import zlib


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int = 120, height: int = 40, *, more: bytes = b"") -> bytes:
    """One colour. `more`: the body of a chunk of text."""
    rows = zlib.compress(b"".join(b"\0" + b"\x20\x60\xc0" * min(width, 4_000) for _ in range(min(height, 200))))
    text = _chunk(b"tEXt", b"Comment\0" + more) if more else b""
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + text + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def gif(width: int = 10, height: int = 10) -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    return head + b"\x21\xf9\x04\0\0\0\0\0" + b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x44\x01\0" + b"\x3b"


def jpeg(width: int = 10, height: int = 10) -> bytes:
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0" + frame + b"\xff\xda\x00\x02\0\xff\xd9"


def webp(width: int = 10, height: int = 10) -> bytes:
    body = b"WEBPVP8L" + struct.pack("<IBI", 5, 0x2F, (width - 1) | (height - 1) << 14) + b"\0"
    return b"RIFF" + struct.pack("<I", len(body)) + body
