"""What a clock that ran ahead has stored can be brought back to the time at which the clock is right again.

Digests go by the times at which articles were stored. A cut that lies ahead would keep every digest from being issued
until then, and what is stored before it would be in none.
"""

import logging
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import Connection, func, literal_column, select, update

from crawler.tables import article, digest, entry, run

logger = logging.getLogger(__name__)

SLACK = timedelta(days=1)  # a cut this far ahead is waited for
_FEW = 7  # dates of digests that a wrong clock may have issued
_STEP = timedelta(microseconds=1)
# What digests go by. Versions keep their times: a change that was told ahead is told again when its time comes.
_TIMES = (
    digest.c.cut_from, digest.c.cut_to, digest.c.issued, article.c.kept_at, article.c.deleted_at,
    entry.c.ended, run.c.started, run.c.ended,
)  # fmt: skip


def after_the_last_cut(connection: Connection, now: datetime) -> datetime:
    """`now`, or just after a digest's cut where the clock was set back since: else no digest would hold the article."""
    cut = connection.scalar(select(func.max(digest.c.cut_to)).where(digest.c.cut_to >= now))
    return now if cut is None else cut + _STEP


def ran_ahead(connection: Connection, now: datetime) -> bool:
    """Whether the clock once ran ahead and is right now, rather than right once and behind now.

    Where it ran ahead there is a leap: something was cut before now, then nothing for longer than the slack. A clock
    that is behind finds the days after it as full as those before. In doubt nothing is changed: it could not be
    undone. A machine that was off for some days looks the same to a clock that stands in the gap, so that only a
    person can have it done.
    """
    cut = connection.scalar(select(func.min(digest.c.cut_to)).where(digest.c.cut_to > now))
    stored = connection.scalar(select(func.min(article.c.kept_at)).where(article.c.kept_at > now))
    ahead = [moment for moment in (cut, stored) if moment is not None]
    if not ahead or min(ahead) <= now + SLACK:
        return False
    began = connection.scalar(select(func.min(digest.c.cut_to)))
    dates = connection.scalars(select(digest.c.date).where(digest.c.cut_to > now).distinct()).all()
    return began is not None and began <= now and len(dates) <= _FEW


def bring_back(connection: Connection, now: datetime) -> bool:
    """Date back to `now` what lies ahead, in its order: what a digest told stays in its period, the rest comes after.

    Its dates, by which digests are named, stay. The files of the articles wait to be written again.

    Returns:
        Whether there was anything.
    """
    if not ran_ahead(connection, now):
        return False
    cuts = connection.execute(select(digest.c.cut_from, digest.c.cut_to).where(digest.c.cut_to > now)).all()
    marks = sorted({moment for row in cuts for moment in row if moment > now})
    has_path = article.c.path != literal_column("''")
    connection.execute(update(article).where(article.c.kept_at > now, has_path).values(filed=False))
    for number, (low, high) in enumerate(pairwise([now, *marks, datetime.max.replace(tzinfo=now.tzinfo)]), start=1):
        for column in _TIMES:
            moved = update(column.table).where(column > low, column <= high)
            connection.execute(moved.values({column: now + number * _STEP}))
    told = "the clock ran ahead, and is right again: what it dated later than %s is dated back to then; digests go on"
    logger.warning(told, now.isoformat(timespec="seconds"))
    return True
