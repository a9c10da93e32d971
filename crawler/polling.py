"""When an endpoint is next due. Pure: the whole timing policy in one file."""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from crawler.config.models import Endpoint
from crawler.crontab import cron_trigger

ADAPTIVE_INTERVAL = timedelta(minutes=30)  # until polling adapts to what a source brings
LONGEST_BACKOFF = timedelta(hours=24)
LONGEST_RETRY_AFTER = timedelta(hours=24)
# A poll that began some seconds after cron's tick must not push the next one past the tick after:
# the interval counts this share shorter, at most a minute.
_SLACK_SHARE, _LONGEST_SLACK = 0.1, timedelta(minutes=1)


def next_poll(
    endpoint: Endpoint, zone: ZoneInfo, *, polled: datetime, failures: float, ttl: int | None = None
) -> datetime:
    """When to poll again.

    Args:
        endpoint: as configured.
        zone: the source's, in which a cron expression is read.
        polled: when the last poll began, aware.
        failures: weighted failures in a row, 0 after a success; the interval grows linearly with them,
            up to LONGEST_BACKOFF, so that a source is never given up.
        ttl: seconds the publisher asks to be left alone; an interval is never shorter.
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
        interval = max(interval, min(interval * (1 + failures), LONGEST_BACKOFF))
    return polled + interval


def is_due(endpoint: Endpoint, zone: ZoneInfo, next_due: datetime | None, now: datetime) -> bool:
    """Whether to poll now. A time further away than this policy ever sets comes from a clock that was wrong."""
    if next_due is None or next_due <= now:
        return True
    return next_due > now + LONGEST_BACKOFF and next_due > next_poll(endpoint, zone, polled=now, failures=0)


def is_held(until: datetime | None, now: datetime) -> bool:
    """Whether a host wants to be left alone. A time much further away than any wish reaches is of a wrong clock."""
    return until is not None and now < until <= now + 2 * LONGEST_RETRY_AFTER


def retry_time(now: datetime, *, failures: float) -> datetime:
    """When to try a page again that failed: 10 minutes for each failure so far, at most LONGEST_BACKOFF."""
    return now + min(timedelta(minutes=10) * max(failures, 0.5), LONGEST_BACKOFF)


def parse_retry_after(value: str, now: datetime) -> datetime | None:
    """The moment a Retry-After header names, in seconds or as a date; at most LONGEST_RETRY_AFTER away.

    None when there is no header, or one that cannot be read.
    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        return now + min(timedelta(seconds=int(value[:9])), LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return min(max(moment, now), now + LONGEST_RETRY_AFTER)
