"""The ledger: every announced URL once, from first sight to its one outcome.

Each method is one transaction. Where an outcome is stored together with an article, the archive opens the
transaction and calls `end_entry` in it.
"""

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update

from crawler import books
from crawler.database import Database, insert_for
from crawler.items import Dating, Ended, Entry, PendingEntry, Poll, Postponed
from crawler.outcomes import Outcome, PollOutcome
from crawler.tables import endpoint, entry, host, sighting
from crawler.urls import host_of

_BATCH = 500  # keys in one IN (…)


@dataclass(frozen=True, kw_only=True)
class EndpointState:
    """What is remembered of an endpoint between polls."""

    id: int
    source: str
    url: str
    host: str
    etag: str
    last_modified: str
    body_hash: str
    first_polled: datetime | None
    next_due: datetime | None
    failures: float


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The right to visit a host: lost when the token in its row is another."""

    host: str
    token: str
    generation: int
    last_request_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class PollResult:
    outcome: PollOutcome
    found: int
    known: int


class AlreadyEndedError(Exception):
    """The entry has its outcome, and an outcome never changes. The caller's result is to be dropped."""


class Ledger:
    def __init__(self, database: Database) -> None:
        self.database = database

    # -- endpoints -------------------------------------------------------------------------------------------------

    def declare_endpoints(self, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], EndpointState]:
        """Make rows for the (source, url) pairs that have none; return the state of all that were named."""
        pairs = list(wanted)
        with self.database.write() as connection:
            known = {(row.source, row.url) for row in connection.execute(select(endpoint.c.source, endpoint.c.url))}
            for source, url in pairs:
                if (source, url) not in known:
                    connection.execute(insert(endpoint).values(source=source, url=url, host=host_of(url)))
                    _ensure_host(connection, host_of(url))
            rows = connection.execute(select(endpoint)).mappings().all()
        states = {(row["source"], row["url"]): _endpoint_state(row) for row in rows}
        return {pair: states[pair] for pair in pairs}

    def record_poll(
        self, run: int, state: EndpointState, poll: Poll, *, now: datetime, next_due: datetime, max_age: timedelta
    ) -> PollResult:
        """Store what a poll brought and the endpoint's new state, together or not at all."""
        with self.database.write() as connection:
            first = _first_of_each_key(poll.entries)
            known_keys = _known_keys(connection, first)
            fresh = [item for key, item in first.items() if key not in known_keys]
            _note_sightings(connection, state.id, first, now)
            for item in fresh:
                _insert_entry(connection, run, state, item, now, max_age)
            known = len(poll.entries) - len(fresh)
            books.add(connection, run, state.source, found=len(fresh), known=known, polls=1)
            outcome = PollOutcome.NEW if fresh else PollOutcome.KNOWN
            _update_endpoint(
                connection,
                state,
                now,
                outcome,
                etag=poll.etag,
                last_modified=poll.last_modified,
                body_hash=poll.body_hash,
                first_polled=state.first_polled or now,
                next_due=next_due,
                **({"last_new": now} if fresh else {}),
            )
        return PollResult(outcome=outcome, found=len(fresh), known=known)

    def record_unchanged(self, run: int, state: EndpointState, *, now: datetime, next_due: datetime) -> None:
        with self.database.write() as connection:
            books.add(connection, run, state.source, polls=1)
            _update_endpoint(connection, state, now, PollOutcome.UNCHANGED, next_due=next_due)

    def record_poll_failure(
        self, run: int, state: EndpointState, *, error: str, weight: float, now: datetime, next_due: datetime
    ) -> None:
        with self.database.write() as connection:
            books.add(connection, run, state.source, polls=1, polls_failed=1)
            books.set_error(connection, run, state.source, f"{state.url}: {error}")
            connection.execute(
                update(endpoint)
                .where(endpoint.c.id == state.id)
                .values(
                    last_polled=now,
                    next_due=next_due,
                    failures=endpoint.c.failures + weight,
                    last_outcome=PollOutcome.FAILED.value,
                    last_error=error,
                )
            )

    # -- hosts -----------------------------------------------------------------------------------------------------

    def hosts_with_pending(self, now: datetime, sources: Collection[str], after: Mapping[str, int]) -> dict[str, int]:
        """Hosts with entries to fetch → the newest such entry's id; those not newer than `after` says are left out."""
        with self.database.read() as connection:
            rows = connection.execute(
                select(entry.c.host, func.max(entry.c.id))
                .where(_is_due(now), entry.c.source.in_(list(sources)))
                .group_by(entry.c.host)
            )
            return {name: newest for name, newest in rows if newest > after.get(name, 0)}

    def claim(self, name: str, *, now: datetime, lease: timedelta) -> Lease | None:
        """Take the host, unless it is to be left alone until later or somebody else visits it."""
        token = secrets.token_hex(16)
        with self.database.write() as connection:
            _ensure_host(connection, name)
            taken = connection.execute(
                update(host)
                .where(
                    host.c.name == name,
                    or_(host.c.next_due.is_(None), host.c.next_due <= now),
                    or_(host.c.lease_until.is_(None), host.c.lease_until <= now),
                )
                .values(lease_token=token, lease_until=now + lease, generation=host.c.generation + 1)
            )
            if taken.rowcount != 1:
                return None
            row = connection.execute(select(host).where(host.c.name == name)).mappings().one()
        return Lease(host=name, token=token, generation=row["generation"], last_request_at=row["last_request_at"])

    def release(
        self, lease: Lease, *, last_request_at: datetime | None, not_before: datetime | None, error: str
    ) -> None:
        """End the visit. `not_before`: leave the host alone until then (Retry-After)."""
        with self.database.write() as connection:
            connection.execute(
                update(host)
                .where(host.c.name == lease.host, host.c.lease_token == lease.token)
                .values(
                    lease_token="",
                    lease_until=None,
                    next_due=not_before,
                    failures=host.c.failures + 1 if error else 0.0,
                    last_error=error,
                    last_request_at=last_request_at or lease.last_request_at,
                )
            )

    # -- entries ---------------------------------------------------------------------------------------------------

    def pending(self, name: str, *, now: datetime, sources: Collection[str], after: int = 0) -> list[PendingEntry]:
        """The host's entries that are due, oldest row first; only those with an id above `after`."""
        with self.database.read() as connection:
            rows = connection.execute(
                select(entry)
                .where(_is_due(now), entry.c.host == name, entry.c.source.in_(list(sources)), entry.c.id > after)
                .order_by(entry.c.id)
            ).mappings()
            return [_pending_entry(row) for row in rows]

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

    def add_traffic(self, run: int, traffic: Mapping[str, tuple[int, int]]) -> None:
        """Add (requests, bytes) per source to the run's books."""
        with self.database.write() as connection:
            for source, (requests, size) in traffic.items():
                books.add(connection, run, source, requests=requests, bytes=size)


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
    books.add(connection, run, pending.source, **{outcome.value: 1})


