"""Dates as sources spell them. Pure; nothing is guessed.

Why no library: those for dates in any language (dateparser, and htmldate on top of it) never say "none". Measured on
Chinese pages they were wrong on a third, and gave a date for every page that shows none. A list's dates come in few
forms, and a form that is not known here is no date.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from crawler.items import Dating, Precision

DATE = re.compile(
    r"(?<!\d)(?P<year>19[89]\d|20\d\d)\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})(?!\d)日?"
    r"(?:(?:T|\s+|(?<=日))(?P<hour>\d{1,2})[:：时](?P<minute>\d{2})(?:[:：分](?P<second>\d{2}))?(?:\.\d+)?秒?"
    r"\s?(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)
_PARTS = ("year", "month", "day", "hour", "minute", "second")
# What is ahead of the clock by more is no time of publication.
_AHEAD = timedelta(days=1)
_FIRST = datetime(1990, 1, 1, tzinfo=UTC)
_EPOCH = re.compile(r"(?P<seconds>\d{10})(?P<milliseconds>\d{3})?(?:\.\d+)?")
_MAIL = re.compile(
    r"(?:[A-Z][a-z]{2}, ?)?\d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}(?::\d{2})?(?: (?:[+-]\d{4}|GMT|UTC?))?"
)
_CLOCK = r"(?:\s*(?:at\s+)?(?P<hour>\d{1,2})[:：](?P<minute>\d{2})(?:[:：](?P<second>\d{2}))?)"
_NOW = re.compile(r"刚刚|刚才|\bjust now\b", re.IGNORECASE)
_AGO = re.compile(
    r"(?<![\d.])(?:(?P<number>\d{1,4})|(?P<half>半)|(?P<one>\ban?\b))\s*(?:个\s*)?"
    r"(?:(?P<second>秒钟?|seconds?|secs?)|(?P<minute>分钟?|minutes?|mins?)|(?P<hour>小时|hours?|hrs?)|(?P<day>天|日|days?))"
    r"\s*(?:之?前|ago\b)",
    re.IGNORECASE,
)
# 今日 and 前日 are also parts of names (今日头条) and of other words.
_DAYS = {"今": 0, "昨": 1, "前": 2, "today": 0, "yesterday": 1}
_DAY = re.compile(rf"(?:(?<![大\d])(?P<han>[今昨前])天|\b(?P<english>today|yesterday)\b){_CLOCK}?", re.IGNORECASE)
# 02月13日, and with two digits each or a time 02-13, 02/13; alone (a whole text) 2-3 as well: else 3-4 is a range.
_NO_YEAR = re.compile(rf"(?<![\d年])(?P<month>\d{{1,2}})\s*月\s*(?P<day>\d{{1,2}})\s*日{_CLOCK}?")
_NO_YEAR_SIGNS = re.compile(
    rf"(?<![\d\-/.])(?:(?P<month>\d{{2}})[-/](?P<day>\d{{2}})(?![\d\-/.]){_CLOCK}?"
    rf"|(?P<month_>\d{{1,2}})[-/](?P<day_>\d{{1,2}})(?:\s+(?P<hour_>\d{{1,2}})[:：](?P<minute_>\d{{2}})|\s*\Z))"
)


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


def read_moment(value: str | float, zone: ZoneInfo, where: str, now: datetime) -> Dating | None:
    """The time a list shows for an article, or None where it shows none that is known.

    Whole dates (`read_date`, mail headers), seconds or milliseconds since 1970 (a number, or a text that is one),
    ages ("3 小时前", "2 days ago"), 今天, 昨天 and 前天, dates without a year. A date without a year is the latest
    such one that is not more than a day after `now`.

    Args:
        value: what the list shows; a text may hold more than the date.
        zone: the source's, assumed where the text names none.
        where: what `Dating.where` says.
        now: when the list was read; ages count from here.
    """
    if isinstance(value, bool):
        return None
    text = value.strip() if isinstance(value, str) else f"{value:.3f}" if isinstance(value, float) else str(value)
    found: Dating | None = None
    for read in _FORMS:
        try:
            found = read(text, zone, where, now)
        except (ValueError, OverflowError):  # 31 June; 9999 days before the first year
            found = None
        if found is not None:
            break
    return found


def _whole(text: str, zone: ZoneInfo, where: str, _now: datetime) -> Dating | None:
    return read_date(text, zone.key, where)


def _mail(text: str, zone: ZoneInfo, where: str, _now: datetime) -> Dating | None:
    match = _MAIL.search(text)
    if match is None:
        return None
    at = parsedate_to_datetime(match[0])
    known = at.tzinfo is not None
    at = at if known else at.replace(tzinfo=zone)
    return Dating(at=at, precision=Precision.SECOND, where=where, text=match[0], zone="" if known else zone.key)


def _epoch(text: str, _zone: ZoneInfo, where: str, now: datetime) -> Dating | None:
    match = _EPOCH.fullmatch(text)
    if match is None:
        return None
    at = datetime.fromtimestamp(int(match["seconds"]), UTC)
    if not _FIRST <= at <= now + _AHEAD:
        return None
    return Dating(at=at, precision=Precision.SECOND, where=where, text=text)


def _ago(text: str, zone: ZoneInfo, where: str, now: datetime) -> Dating | None:
    match = _NOW.search(text)
    if match is not None:
        return Dating(at=now, precision=Precision.SECOND, where=where, text=match[0])
    match = _AGO.search(text)
    if match is None:
        return None
    unit = next(name for name in ("second", "minute", "hour", "day") if match[name])
    if unit == "day" and match["half"]:  # some hour of today or yesterday
        return None
    number = float(match["number"] or (0.5 if match["half"] else 1))
    at = now - timedelta(**{f"{unit}s": number})
    if unit == "day":
        return _midnight(at, zone, where, match[0])
    precision = Precision.HOUR if unit == "hour" else Precision.SECOND
    return Dating(at=at, precision=precision, where=where, text=match[0])


def _named_day(text: str, zone: ZoneInfo, where: str, now: datetime) -> Dating | None:
    match = _DAY.search(text)
    if match is None:
        return None
    word = match["han"] or match["english"].lower()
    return _at_clock(now.astimezone(zone) - timedelta(days=_DAYS[word]), zone, match, where)


def _yearless(text: str, zone: ZoneInfo, where: str, now: datetime) -> Dating | None:
    match = _NO_YEAR.search(text) or _NO_YEAR_SIGNS.search(text)
    if match is None:
        return None
    here = now.astimezone(zone)
    # 29 February is up to eight years back, and on 31 December the first of January may have come elsewhere.
    for year in range(here.year + 1, here.year - 9, -1):
        try:
            day = here.replace(year=year, month=_number(match, "month"), day=_number(match, "day"))
            found = _at_clock(day, zone, match, where)
        except ValueError:
            continue
        if found.at <= now + _AHEAD:
            return found
    return None


def _at_clock(day: datetime, zone: ZoneInfo, match: re.Match[str], where: str) -> Dating:
    """The day, a moment in `zone`, with the time of a match where it shows one."""
    shown = match[0].strip()
    if not _group(match, "hour"):
        return _midnight(day, zone, where, shown)
    hour, minute, second = (_number(match, name) for name in ("hour", "minute", "second"))
    at = day.replace(hour=hour, minute=minute, second=second, microsecond=0, fold=0)
    return Dating(at=at, precision=Precision.SECOND, where=where, text=shown, zone=zone.key)


def _midnight(moment: datetime, zone: ZoneInfo, where: str, text: str) -> Dating:
    at = moment.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return Dating(at=at, precision=Precision.DAY, where=where, text=text, zone=zone.key)


def _group(match: re.Match[str], name: str) -> str:
    """A group, whichever of two alternatives it stands in."""
    groups = match.groupdict()
    return groups.get(name) or groups.get(f"{name}_") or ""


def _number(match: re.Match[str], name: str) -> int:
    return int(_group(match, name) or 0)


def _offset(text: str) -> tzinfo | None:
    return datetime.strptime(text, "%z").tzinfo if text else None


# In this order: what names more of the date is asked first.
_FORMS: tuple[Callable[[str, ZoneInfo, str, datetime], Dating | None], ...] = (
    _epoch,
    _whole,
    _mail,
    _ago,
    _named_day,
    _yearless,
)
