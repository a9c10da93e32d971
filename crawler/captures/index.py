"""What stands where in a WARC file that is compressed record by record."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from warcio.exceptions import ArchiveLoadFailed

from crawler.captures.members import LARGEST_MEMBER, NotByRecordError, member_at, whole_members
from crawler.captures.reading import Name, StoredResponse, TornError, read_record, records_in

# Some crawlers compress a response together with its request and what they note of both. A file with more records in
# a member is one that was compressed as a whole: each of its responses would be looked for among all the others.
_MOST_RECORDS = 8


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a record stands: the gzip member that begins at `offset`, and which response of it."""

    path: Path
    offset: int
    nth: int = 0


def responses_in(path: Path) -> Iterator[tuple[Place, StoredResponse]]:
    """The readable response and revisit records in order.

    Raises:
        NotByRecordError: the file is compressed as a whole.
        OSError: it cannot be read.
    """
    for member in whole_members(path):
        for nth, response in enumerate(responses_of(path, member.content)):
            yield Place(path=path, offset=member.offset, nth=nth), response


def response_at(place: Place) -> StoredResponse:
    """
    Raises:
        EOFError: the file has changed since it was read.
        OSError: it cannot be read.
    """
    found = responses_of(place.path, member_at(place.path, place.offset))
    if len(found) <= place.nth:
        raise EOFError(f"{place.path} has no response at byte {place.offset} any more")
    return found[place.nth]


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    """A row of table `capture` for each response in a file of the ring. Redirects have none.

    Raises:
        NotByRecordError: the file is none of the ring's.
        OSError: it cannot be read.
    """
    digests: dict[Name, str] = {}
    for _, response in responses_in(path):
        if not 200 <= response.status < 300:
            continue
        if response.refers_to:
            digest = next((digests[name] for name in response.refers_to if name in digests), "")
        else:
            digest = hashlib.sha256(response.body).hexdigest()
        for name in response.names:
            digests.setdefault(name, digest)
        yield {"url": response.url, "digest": digest, "file": path.name, "at": response.at}


def responses_of(path: Path, content: bytes) -> list[StoredResponse]:
    """The readable responses among the records of a gzip member of the file `path`.

    Raises:
        NotByRecordError: there are more records than one compresses together.
    """
    found: list[StoredResponse] = []
    try:
        for number, record in enumerate(records_in(BytesIO(content)), start=1):
            if number > _MOST_RECORDS:
                raise NotByRecordError(path)
            found.extend(item for item in read_record(record, LARGEST_MEMBER) if isinstance(item, StoredResponse))
    except (ArchiveLoadFailed, TornError):
        return found
    return found