def _is_due(now: datetime) -> ColumnElement[bool]:
    return and_(entry.c.outcome.is_(None), or_(entry.c.next_try.is_(None), entry.c.next_try <= now))


def _ensure_host(connection: Connection, name: str) -> None:
    connection.execute(insert_for(connection)(host).values(name=name).on_conflict_do_nothing())


def _first_of_each_key(entries: Sequence[Entry]) -> dict[str, Entry]:
    first: dict[str, Entry] = {}
    for item in entries:
        first.setdefault(item.key, item)
    return first


def _known_keys(connection: Connection, keys: Collection[str]) -> set[str]:
    listed = list(keys)
    known: set[str] = set()
    for start in range(0, len(listed), _BATCH):
        known.update(connection.scalars(select(entry.c.key).where(entry.c.key.in_(listed[start : start + _BATCH]))))
    return known


def _note_sightings(connection: Connection, endpoint_id: int, keys: Iterable[str], now: datetime) -> None:
    rows = [{"endpoint": endpoint_id, "key": key, "first_seen": now, "last_seen": now} for key in keys]
    if rows:
        statement = insert_for(connection)(sighting)
        connection.execute(
            statement.on_conflict_do_update(index_elements=["endpoint", "key"], set_={"last_seen": now}), rows
        )


def _insert_entry(
    connection: Connection, run: int, state: EndpointState, item: Entry, now: datetime, max_age: timedelta
) -> None:
    name = host_of(item.url)
    _ensure_host(connection, name)
    inserted = connection.execute(
        insert(entry).values(
            key=item.key,
            source=state.source,
            endpoint=state.id,
            host=name,
            url=item.url,
            original_url=item.original_url,
            title=item.title,
            summary=item.summary,
            authors=list(item.authors),
            published=item.published.to_json() if item.published else None,
            first_seen=now,
            first_run=run,
            backlog=state.first_polled is None,
        )
    )
    if item.published is not None and now - item.published.at > max_age:
        row = connection.execute(
            select(entry).where(entry.c.id == inserted.inserted_primary_key[0])  # type: ignore[index]
        ).mappings()
        reason = f"published {item.published.at.isoformat()}, older than the source's limit of {max_age.days} days"
        end_entry(connection, run, _pending_entry(row.one()), Outcome.STALE, reason=reason, now=now)


def _update_endpoint(
    connection: Connection, state: EndpointState, now: datetime, outcome: PollOutcome, **values: Any
) -> None:
    connection.execute(
        update(endpoint)
        .where(endpoint.c.id == state.id)
        .values(last_polled=now, last_success=now, failures=0.0, last_error="", last_outcome=outcome.value, **values)
    )


def _endpoint_state(row: Mapping[Any, Any]) -> EndpointState:
    return EndpointState(**{name: row[name] for name in EndpointState.__dataclass_fields__})


def _pending_entry(row: Mapping[Any, Any]) -> PendingEntry:
    return PendingEntry(
        id=row["id"],
        source=row["source"],
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
