"""The gzip members of a WARC file whose records are compressed one by one, as ours are."""

import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

_CHUNK = 1 << 16
_GZIP = 31  # zlib's wbits for a gzip member
_MAGIC = b"\x1f\x8b\x08"  # of gzip with deflate, https://www.rfc-editor.org/rfc/rfc1952
_RECORD = b"WARC/"  # what a record begins with
#: Bytes a member may hold once inflated. A file that was compressed as a whole is one member.
LARGEST_MEMBER = 256 * 1024 * 1024


class NotByRecordError(Exception):
    """The file is not compressed record by record."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is not compressed record by record; run: warcio recompress {path} NEW_FILE")


@dataclass(frozen=True, kw_only=True)
class Member:
    """A whole member that begins with a record."""

    offset: int  # of its first byte in the file
    raw: bytes = field(repr=False)
    content: bytes = field(repr=False)

    @property
    def end(self) -> int:
        return self.offset + len(self.raw)


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Bytes in which no whole member stands: torn ones, damaged ones, or something else altogether."""

    offset: int
    end: int


def parts_of(path: Path) -> Iterator[Member | Gap]:
    """All bytes of the file, in order. Behind a gap it goes on with the next whole member there is.

    Raises:
        NotByRecordError: a member is larger than LARGEST_MEMBER, or the file is not compressed at all.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        if file.read(len(_RECORD)) == _RECORD:
            raise NotByRecordError(path)
        offset, size = 0, file.seek(0, os.SEEK_END)
        while offset < size:
            part: Member | Gap | None = _member_from(file, offset, path)
            if part is None:
                part = Gap(offset=offset, end=_next_start(file, offset + 1, path) or size)
            yield part
            offset = part.end


def whole_members(path: Path) -> Iterator[Member]:
    """The members; what lies between them is left out.

    Raises:
        NotByRecordError: see `parts_of`.
        OSError: the file cannot be read.
    """
    return (part for part in parts_of(path) if isinstance(part, Member))


def member_at(path: Path, offset: int) -> bytes:
    """The content of the member that begins at `offset`.

    Raises:
        EOFError: there is no whole member.
    """
    with path.open("rb") as file:
        found = _member_from(file, offset, path)
    if found is None:
        raise EOFError(f"{path} holds no whole gzip member at byte {offset}")
    return found.content


def _member_from(file: BinaryIO, offset: int, path: Path) -> Member | None:
    """The member that begins at `offset`, when it is whole and begins with a record."""
    inflate, raw, content = zlib.decompressobj(_GZIP), bytearray(), bytearray()
    file.seek(offset)
    while not inflate.eof:
        chunk = file.read(_CHUNK)
        if not chunk:
            return None
        try:
            content += inflate.decompress(chunk)
        except zlib.error:
            return None
        raw += chunk
        if content and not content.startswith(_RECORD[: len(content)]):
            return None
        if len(content) > LARGEST_MEMBER:
            raise NotByRecordError(path)
    if not content.startswith(_RECORD):
        return None
    return Member(offset=offset, raw=bytes(raw[: len(raw) - len(inflate.unused_data)]), content=bytes(content))


def _next_start(file: BinaryIO, offset: int, path: Path) -> int | None:
    """Where the first whole member at or behind `offset` begins."""
    for start in _magics(file, offset):
        if _member_from(file, start, path) is not None:
            return start
    return None


def _magics(file: BinaryIO, offset: int) -> Iterator[int]:
    """Where something begins as a gzip member does, at or behind `offset`."""
    before = b""  # the end of a chunk may be the beginning of a magic
    while True:
        file.seek(offset)
        chunk = file.read(_CHUNK)
        if not chunk:
            return
        window, start = before + chunk, offset - len(before)
        found = window.find(_MAGIC)
        while found >= 0:
            yield start + found
            found = window.find(_MAGIC, found + 1)
        before = window[-len(_MAGIC) + 1 :]
        offset += len(chunk)
