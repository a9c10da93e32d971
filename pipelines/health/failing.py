"""Which sources failed in a period, and which endpoints fail now.

Those of a period are told by what never changes, the books of runs that ended, so that a digest that is issued again
tells what it told. Those of now are told by the endpoints' own state.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from crawler.config.models import Config
from crawler.failure_table import RULES, failure_named
from crawler.outcomes import PollOutcome
from crawler.tables import book, endpoint, run
from pipelines.health.model import FailingEndpoint, FailingNow
from pipelines.health.watched import watched_endpoints

# One poll that fails wakes nobody: the next one mostly succeeds.
_LASTING_POLLS = 2
_LASTING = timedelta(hours=1)

_ADDRESS = re.compile(r"(https?://\S+): ")


def failing_endpoints(
    connection: Connection, config: Config, cut_from: datetime, cut_to: datetime
) -> tuple[FailingEndpoint, ...]:
    """The errors in the books of the period, but for those of sources that a later run polled whole and without any."""
    rows = connection.execute(
        select(book.c.source, book.c.polls, book.c.error)
        .join(run, run.c.id == book.c.run)
        .where(run.c.ended > cut_from, run.c.ended <= cut_to)
        .order_by(run.c.id)
    )
    told: dict[str, dict[str, FailingEndpoint]] = defaultdict(dict)
    for row in rows:
        if row.error:
            faults = [_fault(row.source, line) for line in row.error.splitlines()]
            told[row.source].update((fault.url or fault.cause, fault) for fault in faults)
        elif row.polls >= _endpoints_of(config, row.source):
            told[row.source].clear()
    return tuple(fault for _, faults in sorted(told.items()) for fault in faults.values())


def failing_now(connection: Connection, config: Config, now: datetime) -> tuple[FailingNow, ...]:
    """The endpoints whose last poll failed, by source and age.

    The lists that an endpoint names are told too where none of them answers: one of many that is gone for good would
    make its source fail for ever.
    """
    of_config = [row.id for row in watched_endpoints(connection, config)]
    failed = connection.execute(
        select(endpoint)
        .where(endpoint.c.last_outcome == PollOutcome.FAILED.value)
        .where(endpoint.c.id.in_(of_config) | endpoint.c.parent.in_(of_config))
        .order_by(endpoint.c.source, endpoint.c.id)
    ).all()
    answer = endpoint.c.last_outcome.not_in(["", PollOutcome.FAILED.value])
    answering = set(connection.scalars(select(endpoint.c.parent).where(endpoint.c.parent.in_(of_config), answer)))
    rows = [row for row in failed if row.parent not in answering]
    failures = _failed_polls(connection, rows)
    return tuple(_failing(row, failures[row.source, row.url], now) for row in rows)


def _failed_polls(connection: Connection, failing: Sequence[Row[Any]]) -> dict[tuple[str, str], list[datetime]]:
    """By source and address, the beginnings of the runs whose books tell a fault of it, oldest first."""
    told: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for source in {row.source for row in failing}:
        rows = connection.execute(
            select(book.c.error, run.c.started)
            .join(run, run.c.id == book.c.run)
            .where(book.c.source == source, book.c.polls > 0, book.c.polls_failed > 0)
            .order_by(book.c.run)
        )
        for row in rows:
            for url in {address_and_cause(line)[0] for line in row.error.splitlines()}:
                told[source, url].append(row.started)
    return told


def _failing(row: Row[Any], failures: Iterable[datetime], now: datetime) -> FailingNow:
    in_a_row = [began for began in failures if row.last_success is None or began > row.last_success]
    since = min(in_a_row, default=None)
    known_since = since or row.last_success
    is_lasting = len(in_a_row) >= _LASTING_POLLS or known_since is None or now - known_since >= _LASTING
    failure = failure_named(row.last_error)
    return FailingNow(
        source=row.source,
        url=row.url,
        cause=row.last_error,
        since=since,
        polls=max(1, len(in_a_row)),
        last_success=row.last_success,
        is_lasting=is_lasting,
        needs_you=is_lasting or (failure is not None and RULES[failure].needs_somebody_at_once),
    )


def address_and_cause(error: str) -> tuple[str, str]:
    """A line of a book's errors, most of which begin with the address they are about; "" for those that do not."""
    found = _ADDRESS.match(error)
    return (found[1], error[found.end() :]) if found else ("", error)


def _fault(source: str, error: str) -> FailingEndpoint:
    url, cause = address_and_cause(error)
    return FailingEndpoint(source=source, url=url, cause=cause)


def _endpoints_of(config: Config, name: str) -> int:
    source = config.source(name)
    return len(source.endpoints) if source else 1
