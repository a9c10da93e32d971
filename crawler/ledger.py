"""The ledger: every announced URL once, from first sight to its one outcome.

Each method is one transaction. Where an outcome is stored together with an article, the archive opens the
transaction and calls `end_entry` in it.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    bindparam,
    case,
    func,
    not_,
    null,
    or_,
    select,
    true,
    update,
)

from crawler import books, traffic
from crawler.database import Database, insert_for
from crawler.items import Dating, Ended, Entry, HostMemory, PendingEntry, Postponed
from crawler.outcomes import Outcome
from crawler.polling import FURTHEST_HOLD, LONGEST_BACKOFF
from crawler.silences import is_paused
from crawler.tables import endpoint, entry, host, sighting
from crawler.traffic import Asked, Cost


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The right to visit a host: lost when the token in its row is another."""

    host: str
    token: str
    generation: int


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Whose entries are taken up.

    An entry belongs to the source that announced it first. When that one is not watched any more, a watched source
    that announces it too lends its rules, and the entry is still fetched.
    """

    sources: frozenset[str]  # crawled in this run
    watched: frozenset[str]  # all that are enabled
    tries_silent: bool = False  # also what waits at origins that do not answer, before their pause is over


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A host's entries that are to be fetched."""

    newest: int  # the highest id among them
    since: datetime  # when the first of them could have been


class AlreadyEndedError(Exception):
    """The entry has its outcome, and an outcome never changes. The caller's result is to be dropped."""


class Ledger:
    def __init__(self, database: Database) -> None:
        self.database = database

    # -- hosts -----------------------------------------------------------------------------------------------------

    def hosts_with_pending(self, now: datetime, scope: Scope, after: Mapping[str, int]) -> dict[str, Waiting]:
        """Hosts with entries to fetch; those whose entries are not newer than `after` says are left out."""
        since = func.coalesce(entry.c.next_try, entry.c.first_seen, type_=entry.c.first_seen.type)
        with self.database.read() as connection:
            rows = connection.execute(
                select(entry.c.host, func.max(entry.c.id).label("newest"), func.min(since).label("since"))
                .where(_is_due(), is_to_be_asked(scope), _reader(scope).is_not(None))
                .group_by(entry.c.host),
                moments(now),
            )
            return {
                row.host: Waiting(newest=row.newest, since=row.since)
                for row in rows
                if row.newest > after.get(row.host, 0)
            }

    def claim(self, name: str, *, now: datetime, lease: timedelta) -> Lease | None:
        """Take the host, unless somebody else visits it."""
        token = secrets.token_hex(16)
        with self.database.write() as connection:
            ensure_host(connection, name)
            taken = connection.execute(
                update(host)
                .where(
                    host.c.name == name,
                    or_(host.c.lease_until.is_(None), host.c.lease_until <= now),
                )
                .values(lease_token=token, lease_until=now + lease, generation=host.c.generation + 1)
            )
            if taken.rowcount != 1:
                return None
            row = connection.execute(select(host).where(host.c.name == name)).mappings().one()
        return Lease(host=name, token=token, generation=row["generation"])

    def end_visit(self, run: int, lease: Lease, costs: Mapping[Asked, Cost], notes: Sequence[tuple[str, str]]) -> None:
        """Give the host back, and book what the visit cost and what there is to tell.

        Args:
            run: the run's number.
            lease: as claimed; a host that somebody else has claimed since is left alone.
            costs: what was asked of whom and is not booked yet.
            notes: (source, text).
        """
        with self.database.write() as connection:
            traffic.book(connection, run, costs)
            for source, text in notes:
                books.add_error(connection, run, source, text)
            connection.execute(
                update(host)
                .where(host.c.name == lease.host, host.c.lease_token == lease.token)
                .values(lease_token="", lease_until=None)
            )

    def book(self, run: int, costs: Mapping[Asked, Cost]) -> None:
        """Book what a visit that goes on has cost so far."""
        with self.database.write() as connection:
            traffic.book(connection, run, costs)

    def host_memory(self, host_name: str) -> HostMemory:
        with self.database.read() as connection:
            row = connection.execute(select(host).where(host.c.name == host_name)).mappings().one_or_none()
        return HostMemory() if row is None else _memory_in(row)

    def host_memories(self) -> dict[str, HostMemory]:
        """Of every host that is known."""
        with self.database.read() as connection:
            return {row["name"]: _memory_in(row) for row in connection.execute(select(host)).mappings()}

    def remember_hosts(self, memories: Mapping[str, HostMemory]) -> None:
        """Store when hosts were last asked, and until when they want to be left alone.

        A later wish, which another process may have heard meanwhile, stays; not one that is of a wrong clock.
        """
        with self.database.write() as connection:
            for name, memory in memories.items():
                values = {"last_request_at": memory.last_request, "next_due": memory.not_before}
                made = insert_for(connection)(host).values(name=name, **values)
                at = max(filter(None, values.values()), default=None)
                stays = host.c.next_due.between(at, at + FURTHEST_HOLD) if at else host.c.next_due.is_not(None)
                following = case((stays, host.c.next_due), else_=made.excluded.next_due)
                raised = {**values, "next_due": following}
                connection.execute(made.on_conflict_do_update(index_elements=["name"], set_=raised))

    # -- entries ---------------------------------------------------------------------------------------------------

    def pending(self, name: str, *, now: datetime, scope: Scope, after: int = 0) -> list[PendingEntry]:
        """The host's entries that are due, oldest row first; only those with an id above `after`."""
        given = {**moments(now), "name": name, "after": after}
        with self.database.read() as connection:
            rows = connection.execute(_pending_of(scope), given).mappings()
            return [pending_entry(row, row["reader"]) for row in rows]

    def end(self, run: int, ended: Ended) -> None:
        """
        Raises:
            AlreadyEndedError: it has an outcome.
        """
        with self.database.write() as connection:
            end_entry(connection, run, ended.pending, ended.outcome, reason=ended.reason, now=ended.at)

    def postpone(self, postponed: Postponed) -> None:
        with self.database.write() as connection:
            connection.execute(
                update(entry)
                .where(entry.c.id == postponed.pending.id, entry.c.outcome.is_(None))
                .values(
                    attempts=entry.c.attempts + postponed.weight,
                    next_try=postponed.next_try,
                    last_error=postponed.reason,
                )
            )


