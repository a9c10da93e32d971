"""How long ago, as lists say it: 3 小时前, 1天3小时前, 2 hours and 30 minutes ago. Pure."""

import re
from dataclasses import dataclass
from datetime import timedelta

from crawler.items import Precision

_NOW = re.compile(r"刚刚|刚才|\bjust now\b", re.IGNORECASE)
_HAN_UNITS = "秒钟?|分钟?|小时|天|日|星期|周|月|年"
_UNITS = "seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?"
_COUNT = r"(?:\d{1,4}(?:\s*个半)?|半|\bhalf\s+an?\b|\ban?\b)"
_UNIT = rf"(?:(?:个\s*)?(?:{_HAN_UNITS})|(?:{_UNITS}))"
_PART = re.compile(rf"(?P<count>{_COUNT})\s*(?P<unit>{_UNIT})", re.IGNORECASE)
_AGO = re.compile(
    rf"(?<![\d.个])(?:{_COUNT}\s*{_UNIT}\s*(?:,\s*)?(?:and\s+)?){{1,4}}(?:之?前|ago\b)",
    re.IGNORECASE,
)
# 一天3小时前, two hours 30 minutes ago: a larger part that is not read.
_MORE_BEFORE = re.compile(rf"(?:{_HAN_UNITS}|\b(?:{_UNITS}|half))[\s,]*(?:and\s+)?\Z", re.IGNORECASE)
_LONGEST_UNIT = 20
# By how a unit begins. Weeks and months tell no day.
_LENGTHS = {
    **dict.fromkeys(("秒", "sec"), timedelta(seconds=1)),
    **dict.fromkeys(("分", "min"), timedelta(minutes=1)),
    **dict.fromkeys(("小时", "hour", "hr"), timedelta(hours=1)),
    **dict.fromkeys(("天", "日", "day"), timedelta(days=1)),
}


@dataclass(frozen=True, kw_only=True)
class Age:
    """An age, as exact as its smallest part."""

    length: timedelta
    precision: Precision
    text: str


def read_age(text: str) -> Age | None:
    """The first age in `text`, the sum of its parts; None where a part of it is not known."""
    now = _NOW.search(text)
    if now is not None:
        return Age(length=timedelta(0), precision=Precision.SECOND, text=now[0])
    match = _AGO.search(text)
    if match is None or _MORE_BEFORE.search(text[max(0, match.start() - _LONGEST_UNIT) : match.start()]):
        return None
    parts = [_length(part["count"].lower(), part["unit"].lower()) for part in _PART.finditer(match[0])]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    smallest = min(unit for _, unit in known)
    length = sum((number * unit for number, unit in known), timedelta(0))
    return Age(length=length, precision=_precision(smallest), text=match[0])


def _length(count: str, unit: str) -> tuple[float, timedelta] | None:
    """How many of which length a part says. Half a day is some hour of today or yesterday."""
    one = next((length for name, length in _LENGTHS.items() if unit.lstrip("个 ").startswith(name)), None)
    half = "半" in count or "half" in count
    if one is None or (half and one == timedelta(days=1)):
        return None
    digits = re.match(r"\d+", count)
    whole = int(digits[0]) if digits else 0 if half else 1
    return whole + (0.5 if half else 0), one


def _precision(smallest: timedelta) -> Precision:
    if smallest >= timedelta(days=1):
        return Precision.DAY
    return Precision.HOUR if smallest >= timedelta(hours=1) else Precision.SECOND
