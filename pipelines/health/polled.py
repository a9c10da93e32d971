"""The runs that polled a source with success: the first one, and the last.

Each source is looked up by itself, along the index of runs that polled it, so that it takes as long after years.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from crawler.tables import book, run


def last_polled(connection: Connection, source: str, until: datetime) -> datetime | None:
    """The beginning of the last run that ended until then and polled it with success.

    The beginning, because a run that died is ended by the next one, which may be weeks later.
    """
    row = connection.execute(_good_runs(source).where(run.c.ended <= until).order_by(book.c.run.desc())).first()
    return None if row is None else row.started


def first_proof(connection: Connection, source: str) -> Row[Any] | None:
    """Number and beginning of the first live run that did."""
    return connection.execute(_good_runs(source).where(run.c.live).order_by(book.c.run)).first()


def proven(connection: Connection, sources: Iterable[str]) -> frozenset[str]:
    """Those of the sources that a live run that ended has polled with success."""
    ended = run.c.live & run.c.ended.is_not(None)
    return frozenset(name for name in sources if connection.execute(_good_runs(name).where(ended)).first() is not None)


def _good_runs(source: str) -> Select[Any]:
    return (
        select(run.c.id, run.c.started)
        .join(book, book.c.run == run.c.id)
        .where(book.c.source == source, book.c.polls > 0, book.c.polls > book.c.polls_failed)
        .limit(1)
    )
