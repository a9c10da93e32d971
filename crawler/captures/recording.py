"""Captures as a recording: what was answered at which address and when, and the sessions it falls into."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from crawler.captures.index import Place, response_at, responses_of
from crawler.captures.members import Gap, Member, parts_of
from crawler.captures.reading import Name, StoredResponse, begins_as_warc, no_warc
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
    names: tuple[Name, ...] = ()
    refers_to: tuple[Name, ...] = ()

    @property
    def order(self) -> tuple[datetime, int]:
        return self.at, self.number


@dataclass(frozen=True, kw_only=True)
class Session:
    """What was recorded in one go: by one run, as far as we know."""

    start: datetime
    end: datetime
    urls: frozenset[str]  # that answered in it
    is_run: bool  # of ours: each answer was kept for the one who asked


class Recording:
    """All takes of some files, by address and time. `faults`: what could not be read of the files, and why."""

    def __init__(self, takes: Iterable[Take], faults: Iterable[str] = ()) -> None:
        self.faults = tuple(faults)
        self.takes = tuple(sorted(takes, key=lambda take: take.order))
        self._by_url: defaultdict[str, list[Take]] = defaultdict(list)
        for take in self.takes:
            self._by_url[take.url].append(take)
        self._with_body: dict[Name, Take] = {}
        for take in self.takes:
            for name in take.names if not take.refers_to else ():
                self._with_body.setdefault(name, take)

    def answer(self, url: str, session: Session, *, nth: int = 0) -> Take | None:
        """What an address answered when it was asked for the nth time in a session, from 0.

        Where that was not recorded, and in another crawler's session, it is the last answer until the session's end.
        """
        takes = self._by_url.get(asked_url(url), [])
        until = bisect_right(takes, session.end, key=lambda take: take.at)
        since = bisect_left(takes, session.start, key=lambda take: take.at) if session.is_run else until
        return takes[min(since + nth, until - 1)] if until else None

    def read(self, take: Take) -> StoredResponse | None:
        """The answer; its body from the record that has it. None when that one is not among the takes.

        Raises:
            EOFError: the file was changed meanwhile.
            OSError: it cannot be read.
        """
        response = response_at(take.place)
        if not take.refers_to:
            return response
        other = next((self._with_body[name] for name in take.refers_to if name in self._with_body), None)
        return with_body(response, response_at(other.place).body) if other else None

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
        NotByRecordError: a file is compressed as a whole, or not at all.
        BrokenFileError: a file cannot be read.
        OSError: likewise.
    """
    takes: list[Take] = []
    faults: list[str] = []
    for path in paths:
        if not begins_as_warc(path):
            faults.append(no_warc(path))
            continue
        size = path.stat().st_size
        for part in parts_of(path):
            if isinstance(part, Member):
                takes += _takes_of(path, part, len(takes))
            else:
                faults.append(_told(path, part, size))
    return Recording(takes, faults=faults)


def _told(path: Path, gap: Gap, size: int) -> str:
    if gap.end >= size:
        return f"{path} ends in the middle of a record; what stands before it was replayed"
    span = f"bytes {gap.offset} to {gap.end - 1}"
    return f"{path} is damaged: no record can be read in {span}; what stands before and behind them was replayed"


def _takes_of(path: Path, member: Member, number: int) -> list[Take]:
    return [
        Take(
            url=response.url,
            at=response.at,
            number=number + nth,
            place=Place(path=path, offset=member.offset, nth=nth),
            names=response.names,
            refers_to=response.refers_to,
        )
        for nth, response in enumerate(responses_of(path, member.content))
    ]


def with_body(response: StoredResponse, body: bytes) -> StoredResponse:
    """A revisit record's response with the body of the record it refers to."""
    return replace(response, body=body, refers_to=())


def _parts(path: Path, takes: Sequence[Take]) -> Iterator[list[Take]]:
    part = [takes[0]]
    for before, take in pairwise(takes):
        if not is_ring_file(path.name) and take.at - before.at > _SILENCE:
            yield part
            part = []
        part.append(take)
    yield part


def _session(takes: Sequence[Take]) -> Session:
    return Session(
        start=takes[0].at,
        end=takes[-1].at,
        urls=frozenset(take.url for take in takes),
        is_run=is_ring_file(takes[0].place.path.name),
    )
