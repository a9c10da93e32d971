"""When a pending entry is tried next, and why not yet. By the config of today and the ledger as it is."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, select

from crawler.budget import BUDGET_KEY
from crawler.config.models import Config
from crawler.polling import LONGEST_BACKOFF
from crawler.silences import Pauses
from crawler.tables import endpoint, entry, host, sighting


class Because(StrEnum):
    """Why a pending entry was not fetched yet."""

    NEXT_RUN = "next_run"  # nothing keeps the next run from it
    FAILED = "failed"  # the last try, and the pause after it is not over
    BUDGET = "budget"  # the requests that its source may make in a day were used up
    HOST = "host"  # it is left alone: at its wish, or as it does not answer
    DISABLED = "disabled"  # its source is, and no enabled one announces it
    UNKNOWN_SOURCE = "unknown_source"  # the config no longer knows its source, and no enabled one announces it


@dataclass(frozen=True, kw_only=True)
class Waiting:
    because: Because
    until: datetime | None  # the earliest time; null: the next run, or none at all
    host: str  # whose visit fetches it


def waiting_of(connection: Connection, config: Config, number: int, now: datetime) -> Waiting | None:
    """None for an entry that has its outcome."""
    row = connection.execute(
        select(entry, host.c.next_due.label("held"))
        .outerjoin(host, host.c.name == entry.c.host)
        .where(entry.c.id == number, entry.c.outcome.is_(None))
    ).one_or_none()
    if row is None:
        return None
    if not _is_read(connection, config, row.source, row.key):
        because = Because.UNKNOWN_SOURCE if config.source(row.source) is None else Because.DISABLED
        return Waiting(because=because, until=None, host=row.host)
    untils = (row.held, Pauses(connection, now).until(row.url))
    held = max((until for until in untils if until is not None and until > now), default=None)
    # A next try further away than any back-off was set by a clock that was wrong.
    is_put_off = row.next_try is not None and now < row.next_try <= now + LONGEST_BACKOFF
    following = row.next_try if is_put_off else None
    if held is not None and (following is None or held >= following):
        return Waiting(because=Because.HOST, until=held, host=row.host)
    if following is None:
        return Waiting(because=Because.NEXT_RUN, until=None, host=row.host)
    is_spent = row.last_error.startswith(BUDGET_KEY)
    return Waiting(because=Because.BUDGET if is_spent else Because.FAILED, until=following, host=row.host)


def _is_read(connection: Connection, config: Config, source: str, key: str) -> bool:
    """Whether an enabled source owns the entry, or announces it too and lends its rules."""
    watched = {one.name for one in config.enabled_sources}
    announces = (
        select(endpoint.c.source).join(sighting, sighting.c.endpoint == endpoint.c.id).where(sighting.c.key == key)
    )
    return source in watched or not watched.isdisjoint(connection.scalars(announces))
