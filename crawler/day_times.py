"""The time of day behind a date, and its zone, as sources spell them. Pure; nothing is guessed."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone
from email.utils import parsedate_tz
from zoneinfo import ZoneInfo

from crawler.items import Precision

_MORNING = ("凌晨", "清晨", "早晨", "早上", "上午", "am")
_NOON = ("中午",)
_AFTERNOON = ("下午", "傍晚", "pm")
_EVENING = ("晚上", "晚间")
_PART = "|".join(part for parts in (_MORNING, _NOON, _AFTERNOON, _EVENING) for part in parts if not part.isascii())
# Z, +08:00, UTC+8, GMT+0800, the names that mail has for zones, 北京时间; in brackets perhaps.
# Neither Z世代 is a zone nor -2024 the offset of one.
_ZONE = (
    r"\s{0,3}(?P<open>[(（])?(?P<zone>(?i:UTC?|GMT)\s?[+-]\d{1,2}(?::?\d{2})?(?!\d)|[+-](?:0\d|1[0-4]):?[0134][05](?!\d)"
    r"|(?:(?i:UTC?|GMT)|[AECMP][SD]T)(?![A-Za-z])|Z(?!\w)|北京时间)(?(open)[)）])"
)
# An hour alone is one behind its part of the day: 晚上8点, but not 3点建议.
TIME = (
    rf"(?:(?P<part>{_PART})\s{{0,3}})?(?P<hour>\d{{1,2}})"
    r"(?:[:：时点](?P<minute>\d{2})(?:[:：分](?P<second>\d{2})(?:\.\d+)?秒?|分)?|(?(part)[时点](?!\d)|(?!)))"
    rf"(?:\s{{0,3}}(?P<half>(?i:[ap]\.?m)(?![A-Za-z])\.?))?(?:{_ZONE})?"
)
_OFFSET = re.compile(r"(?:UTC?|GMT)?\s?(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?", re.IGNORECASE)
_CHINA = timezone(timedelta(hours=8))
# China's and that of the middle of North America.
_CST = (timedelta(hours=8), timedelta(hours=-6))


@dataclass(frozen=True, kw_only=True)
class DayTime:
    """A time of day; its `tzinfo` is the zone that the text names."""

    at: time
    precision: Precision


def time_in(match: re.Match[str], source: ZoneInfo) -> DayTime | None:
    """The time that the groups of TIME found, or None where they found none that is known.

    Not known is which hour 晚上12点 and 晚上1点 are, and which zone CST is, unless the source's own is one of the two.

    Raises:
        ValueError: there is no such time or zone.
    """
    found = match.groupdict()
    if found["hour"] is None:
        return None
    hour = _hour(int(found["hour"]), (found["part"] or found["half"] or "").lower().replace(".", ""))
    zone = zone_in(match, source)
    if hour is None or (zone is None and found["zone"]):
        return None
    at = time(hour, int(found["minute"] or 0), int(found["second"] or 0), tzinfo=zone)
    return DayTime(at=at, precision=Precision.SECOND if found["minute"] else Precision.HOUR)


def zone_in(match: re.Match[str], source: ZoneInfo) -> timezone | None:
    """The zone that the groups of TIME found, or None where they found none or one of several.

    Raises:
        ValueError: an offset of more than a day.
    """
    if match["zone"] is None:
        return None
    name = match["zone"].upper()
    if name == "北京时间":
        return _CHINA
    if name == "CST":
        # A name of winter: the source's zone is asked then.
        own = datetime(2025, 1, 1, tzinfo=source).utcoffset()
        return timezone(own) if own in _CST else None
    offset = _OFFSET.fullmatch(name)
    if offset is None:
        told = parsedate_tz(f"1 Jan 2025 00:00:00 {name}")
        return timezone(timedelta(seconds=told[9] or 0)) if told else None
    ahead = timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"] or 0))
    return timezone(ahead if offset["sign"] == "+" else -ahead)


def _hour(hour: int, part: str) -> int | None:
    """The hour of 24, or None for one of two days. Some write 21:30 PM."""
    if not part or hour > 12:
        return hour
    if part in _MORNING:
        return hour % 12
    if part in _NOON and hour > 9:
        return hour
    if part in _EVENING and (hour < 5 or hour == 12):
        return None
    return hour % 12 + 12
