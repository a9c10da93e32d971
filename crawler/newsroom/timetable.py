"""When a site publishes: seeded, and a longer newsroom only adds to a shorter one."""

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from crawler.newsroom.loading import PressError, SiteData

_DAY = timedelta(days=1)


def publication_times(random: Random, site: SiteData, start: datetime, days: int) -> tuple[datetime, ...]:
    """Times in ascending order, one for each of the site's own articles as far as its rhythm reaches.

    Raises:
        PressError: the rhythm asks for more articles a day than its hours have minutes.
    """
    begin = start - site.backlog.days * _DAY
    times = _draw(random, site, begin, start, site.backlog.articles)
    for day in range(days):
        times += _draw(random, site, start + day * _DAY, start + (day + 1) * _DAY, site.rhythm.per_day)
    return tuple(times[: len(site.articles)])


def reprint_time(random: Random, original: datetime, after_hours: tuple[float, float]) -> datetime:
    return original + timedelta(seconds=round(random.uniform(*after_hours) * 3600))


def _draw(random: Random, site: SiteData, begin: datetime, end: datetime, count: int) -> list[datetime]:
    minutes = _open_minutes(begin, end, site.zone, site.rhythm.hours)
    if count > len(minutes):
        raise PressError(
            f"site {site.host} publishes {count} articles in {len(minutes)} minutes: give rhythm.hours more hours"
        )
    drawn = sorted(random.sample(minutes, count))
    return [minute + timedelta(seconds=random.randrange(60)) for minute in drawn]


def _open_minutes(begin: datetime, end: datetime, zone: ZoneInfo, hours: tuple[int, ...]) -> list[datetime]:
    first = begin.astimezone(UTC).replace(microsecond=0)
    count = int((end - begin).total_seconds() // 60)
    minutes = (first + timedelta(minutes=number) for number in range(count))
    return [minute for minute in minutes if minute.astimezone(zone).hour in hours]
