"""Whether a run is late: something is due, and nobody starts presswatch."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from sqlalchemy import Connection, select

from crawler.tables import run
from pipelines.health.cuts import GRACE
from pipelines.health.next_poll import NextPoll

LONGEST_RUN = timedelta(hours=6)  # what is at work for longer hangs

_RHYTHM = 11  # runs whose gaps tell how often presswatch is started
_FEWEST_GAPS = 3
_LATE_GAPS = 3.0  # times the usual gap
_PATIENCE = timedelta(hours=3)  # before there is a rhythm
_TOGETHER = timedelta(minutes=15)  # runs that begin closer than this count once: a person tries something


def is_run_late(
    connection: Connection, polls: Iterable[NextPoll], now: datetime, is_at_work: Callable[[int], bool]
) -> bool:
    """Whether something is due, and no run has begun for three times the usual gap, an hour at least.

    Before four runs tell a rhythm, whether no run has begun for three hours since something fell due; for its interval
    or the longest gap so far, where that is more. So a line that cron cannot run is told of after the first crawl by
    hand. A run that is at work is not late, and one that has not ended for six hours is: it hangs, or it died and
    nothing has closed its books since.

    Args:
        connection: to the database.
        polls: the next ones of the endpoints of enabled sources.
        now: the time.
        is_at_work: whether the run of this process is, as far as anybody knows.
    """
    due = [poll for poll in polls if poll.is_due]
    rows = connection.execute(select(run).order_by(run.c.id.desc()).limit(_RHYTHM)).all()
    if not due or not rows:
        return False
    last, age = rows[0], now - rows[0].started
    if last.ended is None and (age > LONGEST_RUN or is_at_work(last.process)):
        return bool(age > LONGEST_RUN)
    gaps = [gap for gap in (later.started - earlier.started for later, earlier in pairwise(rows)) if gap >= _TOGETHER]
    if len(gaps) >= _FEWEST_GAPS:
        return bool(age > max(GRACE, _LATE_GAPS * median(gaps)))
    return any(_overdue(poll, last.started, now) > _patience(poll, gaps) for poll in due)


def _overdue(poll: NextPoll, last_run: datetime, now: datetime) -> timedelta:
    """For how long it is due without a run."""
    return now - max(poll.at or last_run, last_run)


def _patience(poll: NextPoll, gaps: Sequence[timedelta]) -> timedelta:
    return max(_PATIENCE, timedelta(seconds=poll.interval or 0), *gaps)
