"""How often a source may be asked on one day, all its requests together. Pure.

The pace bounds how fast a host is asked, not for how long: a list that never ends, or pages that announce each other,
would be asked for day and night.
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from crawler.fetch.pace import NotNowError
from crawler.polling import LONGEST_BACKOFF


class BudgetSpentError(NotNowError):
    """The source was asked as often today as it may be; `until` says when the next day begins."""


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


def check_budget(requests: int, per_day: int, *, is_page: bool, now: datetime, zone: ZoneInfo) -> None:
    """
    Args:
        requests: of the source on this day so far.
        per_day: its politeness.requests_per_day.
        is_page: the next one is for an article; else it is for a list or a robots.txt.
        now: the time.
        zone: whose days count.

    Raises:
        BudgetSpentError: it may not leave today.
    """
    if requests < (share_of_pages(per_day) if is_page else per_day):
        return
    until = next_day(now, zone)
    who = "it is asked" if requests >= per_day else "its articles are fetched"
    rule = f"politeness.requests_per_day ({per_day}) is used up"
    raise BudgetSpentError(f"{rule}: {who} again from {until:%Y-%m-%d %H:%M} UTC on", until)
