"""Dates as sources spell them. Pure; nothing is guessed.

Why no library: those for dates in any language (dateparser, and htmldate on top of it) never say "none". Measured on
Chinese pages they were wrong on a third, and gave a date for every page that shows none. A list's dates come in few
forms, and a form that is not known here is no date.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from crawler.ages import read_age
from crawler.day_times import TIME, DayTime, time_in, zone_in
from crawler.items import Dating, Precision
from crawler.text import clean

DATE = re.compile(
    r"(?<!\d)(?P<year>19[89]\d|20\d\d)\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})(?!\d)日?"
    rf"(?:(?:T|\s+|(?<=日)|(?=\D)){TIME})?"
)
# What is ahead of the clock by more is no time of publication.
_AHEAD = timedelta(days=1)
_FIRST = datetime(1990, 1, 1, tzinfo=UTC)
_EPOCH = re.compile(r"(?P<seconds>\d{10})(?P<milliseconds>\d{3})?(?:\.\d+)?")
_MAIL = re.compile(rf"(?:[A-Z][a-z]{{2}}, ?)?(?P<date>\d{{1,2}} [A-Z][a-z]{{2}} \d{{4}}) {TIME}")
_CLOCK = rf"(?:\s*(?:at\s+)?{TIME})?"
# 今日 and 前日 are also parts of names (今日头条) and of other words.
_DAYS = {"今": 0, "昨": 1, "前": 2, "today": 0, "yesterday": 1}
_DAY = re.compile(rf"(?:(?<![大\d])(?P<han>[今昨前])天|\b(?P<english>today|yesterday)\b){_CLOCK}", re.IGNORECASE)
_NO_YEAR = re.compile(rf"(?<![\d年])(?P<month>\d{{1,2}})\s*月\s*(?P<day>\d{{1,2}})\s*日{_CLOCK}")
_NO_YEAR_SIGNS = re.compile(rf"(?<![\d\-/.])(?P<month>\d{{1,2}})[-/](?P<day>\d{{1,2}})(?![\d\-/.]){_CLOCK}")
# 02-13 and 02/13 with two digits each or a time; at the end of the text 2-3 as well: else 3-4 is a range.
_TWO_DIGITS = re.compile(r"\d\d[-/]\d\d")
_END = re.compile(r"\s*\Z")
_Form = Callable[[str, ZoneInfo, str, datetime], Dating | None]
# What may stand beside a date that is all there is.
_LABELS = re.compile(
    r"(?:[\W_]|(?:发布|发表|更新)(?:时间|日期|于)?|时间|日期|\b(?:published|posted|updated|on)\b)*", re.IGNORECASE
)


def read_date(text: str, zone: str, where: str) -> Dating | None:
    """The first whole date in `text`, with its time when it shows one; `zone` is assumed where it names none."""
    match = DATE.search(text)
    if match is None:
        return None
    try:
        day = date(int(match["year"]), int(match["month"]), int(match["day"]))
        return _dating(day, match, ZoneInfo(zone), where)
    except ValueError:  # 2025-13-40 is no date
        return None


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
    return _first(_FORMS, text, zone, where, now)


def read_moment_beside(text: str, zone: ZoneInfo, where: str, now: datetime) -> Dating | None:
    """Like `read_moment`, for a text that may be any words: 刚刚上市的公司 was not published just now.

    A date with its year counts wherever it stands, any other where at most a label stands beside it.
    """
    text = clean(text)
    whole = _first((_whole, _mail), text, zone, where, now)
    found = whole or read_moment(text, zone, where, now)
    if found is None or found is whole:
        return found
    return found if _LABELS.fullmatch(text.replace(found.text, "", 1)) else None


def _first(forms: Iterable[_Form], text: str, zone: ZoneInfo, where: str, now: datetime) -> Dating | None:
    for read in forms:
        try:
            found = read(text, zone, where, now)
        except (ValueError, OverflowError):  # 31 June; 9999 days before the first year
            continue
        if found is not None:
            return found
    return None


def _whole(text: str, zone: ZoneInfo, where: str, _now: datetime) -> Dating | None:
    return read_date(text, zone.key, where)


def _mail(text: str, zone: ZoneInfo, where: str, _now: datetime) -> Dating | None:
    match = _MAIL.search(text)
    if match is None:
        return None
    day = parsedate_to_datetime(f"{match['date']} 00:00").date()
    return _dating(day, match, zone, where)


def _epoch(text: str, _zone: ZoneInfo, where: str, now: datetime) -> Dating | None:
    match = _EPOCH.fullmatch(text)
    if match is None:
        return None
    at = datetime.fromtimestamp(int(match["seconds"]), UTC)
    if not _FIRST <= at <= now + _AHEAD:
        return None
    return Dating(at=at, precision=Precision.SECOND, where=where, text=text)


def _ago(text: str, zone: ZoneInfo, where: str, now: datetime) -> Dating | None:
    age = read_age(text)
    if age is None:
        return None
    at = now - age.length
    if age.precision is Precision.DAY:
        return _at(at.astimezone(zone).date(), None, zone, where, clean(age.text))
    return Dating(at=at, precision=age.precision, where=where, text=clean(age.text))


def _named_day(text: str, zone: ZoneInfo, where: str, now: datetime) -> Dating | None:
    match = _DAY.search(text)
    if match is None:
        return None
    days = _DAYS[match["han"] or match["english"].lower()]
    today = now.astimezone(zone_in(match, zone) or zone).date()
    return _dating(today - timedelta(days=days), match, zone, where)


def _yearless(text: str, zone: ZoneInfo, where: str, now: datetime) -> Dating | None:
    match = _NO_YEAR.search(text) or next(filter(_is_date, _NO_YEAR_SIGNS.finditer(text)), None)
    if match is None:
        return None
    this = now.astimezone(zone).year
    # 29 February is up to eight years back, and on 31 December the first of January may have come elsewhere.
    for year in range(this + 1, this - 9, -1):
        try:
            found = _dating(date(year, int(match["month"]), int(match["day"])), match, zone, where)
        except ValueError:
            continue
        if found.at <= now + _AHEAD:
            return found
    return None


def _is_date(match: re.Match[str]) -> bool:
    clock = match["hour"] is not None
    return clock or _TWO_DIGITS.match(match[0]) is not None or _END.match(match.string, match.end()) is not None


def _dating(day: date, match: re.Match[str], zone: ZoneInfo, where: str) -> Dating:
    """The day, with the time of a match where it shows one.

    Raises:
        ValueError: there is no such time.
    """
    return _at(day, time_in(match, zone), zone, where, clean(match[0]))


def _at(day: date, time: DayTime | None, zone: ZoneInfo, where: str, text: str) -> Dating:
    if time is None:
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
        return Dating(at=midnight, precision=Precision.DAY, where=where, text=text, zone=zone.key)
    named = time.at.tzinfo
    at = datetime.combine(day, time.at, tzinfo=named or zone)
    return Dating(at=at, precision=time.precision, where=where, text=text, zone="" if named else zone.key)


# In this order: what names more of the date is asked first.
_FORMS: tuple[_Form, ...] = (
    _epoch,
    _whole,
    _mail,
    _ago,
    _named_day,
    _yearless,
)
