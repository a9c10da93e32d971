"""The endpoints' part of the ledger: what is remembered of each, and what its polls brought.

Each method is one transaction: what a poll announced and the endpoint's new state are stored together or not at all.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from crawler import books
from crawler.database import Database, insert_for
from crawler.endpoint_state import EndpointState, state_of
from crawler.further_lists import in_turn, note_lists
from crawler.items import Entry, Poll
from crawler.ledger import end_entry, ensure_host, pending_entry
from crawler.outcomes import Outcome, PollOutcome
from crawler.standing import look_again
from crawler.tables import endpoint, entry, sighting
from crawler.tombstones import buried
from crawler.urls import host_of

_BATCH = 500  # keys in one IN (…)
# Of a list that gives no dates, so many entries of its first poll are taken for recent: sitemaps reach back years.
MOST_UNDATED_AT_FIRST = 100


@dataclass(frozen=True, kw_only=True)
class PollResult:
    outcome: PollOutcome
    found: int
    known: int


class Endpoints:
    def __init__(self, database: Database) -> None:
        self._database = database

    def declare(self, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], EndpointState]:
        """Make rows for the (source, url) pairs that have none; return the state of all that were named."""
        pairs = list(wanted)
        with self._database.write() as connection:
            for source, url in pairs:
                made = insert_for(connection)(endpoint).values(source=source, url=url, host=host_of(url))
                connection.execute(made.on_conflict_do_nothing())
                ensure_host(connection, host_of(url))
            rows = connection.execute(select(endpoint)).mappings().all()
        states = {(row["source"], row["url"]): state_of(row) for row in rows}
        return {pair: states[pair] for pair in pairs}

    def lists_of(self, state: EndpointState, now: datetime) -> list[EndpointState]:
        """The lists that an endpoint names on its own host and that may hold news, see `in_turn`."""
        named = (endpoint.c.parent == state.id) & (endpoint.c.host == state.host)
        with self._database.read() as connection:
            rows = connection.execute(select(endpoint).where(named)).mappings().all()
        return in_turn((state_of(row) for row in rows), now)

    def unknown(self, keys: Collection[str]) -> set[str]:
        """Those of the keys that are neither known nor forgotten."""
        with self._database.read() as connection:
            return set(keys) - _known_keys(connection, keys) - buried(connection, list(keys)).keys()

    def record_poll(
        self, run: int, state: EndpointState, poll: Poll, *, next_due: datetime, max_age: timedelta
    ) -> PollResult:
        """Store what a poll brought and the endpoint's new state, together or not at all."""
        now = poll.at
        with self._database.write() as connection:
            first = _first_of_each_key(poll.entries)
            # Not even a sighting: it would name the address again.
            for key in buried(connection, first):
                del first[key]
            known_keys = _known_keys(connection, first)
            fresh = [item for key, item in first.items() if key not in known_keys]
            look_again(connection, first, now)
            _note_sightings(connection, state.id, first, now)
            found = _insert_all(connection, run, state, fresh, now=now, max_age=max_age)
            known = len(poll.entries) - found
            books.add(connection, run, state.source, found=found, known=known, polls=1)
            unread = f"{poll.unread} rows look like entries but could not be read" if poll.unread else ""
            for fault in (unread, poll.broke_off, note_lists(connection, state, poll.lists, now)):
                if fault:
                    books.add_error(connection, run, state.source, f"{state.url}: {fault}")
            outcome = PollOutcome.NEW if found else PollOutcome.KNOWN
            _update(
                connection,
                state,
                now,
                outcome,
                etag=poll.etag,
                last_modified=poll.last_modified,
                body_hash=poll.body_hash,
                recipe=poll.recipe,
                ttl=poll.ttl,
                first_polled=_first_polled(state, poll, now),
                next_due=next_due,
                **({"last_new": now} if found else {}),
            )
        return PollResult(outcome=outcome, found=found, known=known)

    def record_unchanged(self, run: int, state: EndpointState, *, now: datetime, next_due: datetime) -> None:
        with self._database.write() as connection:
            books.add(connection, run, state.source, polls=1)
            _update(connection, state, now, PollOutcome.UNCHANGED, next_due=next_due)

    def record_failure(
        self, run: int, state: EndpointState, *, error: str, weight: float, now: datetime, next_due: datetime
    ) -> None:
        with self._database.write() as connection:
            books.add(connection, run, state.source, polls=1, polls_failed=1)
            books.add_error(connection, run, state.source, f"{state.url}: {error}")
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

    def put_off(self, state: EndpointState, next_due: datetime) -> None:
        """The endpoint was not asked, at its host's wish: no failure of its own."""
        with self._database.write() as connection:
            connection.execute(update(endpoint).where(endpoint.c.id == state.id).values(next_due=next_due))


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


def _insert_all(
    connection: Connection, run: int, state: EndpointState, fresh: Sequence[Entry], *, now: datetime, max_age: timedelta
) -> int:
    """How many of the entries were new."""
    found = undated = 0
    for item in fresh:
        if not _insert_entry(connection, run, state, item, now):
            continue
        found += 1
        undated += item.published is None and item.changed is None
        old = _why_stale(item, now, max_age)
        if not old and state.is_baseline and undated > MOST_UNDATED_AT_FIRST:
            old = f"undated, behind {MOST_UNDATED_AT_FIRST} others in its list's first answer: taken for old"
        if old:
            row = connection.execute(select(entry).where(entry.c.key == item.key)).mappings().one()
            end_entry(connection, run, pending_entry(row, state.source), Outcome.STALE, reason=old, now=now)
    return found


def _why_stale(item: Entry, now: datetime, max_age: timedelta) -> str:
    """Why the entry is older than its source's limit, or ""."""
    limit = f"older than the source's limit of {max_age.days} days"
    if item.published is not None:
        return f"published {item.published.at.isoformat()}, {limit}" if now - item.published.at > max_age else ""
    if item.changed is not None and now - item.changed > max_age:
        return f"unchanged since {item.changed.isoformat()}, {limit}"
    return ""


def _insert_entry(connection: Connection, run: int, state: EndpointState, item: Entry, now: datetime) -> bool:
    """Whether the key was new; another process may have announced it meanwhile."""
    name = host_of(item.url)
    ensure_host(connection, name)
    inserted = connection.execute(
        insert_for(connection)(entry)
        .values(
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
            backlog=state.is_baseline,
        )
        .on_conflict_do_nothing()
    )
    return inserted.rowcount == 1


def _first_polled(state: EndpointState, poll: Poll, now: datetime) -> datetime | None:
    """When the backlog was all there: with the first answer, or the second where that one broke off.

    A list that breaks off at each poll must not hold backlog for ever.
    """
    return state.first_polled or (None if poll.broke_off and state.last_success is None else now)


def _update(connection: Connection, state: EndpointState, now: datetime, outcome: PollOutcome, **values: Any) -> None:
    connection.execute(
        update(endpoint)
        .where(endpoint.c.id == state.id)
        .values(last_polled=now, last_success=now, failures=0.0, last_error="", last_outcome=outcome.value, **values)
    )