def _memory_in(row: RowMapping) -> HostMemory:
    return HostMemory(last_request=row["last_request_at"], not_before=row["next_due"])


def end_entry(
    connection: Connection, run: int, pending: PendingEntry, outcome: Outcome, *, reason: str, now: datetime
) -> None:
    """Give a pending entry its outcome, and count it, in the caller's transaction.

    Raises:
        AlreadyEndedError: it has one.
    """
    changed = connection.execute(
        update(entry)
        .where(entry.c.id == pending.id, entry.c.outcome.is_(None))
        .values(outcome=outcome.value, reason=reason, ended=now, ended_run=run)
    )
    if changed.rowcount != 1:
        raise AlreadyEndedError(f"entry {pending.id} ({pending.entry.key}) has its outcome already")
    owner = connection.scalars(select(entry.c.source).where(entry.c.id == pending.id)).one()
    books.add(connection, run, owner, **{outcome.value: 1})


@lru_cache(maxsize=8)
def _pending_of(scope: Scope) -> Select[Any]:
    # Every visit asks it twice, and to put it together takes longer than to answer it.
    reader = _reader(scope)
    return (
        select(entry, reader.label("reader"))
        .where(_is_due(), is_to_be_asked(scope), entry.c.host == bindparam("name"))
        .where(reader.is_not(None), entry.c.id > bindparam("after"))
        .order_by(entry.c.id)
    )


def _is_due() -> ColumnElement[bool]:
    """At `now`; `too_far` is further away from it than any back-off: it was set by a clock that was wrong."""
    next_try = entry.c.next_try
    when = or_(next_try.is_(None), next_try <= bindparam("now"), next_try > bindparam("too_far"))
    return and_(entry.c.outcome.is_(None), when)


def is_to_be_asked(scope: Scope) -> ColumnElement[bool]:
    """Whether the origin of an entry may be asked at `now`, by what is known of its silence."""
    return true() if scope.tries_silent else not_(is_paused())


def moments(now: datetime) -> dict[str, datetime]:
    """What the conditions on entries are told of the time."""
    return {"now": now, "too_far": now + LONGEST_BACKOFF}


def _reader(scope: Scope) -> ColumnElement[str | None]:
    """The source by whose rules an entry is read in this run, or null when it is none of ours."""
    announces_too = (
        select(endpoint.c.source)
        .join(sighting, sighting.c.endpoint == endpoint.c.id)
        .where(sighting.c.key == entry.c.key, endpoint.c.source.in_(scope.sources))
        .order_by(sighting.c.first_seen, endpoint.c.id)
        .limit(1)
        .scalar_subquery()
    )
    return case(
        (entry.c.source.in_(scope.sources), entry.c.source),
        (entry.c.source.in_(scope.watched), null()),
        else_=announces_too,
    )


def ensure_host(connection: Connection, name: str) -> None:
    """A row for the host, if it has none."""
    connection.execute(insert_for(connection)(host).values(name=name).on_conflict_do_nothing())


def pending_entry(row: Mapping[Any, Any], reader: str) -> PendingEntry:
    """A row of table `entry`, to be read by the rules of the source `reader`."""
    return PendingEntry(
        id=row["id"],
        source=reader,
        host=row["host"],
        first_seen=row["first_seen"],
        attempts=row["attempts"],
        backlog=row["backlog"],
        entry=Entry(
            key=row["key"],
            url=row["url"],
            title=row["title"],
            summary=row["summary"],
            authors=tuple(row["authors"]),
            published=Dating.from_json(row["published"]) if row["published"] else None,
            original_url=row["original_url"],
        ),
    )
