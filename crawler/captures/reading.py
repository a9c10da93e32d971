"""WARC files → the HTTP responses in them, one at a time. Any WARC: ours, or another crawler's."""

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from warcio.archiveiterator import ArchiveIterator
from warcio.bufferedreaders import ChunkedDataReader
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord, ArcWarcRecordLoader
from warcio.statusandheaders import StatusAndHeadersParserException
from warcio.timeutils import iso_date_to_datetime

from crawler.captures.records import asked_url
from crawler.text import clean

#: What kind of name a record may be referred to by, and which it is.
Name = tuple[str, str]
_GZIP_MAGIC = b"\x1f\x8b"
_RECORD = b"WARC/"  # what a record begins with
_HTTP = ("http://", "https://")
_RECORD_END = b"\r\n\r\n"
_LONGEST_FAULT = 300  # characters; it may quote the file
_CHUNK_MARKS = 64 * 1024  # of a body as it was sent


class BrokenFileError(Exception):
    """The file cannot be read, or not to its end. The message names it and says what to do."""


@dataclass(frozen=True, kw_only=True)
class StoredResponse:
    """A response or revisit record.

    `body` is as its Content-Encoding says, the chunks of its transfer undone. It is empty where it is larger than
    the reader's limit (`too_large`), and where it stands in another record: that one has one of the names in
    `refers_to`, of which the first that is found is the surest.
    """

    url: str
    at: datetime
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)
    too_large: bool = False
    names: tuple[Name, ...] = ()
    refers_to: tuple[Name, ...] = ()

    def header(self, name: str) -> str:
        """The value of a header, its name in any case; "" when it is not there."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """A response record that lacks what a response must have."""

    url: str
    why: str


def stream_responses(path: Path, max_body: int) -> Iterator[StoredResponse | Unreadable]:
    """The response and revisit records in order. Memory does not grow with the file.

    Args:
        path: a .warc or .warc.gz file, compressed by record or as a whole.
        max_body: bytes; a larger body is not read.

    Raises:
        BrokenFileError: no WARC file, or one that breaks off; everything before that place was yielded.
    """
    if not begins_as_warc(path):
        raise BrokenFileError(no_warc(path))
    # One is held back until what follows it was read: only then its checksum is known to be right.
    held: list[StoredResponse | Unreadable] = []
    try:
        with _opened(path) as file:
            for record in records_in(file):
                whole, held = held, []
                yield from whole
                held = list(read_record(record, max_body))
        _check_end(path)
    except (ArchiveLoadFailed, TornError, OSError, OverflowError) as error:  # the last: of a length of 20 digits
        if not isinstance(error, DamagedError):
            yield from held
        told = clean(str(error))[:_LONGEST_FAULT] or type(error).__name__
        raise BrokenFileError(f"{path} cannot be read further: {told}; fetch or copy the file again") from error
    yield from held


def records_in(file: Any) -> ArchiveIterator:
    """The records of an open file."""
    records = ArchiveIterator(file)
    records.loader = _Loader()
    return records


class _Loader(ArcWarcRecordLoader):  # type: ignore[misc]  # warcio has no types
    """warcio's, which takes it for granted that a response has an address and begins as HTTP does."""

    def load_http_headers(self, rec_type: str, uri: str | None, stream: Any, length: int | None) -> Any:
        try:
            return super().load_http_headers(rec_type, uri or "", stream, length)
        except StatusAndHeadersParserException:  # one record's, and no reason to leave the others
            return None


def read_record(record: ArcWarcRecord, max_body: int) -> Iterator[StoredResponse | Unreadable]:
    """The response in a record, where it is one.

    Raises:
        TornError: the record is shorter than it says.
    """
    found = record.rec_headers.get_header
    url = found("WARC-Target-URI") or ""
    if record.rec_type in {"response", "revisit"} and not url:
        yield Unreadable(url="", why="a record that does not say of which address it is")
        return
    if record.rec_type not in {"response", "revisit"}:
        return
    if record.http_headers is None:
        if record.rec_type == "response" and url.startswith(_HTTP) and record.length:
            yield Unreadable(url=url, why="what it holds does not begin as an HTTP response does")
        return
    try:
        asked = asked_url(url)
        status = int(record.http_headers.get_statuscode())
        at = _date(found("WARC-Date"))
        refers_to = _reference(record) if record.rec_type == "revisit" else ()
    except ValueError as error:
        yield Unreadable(url=url, why=clean(str(error))[:_LONGEST_FAULT])
        return
    if record.rec_type == "revisit" and not refers_to:
        yield Unreadable(url=url, why="a revisit record that does not say which record has its body")
        return
    too_large = record.payload_length > max_body + _CHUNK_MARKS
    yield StoredResponse(
        url=asked,
        at=at,
        status=status,
        headers=tuple(record.http_headers.headers),
        body=b"" if too_large or refers_to else _body(record),
        too_large=too_large,
        names=_names(found("WARC-Record-ID"), asked, at, found("WARC-Payload-Digest")),
        refers_to=refers_to,
    )


