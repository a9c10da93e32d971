"""Which sources failed, told by what never changes: the books of runs that ended.

So a digest that is issued again tells what it told.
"""

import re
from collections import defaultdict
from datetime import datetime

from sqlalchemy import Connection, select

from crawler.config.models import Config
from crawler.tables import book, run
from pipelines.health.model import FailingEndpoint

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


def _fault(source: str, error: str) -> FailingEndpoint:
    """A line of a book's errors, most of which begin with the address they are about."""
    found = _ADDRESS.match(error)
    return FailingEndpoint(source=source, url=found[1] if found else "", cause=error[found.end() :] if found else error)


def _endpoints_of(config: Config, name: str) -> int:
    source = config.source(name)
    return len(source.endpoints) if source else 1
