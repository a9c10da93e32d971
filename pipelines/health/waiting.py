"""What waits to be fetched."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from crawler.silences import Pauses
from crawler.tables import entry, host
from pipelines.health.status_model import PendingLine

_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """How many entries of a source wait, and since when the oldest does."""

    entries: int
    oldest: datetime


def waiting_by_source(connection: Connection) -> dict[str, Waiting]:
    rows = connection.execute(
        select(entry.c.source, func.count().label("entries"), func.min(entry.c.first_seen).label("oldest"))
        .where(entry.c.outcome.is_(None))
        .group_by(entry.c.source)
    )
    return {row.source: Waiting(entries=row.entries, oldest=row.oldest) for row in rows}


def oldest_pending(connection: Connection, source: str | None, now: datetime) -> tuple[PendingLine, ...]:
    """Those that wait longest, of one source or of all."""
    waits = (
        select(entry, host.c.next_due.label("held_until"))
        .outerjoin(host, host.c.name == entry.c.host)
        .where(entry.c.outcome.is_(None))
        .order_by(entry.c.first_seen, entry.c.id)
        .limit(_SHOWN)
    )
    rows = connection.execute(waits if source is None else waits.where(entry.c.source == source))
    pauses = Pauses(connection, now)
    return tuple(
        PendingLine(
            entry=row.id,
            title=row.title,
            source=row.source,
            url=row.url,
            first_seen=row.first_seen,
            attempts=row.attempts,
            last_error=row.last_error,
            next_try=_next_try(row, pauses),
        )
        for row in rows
    )


def _next_try(row: Row[Any], pauses: Pauses) -> datetime | None:
    """No sooner than its host and its origin may be asked again."""
    return max(filter(None, (row.next_try, row.held_until, pauses.until(row.url))), default=None)
