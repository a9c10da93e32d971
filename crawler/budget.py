"""How often a source may be asked on one day, all its requests together. Pure.

The pace bounds how fast a host is asked, not for how long: a list that never ends, or pages that announce each other,
would be asked for day and night.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from crawler.polling import LONGEST_BACKOFF

BUDGET_KEY = "politeness.requests_per_day"  # what is told of a request that may not leave begins with it


@dataclass(frozen=True, kw_only=True)
class Spent:
    """Why a request may not leave today."""

    told: str
    until: datetime  # when the next day begins


def share_of_pages(per_day: int) -> int:
    """Requests a day that articles may use: a tenth is kept for lists and robots.txt, so that what is published on a
    day on which the budget is used up is still seen.
    """
    return per_day - per_day // 10


def next_day(now: datetime, zone: ZoneInfo) -> datetime:
    """Midnight in `zone`. No further away than any wait may be, though a day may have 25 hours."""
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    midnight = datetime.combine(tomorrow, time(), zone).astimezone(UTC)
    return min(midnight, now + LONGEST_BACKOFF)


def spent(requests: int, per_day: int, *, is_page: bool, now: datetime, zone: ZoneInfo) -> Spent | None:
    """Why the next request may not leave; None when it may.

    Args:
        requests: of the source on this day so far.
        per_day: its politeness.requests_per_day.
        is_page: the next one is for an article; else it is for a list or a robots.txt.
        now: the time.
        zone: whose days count.
    """
    if requests < (share_of_pages(per_day) if is_page else per_day):
        return None
    until = next_day(now, zone)
    what = "nothing is asked" if requests >= per_day else "articles wait"
    told = f"{BUDGET_KEY} ({per_day}) is used up; {what} until {until:%Y-%m-%d %H:%M} UTC"
    return Spent(told=told, until=until)
