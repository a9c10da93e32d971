"""The endpoints' part of the ledger: what is remembered of each, and what its polls brought.

Each method is one transaction: what a poll announced and the endpoint's new state are stored together or not at all.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from crawler import books
from crawler.database import Database, insert_for
from crawler.items import Entry, FurtherList, Poll
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
class EndpointState:
    """What is remembered of an endpoint between polls."""

    id: int
    source: str
    url: str
    host: str
    etag: str
    last_modified: str
    body_hash: str
    recipe: str
    ttl: int | None
    first_polled: datetime | None
    last_polled: datetime | None
    next_due: datetime | None
    failures: float
    parent: int | None  # the endpoint whose answer names this list
    appeared: datetime | None  # when that was, if it was not the parent's first answer
    changed: datetime | None  # when the list last changed, as its parent says

    @property
    def is_baseline(self) -> bool:
        """Whether the next answer is the first, and what stands in it was there before we came."""
        return self.first_polled is None and self.appeared is None


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
        states = {(row["source"], row["url"]): _state(row) for row in rows}
        return {pair: states[pair] for pair in pairs}

    def lists_of(self, state: EndpointState) -> list[EndpointState]:
        """The lists that an endpoint names on its own host, those first that may hold news.

        New ones, then the ones polled longest ago. A list that has not changed since it was polled, as its index
        says, is left out.
        """
        with self._database.read() as connection:
            rows = connection.execute(
                select(endpoint)
                .where(endpoint.c.parent == state.id, endpoint.c.host == state.host)
                .order_by(
                    endpoint.c.last_polled.is_not(None),
                    endpoint.c.appeared.is_(None),
                    endpoint.c.last_polled,
                    endpoint.c.changed.desc(),
                    endpoint.c.id,
                )
            ).mappings()
            found = [_state(row) for row in rows]
        return [one for one in found if one.changed is None or not one.last_polled or one.changed > one.last_polled]

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
            if poll.unread:
                unread = f"{state.url}: {poll.unread} rows look like entries but could not be read"
                books.add_error(connection, run, state.source, unread)
            if poll.broke_off:
                books.add_error(connection, run, state.source, f"{state.url}: {poll.broke_off}")
            _note_lists(connection, state, poll.lists, now)
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
                first_polled=state.first_polled or now,
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


def _note_lists(connection: Connection, state: EndpointState, lists: Sequence[FurtherList], now: datetime) -> None:
    """Each list named is an endpoint of its own, a list named no more is not asked again."""
    if not lists:
        return
    connection.execute(update(endpoint).where(endpoint.c.parent == state.id).values(parent=None))
    appeared = None if state.first_polled is None else now
    for named in lists:
        made = insert_for(connection)(endpoint).values(
            source=state.source, url=named.url, host=host_of(named.url), appeared=appeared
        )
        connection.execute(made.on_conflict_do_nothing())
        this = (endpoint.c.source == state.source) & (endpoint.c.url == named.url) & (endpoint.c.id != state.id)
        connection.execute(update(endpoint).where(this).values(parent=state.id, changed=named.changed))


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


def _update(connection: Connection, state: EndpointState, now: datetime, outcome: PollOutcome, **values: Any) -> None:
    connection.execute(
        update(endpoint)
        .where(endpoint.c.id == state.id)
        .values(last_polled=now, last_success=now, failures=0.0, last_error="", last_outcome=outcome.value, **values)
    )


def _state(row: Mapping[Any, Any]) -> EndpointState:
    return EndpointState(**{name: row[name] for name in EndpointState.__dataclass_fields__})