def _body(record: ArcWarcRecord) -> bytes:
    block: bytes = record.raw_stream.read()
    if len(block) < record.payload_length:
        raise TornError("it ends in the middle of a record")
    if (record.http_headers.get_header("Transfer-Encoding") or "").lower() == "chunked":
        # Written by crawlers that keep the bytes of the wire; a block without chunk marks is taken as it is.
        block = ChunkedDataReader(BytesIO(block)).read()
    return block


def _date(text: str | None) -> datetime:
    """
    Raises:
        ValueError: it is none.
    """
    try:
        moment: datetime = iso_date_to_datetime(text or "", tz_aware=True)
    except (ValueError, TypeError) as error:
        raise ValueError(f"its WARC-Date is {text!r}") from error
    return moment.astimezone(UTC)


def _reference(record: ArcWarcRecord) -> tuple[Name, ...]:
    """The names of the record that has the body. Writers of WARC 1.0 give an id or a digest, if anything.

    Raises:
        ValueError: the date it names is none.
    """
    found = record.rec_headers.get_header
    url, date = found("WARC-Refers-To-Target-URI"), found("WARC-Refers-To-Date")
    at = _date(date) if url and date else None
    return _names(found("WARC-Refers-To"), asked_url(url or ""), at, found("WARC-Payload-Digest"))


def _names(record_id: str | None, url: str, at: datetime | None, digest: str | None) -> tuple[Name, ...]:
    """The surest first: an id is one record's, at an address several may stand with one time, a body is anybody's."""
    place = f"{url} {at.isoformat()}" if at else ""
    return tuple((kind, name) for kind, name in (("id", record_id), ("place", place), ("digest", digest)) if name)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    if _is_packed(path):
        with gzip.open(path) as packed:
            yield _Whole(packed)
    else:
        with path.open("rb") as file:
            yield file


def begins_as_warc(path: Path) -> bool:
    """Whether a record stands at the file's beginning, or may have stood there: the gzip member is damaged.

    Raises:
        BrokenFileError: the file cannot be read.
    """
    try:
        with gzip.open(path) if _is_packed(path) else path.open("rb") as file:
            return file.read(len(_RECORD)) == _RECORD
    except OSError as error:
        if isinstance(error, gzip.BadGzipFile):
            return True
        raise BrokenFileError(f"{path} cannot be read: {error.strerror or error}") from error
    except (EOFError, zlib.error):
        return True


def no_warc(path: Path) -> str:
    return f"{path} is no WARC file; .warc and .warc.gz are read"


def _is_packed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC


def _check_end(path: Path) -> None:
    """
    Raises:
        TornError: the file is not packed, and its end is not that of a record. (gzip knows its end itself.)
    """
    if _is_packed(path):
        return
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - len(_RECORD_END)))
        if file.read() != _RECORD_END:
            raise TornError("it ends in the middle of a record")


class TornError(Exception):
    """The file ends, or its compression breaks, before a record does."""


class DamagedError(TornError):
    """What was read last is not what was written."""


class _Whole:
    """A gzip stream whose breaking off is an error of its own: warcio takes an EOFError for the end of the file."""

    def __init__(self, file: gzip.GzipFile) -> None:
        self._file = file
        self._offset = 0

    def tell(self) -> int:
        return self._offset

    def read(self, size: int) -> bytes:
        try:
            found = self._file.read1(size)  # a full read would lose what stands before the breach
        except gzip.BadGzipFile as error:
            # The same exception tells of bytes behind a member, which say nothing about that one.
            about_the_member = any(words in str(error) for words in ("CRC check failed", "Incorrect length"))
            raise (DamagedError if about_the_member else TornError)(str(error)) from error
        except (EOFError, zlib.error) as error:
            raise TornError(str(error)) from error
        self._offset += len(found)
        return found
