"""The endpoints' part of the ledger: what is remembered of each, and what its polls brought.

Each method is one transaction: what a poll announced and the endpoint's new state are stored together or not at all.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from crawler import books
from crawler.database import Database, insert_for
from crawler.endpoint_state import EndpointState, state_of
from crawler.first_sight import first_of_each_key, known_keys, take_in
from crawler.further_lists import in_turn, note_lists
from crawler.items import Poll
from crawler.ledger import ensure_host
from crawler.outcomes import PollOutcome
from crawler.standing import look_again
from crawler.tables import endpoint
from crawler.tombstones import buried, forgotten_of
from crawler.urls import host_of


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

    def states(self, sources: Iterable[str]) -> dict[tuple[str, str], EndpointState]:
        """What is remembered of the endpoints of these sources, by (source, url)."""
        with self._database.read() as connection:
            rows = connection.execute(select(endpoint).where(endpoint.c.source.in_([*sources]))).mappings().all()
        return {(row["source"], row["url"]): state_of(row) for row in rows}

    def lists_of(self, state: EndpointState, now: datetime) -> list[EndpointState]:
        """The lists that an endpoint names on its own host and that may hold news, see `in_turn`."""
        named = (endpoint.c.parent == state.id) & (endpoint.c.host == state.host)
        with self._database.read() as connection:
            rows = connection.execute(select(endpoint).where(named)).mappings().all()
        return in_turn((state_of(row) for row in rows), now)

    def unknown(self, keys: Collection[str]) -> set[str]:
        """Those of the keys that are neither known nor forgotten."""
        with self._database.read() as connection:
            return set(keys) - known_keys(connection, keys) - buried(connection, list(keys)).keys()

    def record_poll(
        self, run: int, state: EndpointState, poll: Poll, *, next_due: datetime, max_age: timedelta
    ) -> PollResult:
        """Store what a poll brought and the endpoint's new state, together or not at all."""
        now = poll.at
        with self._database.write() as connection:
            first = first_of_each_key(poll.entries)
            # Not even a sighting: it would name the address again.
            for key in forgotten_of(connection, first.values()):
                del first[key]
            look_again(connection, first, now)
            found = take_in(connection, run, state, first, now=now, max_age=max_age)
            known = len(poll.entries) - found
            books.add(connection, run, state.source, found=found, known=known, polls=1)
            for fault in (*_faults_of(poll), note_lists(connection, state, poll.lists, now)):
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


def _first_polled(state: EndpointState, poll: Poll, now: datetime) -> datetime | None:
    """When the backlog was all there: with the first answer, or the second where that one broke off.

    A list that breaks off at each poll must not hold backlog for ever.
    """
    return state.first_polled or (None if poll.broke_off and state.last_success is None else now)


def _faults_of(poll: Poll) -> Iterator[str]:
    """What its operator should know of a poll that succeeded."""
    if poll.unread:
        yield f"{poll.unread} rows look like entries but could not be read"
    if poll.unwanted:
        told = f"none of the {len(poll.unwanted)} addresses announced fits articles.url"
        yield f"{told}, such as {poll.unwanted[0]}"
    yield poll.broke_off


def _update(connection: Connection, state: EndpointState, now: datetime, outcome: PollOutcome, **values: Any) -> None:
    connection.execute(
        update(endpoint)
        .where(endpoint.c.id == state.id)
        .values(last_polled=now, last_success=now, failures=0.0, last_error="", last_outcome=outcome.value, **values)
    )
