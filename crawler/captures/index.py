"""What stands where in a WARC file that is compressed record by record."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from crawler.captures.members import LARGEST_MEMBER, member_at, whole_members
from crawler.captures.reading import StoredResponse, TornError, read_record


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a record stands: the gzip member that begins at `offset`, and which response of it."""

    path: Path
    offset: int
    nth: int = 0


def responses_in(path: Path) -> Iterator[tuple[Place, StoredResponse]]:
    """The readable response and revisit records in order, up to the first gzip member that is not whole.

    Raises:
        NotByRecordError: the file is compressed as a whole.
        OSError: it cannot be read.
    """
    for member in whole_members(path):
        for nth, response in enumerate(responses_of(member.content)):
            yield Place(path=path, offset=member.offset, nth=nth), response


def response_at(place: Place) -> StoredResponse:
    """
    Raises:
        EOFError: the file has changed since it was read.
        OSError: it cannot be read.
    """
    found = responses_of(member_at(place.path, place.offset))
    if len(found) <= place.nth:
        raise EOFError(f"{place.path} has no response at byte {place.offset} any more")
    return found[place.nth]


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    """A row of table `capture` for each response in a file of the ring. Redirects have none.

    Raises:
        NotByRecordError: the file is none of the ring's.
        OSError: it cannot be read.
    """
    digests: dict[tuple[str, datetime], str] = {}
    for _, response in responses_in(path):
        if not 200 <= response.status < 300:
            continue
        if response.refers_to is None:
            digest = hashlib.sha256(response.body).hexdigest()
        else:
            digest = digests.get(response.refers_to, "")
        digests.setdefault(response.identity, digest)
        yield {"url": response.url, "digest": digest, "file": path.name, "at": response.at}


def responses_of(content: bytes) -> list[StoredResponse]:
    """The readable responses among the records of a gzip member."""
    found: list[StoredResponse] = []
    try:
        for record in ArchiveIterator(BytesIO(content)):
            found.extend(item for item in read_record(record, LARGEST_MEMBER) if isinstance(item, StoredResponse))
    except (ArchiveLoadFailed, TornError):
        return found
    return found
