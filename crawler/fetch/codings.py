"""Content codings undone: each body once, never into more than is wanted of it. Pure."""

import zlib
from collections.abc import Callable
from typing import Protocol

import brotli
from backports import zstd

# Some packers write a body in blocks of 64 KiB. Each is a copy of all that follows it.
_MOST_MEMBERS = 128

_BROKEN = (zlib.error, brotli.error, zstd.ZstdError)


class EncodingError(ValueError):
    """The body is not what its Content-Encoding says, or that is none we know."""


class _Coder(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def undone(body: bytes, coding: str, *, most: int) -> tuple[bytes, bool]:
    """The first `most` bytes of a body without its outermost coding, and whether that is all there was.

    What stands behind a whole body is no fault: some servers send more, and it is no gzip at all.

    Args:
        body: as it was sent.
        coding: one of CODINGS.
        most: bytes, from 1.

    Raises:
        EncodingError: see there.
    """
    decode = _DECODERS.get(coding)
    if decode is None:
        raise EncodingError(f"a Content-Encoding that nobody asked for: {coding}")
    try:
        return decode(body, most)
    except _BROKEN as error:
        raise EncodingError(f"the body is not {coding}: {error}") from error


def _members(body: bytes, most: int, mark: bytes, begin: Callable[[], _Coder]) -> tuple[bytes, bool]:
    """What stands in one or several of a kind, one after the other."""
    coder = begin()
    read = coder.decompress(body, most)
    for _ in range(_MOST_MEMBERS - 1):
        rest = coder.unused_data
        if len(read) >= most or not (coder.eof and rest.startswith(mark)):
            break
        coder = begin()
        try:
            read += coder.decompress(rest, most - len(read))
        except _BROKEN:
            return read, True
    return read, coder.eof and not (len(read) < most and coder.unused_data.startswith(mark))


def _unzipped(body: bytes, most: int) -> tuple[bytes, bool]:
    return _members(body, most, b"\x1f\x8b", lambda: zlib.decompressobj(wbits=31))


def _inflated(body: bytes, most: int) -> tuple[bytes, bool]:
    try:
        coder = zlib.decompressobj()
        return coder.decompress(body, most), coder.eof
    except zlib.error:
        coder = zlib.decompressobj(wbits=-15)  # what some servers mean by deflate
        return coder.decompress(body, most), coder.eof


def _unbrotlied(body: bytes, most: int) -> tuple[bytes, bool]:
    coder = brotli.Decompressor()
    return coder.process(body, output_buffer_limit=most)[:most], coder.is_finished()


def _unzstandarded(body: bytes, most: int) -> tuple[bytes, bool]:
    return _members(body, most, b"\x28\xb5\x2f\xfd", zstd.ZstdDecompressor)


_DECODERS: dict[str, Callable[[bytes, int], tuple[bytes, bool]]] = {
    "identity": lambda body, most: (body[:most], len(body) <= most),
    "gzip": _unzipped,
    "x-gzip": _unzipped,
    "deflate": _inflated,
    "br": _unbrotlied,
    "zstd": _unzstandarded,
}
CODINGS = frozenset(_DECODERS)
ACCEPTED = b"gzip, deflate, br, zstd"  # what requests ask for
