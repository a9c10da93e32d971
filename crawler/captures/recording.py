"""Captures as a recording: what was answered at which address and when, and the sessions it falls into."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from crawler.captures.index import Place, response_at, responses_of
from crawler.captures.members import Member, whole_members
from crawler.captures.reading import StoredResponse
from crawler.captures.records import asked_url
from crawler.captures.upkeep import is_ring_file

# In a file that is not ours, a longer silence parts one visit of the network from the next.
_SILENCE = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class Take:
    """One recorded answer. Its body is read when it is asked for."""

    url: str
    at: datetime
    number: int  # in the order in which the files were written
    place: Place
    refers_to: tuple[str, datetime] | None = None

    @property
    def order(self) -> tuple[datetime, int]:
        return self.at, self.number


@dataclass(frozen=True, kw_only=True)
class Session:
    """What was recorded in one go: by one run, as far as we know."""

    start: datetime
    end: datetime
    urls: frozenset[str]  # that answered in it


class Recording:
    """All takes of some files, by address and time. `torn`: files that end in the middle of a record."""

    def __init__(self, takes: Iterable[Take], torn: Iterable[Path] = ()) -> None:
        self.torn = tuple(torn)
        self.takes = tuple(sorted(takes, key=lambda take: take.order))
        self._by_url: defaultdict[str, list[Take]] = defaultdict(list)
        for take in self.takes:
            self._by_url[take.url].append(take)

    def newest(self, url: str, until: datetime) -> Take | None:
        """The last answer of an address that is not later than `until`."""
        takes = self._by_url.get(asked_url(url), [])
        found = bisect_right(takes, until, key=lambda take: take.at)
        return takes[found - 1] if found else None

    def read(self, take: Take) -> StoredResponse | None:
        """The answer; its body from the record that has it. None when that one is not among the takes.

        Raises:
            EOFError: the file was changed meanwhile.
            OSError: it cannot be read.
        """
        response = response_at(take.place)
        if take.refers_to is None:
            return response
        url, at = take.refers_to
        for other in self._by_url.get(url, []):
            if other.at == at and other.refers_to is None:
                return with_body(response, response_at(other.place).body)
        return None

    def sessions(self) -> tuple[Session, ...]:
        """In order of time. A file of the ring is one run; another file is parted where it is silent for long."""
        by_file: defaultdict[Path, list[Take]] = defaultdict(list)
        for take in self.takes:
            by_file[take.place.path].append(take)
        parts = (part for path, takes in by_file.items() for part in _parts(path, takes))
        return tuple(sorted(map(_session, parts), key=lambda session: (session.start, session.end)))


def load_recording(paths: Sequence[Path]) -> Recording:
    """
    Raises:
        NotByRecordError: a file is compressed as a whole.
        OSError: a file cannot be read.
    """
    takes: list[Take] = []
    torn: list[Path] = []
    for path in paths:
        end = 0
        for member in whole_members(path):
            end = member.offset + len(member.raw)
            takes += _takes_of(path, member, len(takes))
        if end < path.stat().st_size:
            torn.append(path)
    return Recording(takes, torn=torn)


def _takes_of(path: Path, member: Member, number: int) -> list[Take]:
    return [
        Take(
            url=response.url,
            at=response.at,
            number=number + nth,
            place=Place(path=path, offset=member.offset, nth=nth),
            refers_to=response.refers_to,
        )
        for nth, response in enumerate(responses_of(member.content))
    ]


def with_body(response: StoredResponse, body: bytes) -> StoredResponse:
    """A revisit record's response with the body of the record it refers to."""
    return StoredResponse(url=response.url, at=response.at, status=response.status, headers=response.headers, body=body)


def _parts(path: Path, takes: Sequence[Take]) -> Iterator[list[Take]]:
    part = [takes[0]]
    for before, take in pairwise(takes):
        if not is_ring_file(path.name) and take.at - before.at > _SILENCE:
            yield part
            part = []
        part.append(take)
    yield part


def _session(takes: Sequence[Take]) -> Session:
    return Session(start=takes[0].at, end=takes[-1].at, urls=frozenset(take.url for take in takes))
