"""The request ledger: how often each domain was asked and how much it sent, by day and source.

A request is counted when it leaves, and booked with its visit: in the transaction that raises the books of the run by
the same numbers. A long visit is booked on its way, so that a process that dies forgets MOST_UNBOOKED requests of its
run at most.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, select

from crawler import books
from crawler.database import Database, insert_for
from crawler.tables import traffic

MOST_UNBOOKED = 20  # also by how much a source's budget may be exceeded on a day on which a process died
KEPT_FOR = timedelta(days=400)  # so that a month can be held against the same one of the year before
_BOOKED = select(func.coalesce(func.sum(traffic.c.requests), 0)).where(
    traffic.c.day == bindparam("day"), traffic.c.source == bindparam("source")
)


class Asked(NamedTuple):
    """Who asked whom, and on which day."""

    day: date  # in the installation's zone
    source: str
    host: str  # crawler.urls.host_of: the one really asked, also behind a redirect


@dataclass(frozen=True, kw_only=True)
class Cost:
    requests: int = 0
    bytes: int = 0  # of the bodies


class Traffic:
    """What a run asks: the part of it that is not booked yet, on top of what the database knows.

    Args:
        database: where it is booked.
        today: the day in the installation's zone.
    """

    def __init__(self, database: Database, today: Callable[[], date]) -> None:
        self._database = database
        self._today = today
        self._requests: Counter[Asked] = Counter()
        self._bytes: Counter[Asked] = Counter()

    def count_request(self, source: str, host: str) -> None:
        self._requests[Asked(self._today(), source, host)] += 1

    def count_bytes(self, source: str, host: str, size: int) -> None:
        self._bytes[Asked(self._today(), source, host)] += size

    @property
    def is_to_be_booked(self) -> bool:
        return self._requests.total() >= MOST_UNBOOKED

    def requests_today(self, source: str) -> int:
        """Of all runs and processes, as far as they are booked, and of this one."""
        day = self._today()
        mine = sum(count for asked, count in self._requests.items() if (asked.day, asked.source) == (day, source))
        with self._database.read() as connection:
            return booked_requests(connection, day, source) + mine

    @contextmanager
    def booking(self) -> Iterator[Mapping[Asked, Cost]]:
        """What is not booked yet; it is, once the block has ended well."""
        yield {
            asked: Cost(requests=self._requests[asked], bytes=self._bytes[asked])
            for asked in sorted(self._requests | self._bytes)
        }
        self._requests.clear()
        self._bytes.clear()


def book(connection: Connection, run: int, costs: Mapping[Asked, Cost]) -> None:
    """Add what a run asked to the request ledger, and to the run's books."""
    add(connection, costs)
    by_source: dict[str, list[Cost]] = defaultdict(list)
    for asked, cost in costs.items():
        by_source[asked.source].append(cost)
    for source, spent in by_source.items():
        books.add(
            connection,
            run,
            source,
            requests=sum(cost.requests for cost in spent),
            bytes=sum(cost.bytes for cost in spent),
        )


def add(connection: Connection, costs: Mapping[Asked, Cost]) -> None:
    """Add to the request ledger alone what was asked outside its runs."""
    for asked, cost in costs.items():
        made = insert_for(connection)(traffic).values(**asked._asdict(), requests=cost.requests, bytes=cost.bytes)
        raised = {name: traffic.c[name] + made.excluded[name] for name in ("requests", "bytes")}
        connection.execute(made.on_conflict_do_update(index_elements=[*Asked._fields], set_=raised))


def booked_requests(connection: Connection, day: date, source: str) -> int:
    found: int = connection.execute(_BOOKED, {"day": day, "source": source}).scalar_one()
    return found


def all_booked(connection: Connection) -> dict[Asked, Cost]:
    """The whole request ledger."""
    return {
        Asked(row.day, row.source, row.host): Cost(requests=row.requests, bytes=row.bytes)
        for row in connection.execute(select(traffic))
    }


def forget_old(database: Database, today: date) -> None:
    """Let go what is older than KEPT_FOR."""
    old = traffic.c.day < today - KEPT_FOR
    with database.read() as connection:  # most runs have nothing to write
        if connection.execute(select(traffic.c.day).where(old).limit(1)).first() is None:
            return
    with database.write() as connection:
        connection.execute(delete(traffic).where(old))
