"""When an endpoint is next due. Pure: the whole timing policy in one file."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from crawler.config.models import Endpoint
from crawler.crontab import cron_trigger
from crawler.failure_table import MINUTES

ADAPTIVE_INTERVAL = timedelta(minutes=30)  # until polling adapts to what a source brings
LONGEST_BACKOFF = timedelta(hours=24)
LONGEST_RETRY_AFTER = timedelta(hours=24)
FURTHEST_HOLD = 2 * LONGEST_RETRY_AFTER  # beyond that it is of a clock that was wrong
_SILENT_STEP = timedelta(minutes=30)
# A poll that began some seconds after cron's tick must not push the next one past the tick after:
# the interval counts this share shorter, at most a minute.
_SLACK_SHARE, _LONGEST_SLACK = 0.1, timedelta(minutes=1)


def next_poll(
    endpoint: Endpoint,
    zone: ZoneInfo,
    *,
    polled: datetime,
    failures: float,
    ttl: int | None = None,
    step: timedelta = timedelta(0),
) -> datetime:
    """When to poll again.

    Args:
        endpoint: as configured.
        zone: the source's, in which a cron expression is read.
        polled: when the last poll began, aware.
        failures: weighted failures in a row, 0 after a success; the interval grows linearly with them,
            up to LONGEST_BACKOFF, so that a source is never given up.
        ttl: seconds the publisher asks to be left alone; an interval is never shorter.
        step: of the last failure: at least that much for each of them, up to the same limit.
    """
    if endpoint.cron is not None:
        after = polled.astimezone(zone) + timedelta(seconds=1)
        following: datetime = cron_trigger(endpoint.cron, zone).get_next_fire_time(None, after)
        interval = following - polled
    else:
        interval = ADAPTIVE_INTERVAL if isinstance(endpoint.every, str) else endpoint.every
        interval -= min(interval * _SLACK_SHARE, _LONGEST_SLACK)
    interval = max(interval, min(timedelta(seconds=ttl or 0), LONGEST_BACKOFF))
    if failures:
        interval = max(interval, min(max(interval * (1 + failures), step * failures), LONGEST_BACKOFF))
    return polled + interval


def is_due(endpoint: Endpoint, zone: ZoneInfo, next_due: datetime | None, now: datetime) -> bool:
    """Whether to poll now. A time further away than this policy ever sets comes from a clock that was wrong."""
    if next_due is None or next_due <= now:
        return True
    return next_due > now + LONGEST_BACKOFF and next_due > next_poll(endpoint, zone, polled=now, failures=0)


def is_held(until: datetime | None, now: datetime) -> bool:
    """Whether a host wants to be left alone."""
    return until is not None and now < until <= now + FURTHEST_HOLD


def retry_time(now: datetime, *, failures: float, step: timedelta = MINUTES) -> datetime:
    """When to try a page again that failed: `step` for each failure so far, at most LONGEST_BACKOFF."""
    return now + min(step * max(failures, 0.5), LONGEST_BACKOFF)


def visit_again(now: datetime, *, visits: int) -> datetime:
    """When to ask a host again after so many visits in a row in which it did not answer."""
    return now + min(_SILENT_STEP * visits, LONGEST_BACKOFF)


def parse_retry_after(value: str, now: datetime, sent: str = "") -> datetime | None:
    """The moment a Retry-After header names, in seconds or as a date; at most LONGEST_RETRY_AFTER away.

    A date is one of the server's clock: how far it is away is told by the `sent` date of the same answer, its Date
    header, where it has one. Otherwise a clock that is an hour off, ours or theirs, would make an hour of no pause.

    None when there is no header, or one that cannot be read.
    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        return now + min(timedelta(seconds=int(value[:9])), LONGEST_RETRY_AFTER)
    moment = _http_date(value)
    if moment is None:
        return None
    wait = moment - (_http_date(sent) or now)
    return now + min(max(wait, timedelta(0)), LONGEST_RETRY_AFTER)


def _http_date(value: str) -> datetime | None:
    """A date in one of the three forms of RFC 9110, section 5.6.7; one that names no zone is GMT, as they all are."""
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
