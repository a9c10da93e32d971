"""Which kept articles are to be looked at again, and when next. What a look finds is the archive's to store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, select, update

from crawler.database import Database
from crawler.items import PendingEntry
from crawler.ledger import Scope, is_to_be_asked, moments, pending_entry
from crawler.tables import article, entry

_AGAIN = timedelta(hours=6)  # after a look that failed
_GIVEN_UP = timedelta(hours=72)  # after the last age, when no look has succeeded until then


@dataclass(frozen=True, kw_only=True)
class Revisit:
    """A page to ask for again, and what it last said of its state."""

    pending: PendingEntry
    etag: str
    last_modified: str


def next_revisit(first_seen: datetime, ages: Sequence[timedelta], now: datetime) -> datetime | None:
    """The first of the article's `ages` that is still to come, or None."""
    return next((first_seen + age for age in ages if first_seen + age > now), None)


def after_failure(first_seen: datetime, ages: Sequence[timedelta], now: datetime) -> datetime | None:
    """When to look again after a look that failed; None when that has gone on for too long."""
    if not ages or now >= first_seen + ages[-1] + _GIVEN_UP:
        return None
    return now + _AGAIN


class Revisits:
    def __init__(self, database: Database, ages: Sequence[timedelta]) -> None:
        self._database = database
        self._ages = ages

    def hosts(self, now: datetime, scope: Scope) -> dict[str, datetime]:
        """Hosts with articles whose time has come → when it came for the first of them."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(entry.c.host, func.min(article.c.revisit_at).label("since"))
                .join(article)
                .where(_is_due(scope))
                .group_by(entry.c.host),
                moments(now),
            )
            return {row.host: row.since for row in rows}

    def due(self, host: str, now: datetime, scope: Scope) -> list[Revisit]:
        """The host's articles whose time has come, the one that has waited longest first."""
        with self._database.read() as connection:
            rows = connection.execute(_due_of(scope), {**moments(now), "name": host}).mappings()
            return [_revisit(row) for row in rows]

    def failed(self, pending: PendingEntry, now: datetime, not_before: datetime | None = None) -> None:
        """The page could not be read this time; that says nothing about the article."""
        again = after_failure(pending.first_seen, self._ages, now)
        self._set(pending, revisit_at=max(again, not_before or again) if again else None)

    def _set(self, pending: PendingEntry, **values: Any) -> None:
        with self._database.write() as connection:
            connection.execute(update(article).where(article.c.entry == pending.id).values(**values))


@lru_cache(maxsize=8)
def _due_of(scope: Scope) -> Select[Any]:
    # As in the ledger: every visit asks it.
    return (
        select(entry, article.c.etag, article.c.last_modified)
        .join(article)
        .where(_is_due(scope), entry.c.host == bindparam("name"))
        .order_by(article.c.revisit_at, entry.c.id)
    )


def _is_due(scope: Scope) -> ColumnElement[bool]:
    """At `now`."""
    is_due = article.c.revisit_at <= bindparam("now")
    return and_(is_due, entry.c.source.in_(scope.sources), is_to_be_asked(scope))


def _revisit(row: Mapping[Any, Any]) -> Revisit:
    pending = replace(pending_entry(row, row["source"]), attempts=0.0, revisit=True)
    return Revisit(pending=pending, etag=row["etag"], last_modified=row["last_modified"])
