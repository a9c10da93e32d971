"""The gzip members of a WARC file whose records are compressed one by one, as ours are."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

_CHUNK = 1 << 16
_GZIP = 31  # zlib's wbits for a gzip member
#: Bytes a member may hold once inflated. A file that was compressed as a whole is one member.
LARGEST_MEMBER = 256 * 1024 * 1024


class NotByRecordError(Exception):
    """The file is not compressed record by record."""


@dataclass(frozen=True, kw_only=True)
class Member:
    offset: int  # of its first byte in the file
    raw: bytes = field(repr=False)
    content: bytes = field(repr=False)


def whole_members(path: Path) -> Iterator[Member]:
    """The members from the beginning; a torn one, and what follows it, is not among them.

    Raises:
        NotByRecordError: a member is larger than LARGEST_MEMBER.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        offset, rest = 0, b""
        while True:
            found = _next_member(file, rest, path)
            if found is None:
                return
            raw, content, rest = found
            yield Member(offset=offset, raw=raw, content=content)
            offset += len(raw)


def member_at(path: Path, offset: int) -> bytes:
    """The content of the member that begins at `offset`.

    Raises:
        EOFError: there is no whole member.
    """
    with path.open("rb") as file:
        file.seek(offset)
        found = _next_member(file, b"", path)
    if found is None:
        raise EOFError(f"{path} holds no whole gzip member at byte {offset}")
    return found[1]


def _next_member(file: BinaryIO, rest: bytes, path: Path) -> tuple[bytes, bytes, bytes] | None:
    """The next member's bytes, its content, and what was read beyond it."""
    inflate, raw, content = zlib.decompressobj(_GZIP), bytearray(), bytearray()
    while not inflate.eof:
        chunk = rest or file.read(_CHUNK)
        rest = b""
        if not chunk:
            return None
        try:
            content += inflate.decompress(chunk)
        except zlib.error:
            return None
        raw += chunk
        if len(content) > LARGEST_MEMBER:
            raise NotByRecordError(f"{path} is not compressed record by record; run: warcio recompress {path} NEW_FILE")
    beyond = inflate.unused_data
    return bytes(raw[: len(raw) - len(beyond)]), bytes(content), beyond
