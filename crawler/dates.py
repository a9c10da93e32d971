"""Dates as sources spell them. Pure; nothing is guessed."""

import re
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from crawler.items import Dating, Precision

DATE = re.compile(
    r"(?<!\d)(?P<year>19[89]\d|20\d\d)\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})(?!\d)日?"
    r"(?:(?:T|\s+|(?<=日))(?P<hour>\d{1,2})[:：时](?P<minute>\d{2})(?:[:：分](?P<second>\d{2}))?(?:\.\d+)?秒?"
    r"\s?(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)
_PARTS = ("year", "month", "day", "hour", "minute", "second")


def read_date(text: str, zone: str, where: str) -> Dating | None:
    """The first whole date in `text`, with its time when it shows one; `zone` is assumed where it names none."""
    match = DATE.search(text)
    if match is None:
        return None
    clock = match["hour"] is not None
    offset = match["zone"] or ""
    year, month, day, hour, minute, second = (int(match[name] or 0) for name in _PARTS)
    try:
        at = datetime(year, month, day, hour, minute, second, tzinfo=_offset(offset) or ZoneInfo(zone))
    except ValueError:  # 2025-13-40 is no date
        return None
    precision = Precision.SECOND if clock else Precision.DAY
    return Dating(at=at, precision=precision, where=where, text=match[0].strip(), zone="" if offset else zone)


def _offset(text: str) -> tzinfo | None:
    return datetime.strptime(text, "%z").tzinfo if text else None
