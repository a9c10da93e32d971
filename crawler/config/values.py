"""The values people write in a config, each with its check: a rule that is broken is told in words."""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, date, timedelta
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any
from unicodedata import normalize
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field

from crawler.config.report import PlainFaultError, quotes_hint
from crawler.config.selectors import check_jmespath, check_selector
from crawler.crontab import cron_trigger
from crawler.database import check_url
from crawler.hosts import Destination, HostNameError, ascii_host
from crawler.patterns import pattern
from crawler.urls import UrlError, check_fetchable

DIRECT = "direct"  # of a source: through no proxy, though presswatch.yaml names one
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LONGEST_DURATION = timedelta(days=36_500)  # so that no date reckoned with it leaves the calendar
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])")
# A name is also a folder of the archive: letters, Han and digits, no separators, nothing hidden.
_NAME = re.compile(r"[^\W_][\w\-]{0,39}")
_AT = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_RANGE = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*\.\.\s*(\d{1,6}(?:\.\d{1,3})?)")
_HEADER = re.compile(r"[A-Za-z0-9\-]{1,60}")
# Who asks, what it may see, and where the request goes is not the config's to say.
_OURS = re.compile(
    r"user-agent|cookie2?|authorization|host|from|via|range|connection|content-.*|transfer-.*|if-.*|proxy-.*|sec-.*"
    r"|forwarded|x-forwarded-.*|x-real-ip",
    re.IGNORECASE,
)


def parse_duration(value: Any) -> timedelta:
    """Turn "90s", "30m", "1.5h" or "7d" into a timedelta."""
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("expected a number and a unit of s, m, h or d, such as 30m or 7d")
    number, unit = float(match[1]), _UNITS[match[2]]
    if number > _LONGEST_DURATION / timedelta(**{unit: 1}):
        raise ValueError(f"a duration of more than {_LONGEST_DURATION.days} days")
    return timedelta(**{unit: number})


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(
            "a name has letters, Han, digits, - and _, begins with a letter or digit, at most 40 characters"
        )
    return value


@cache
def _zones() -> AbstractSet[str]:
    return available_timezones()  # it reads the disk at every call, for 17 ms


def _zone(value: str) -> str:
    if value not in _zones():
        near = get_close_matches(value, _zones(), n=1)
        raise ValueError(f"not a time zone of the IANA list, such as {near[0] if near else 'Asia/Shanghai'}")
    return value


def _url(value: str) -> str:
    try:
        check_fetchable(value)
    except UrlError as error:
        raise ValueError(error.why) from error
    return value


def _url_or_none(value: str) -> str:
    return _url(value) if value else value


def check_printable(value: str) -> str:
    """Refuse what no request header may carry.

    Raises:
        PlainFaultError: it holds control characters.
    """
    if not value.isprintable():
        raise PlainFaultError("holds control characters, which no request header may carry")
    return value


def _pause(value: timedelta) -> timedelta:
    if value > timedelta(hours=1):
        raise ValueError("expected a pause of at most 1h")
    return value


def _ascending(value: tuple[timedelta, ...]) -> tuple[timedelta, ...]:
    if list(value) != sorted(set(value)):
        raise ValueError("expected ages that grow, such as [24h, 72h]")
    return value


def _database(value: str) -> str:
    if value:
        check_url(value)
    return value


def _redis(value: str) -> str:
    if value and urlsplit(value).scheme not in {"redis", "rediss", "unix"}:
        raise ValueError("expected redis://HOST:PORT/NUMBER, rediss://… for TLS, or unix://PATH")
    return value


def proxy_place(url: str) -> Destination | None:
    """Host and port of a proxy, without its user and password; None of an empty URL."""
    if not url:
        return None
    parts = urlsplit(url)
    return Destination(host=ascii_host(parts.hostname or ""), port=parts.port or 0)


def _proxy(value: str) -> str:
    try:
        parts = urlsplit(value)
        whole = parts.scheme == "http" and bool(parts.port) and not (parts.path.strip("/") or parts.query)
        ascii_host(parts.hostname or "")
    except (HostNameError, ValueError):
        whole = False
    if value and not whole:
        raise ValueError("expected http://HOST:PORT, or http://USER:${PASSWORD}@HOST:PORT")
    return value


def _source_proxy(value: str) -> str:
    if value != DIRECT:
        try:
            _proxy(value)
        except ValueError as error:
            raise ValueError(f"{error}, or {DIRECT}") from error
    return value


def _rates(value: Any) -> Any:
    match = _RANGE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("expected the fewest and the most a day, such as 3..200, or 0.5..10")
    fewest, most = float(match[1]), float(match[2])
    if fewest > most or not most:
        raise ValueError("expected the fewest first, then the most, which is above 0")
    return fewest, most


def _regex(value: str) -> str:
    if value:
        pattern(value)
    return value


def _folded_regex(value: str) -> str:
    """A pattern over a text whose characters are in their plain form (NFKC)."""
    pairs = {sign: re.escape(normalize("NFKC", sign)) for sign in value if normalize("NFKC", sign) != sign}
    if pairs:
        plain = ", ".join(f"{spelling} for {sign}" for sign, spelling in pairs.items())
        raise ValueError(f"never matches, texts are searched with full-width signs made half-width; write {plain}")
    return value


def _unquoted(value: str) -> str:
    if quotes_hint(value):
        raise ValueError("would be found between these quotes alone")
    return value


def _crontab(value: str) -> str:
    try:
        cron_trigger(value, UTC)
    except ValueError as error:
        raise ValueError(f'not the five fields of a crontab line, such as "*/20 7-23 * * *": {error}') from error
    return value


def _at(value: Any) -> Any:
    # YAML 1.1 reads an unquoted 08:00 as a number in base 60.
    if isinstance(value, int) and not isinstance(value, bool):
        value = f"{value // 60:02d}:{value % 60:02d}"
    if not isinstance(value, str) or not _AT.fullmatch(value):
        raise ValueError('expected a time of day in quotes, such as "08:00"')
    return value


def _day(value: Any) -> Any:
    # pydantic takes a bare number for seconds since 1970.
    if value is None or type(value) is date:
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ValueError("expected a day, such as 2025-03-01, or null") from error


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _charset(value: str) -> str:
    if value:
        try:
            b"\xff".decode(value, "replace")  # Python also knows codecs that make no text of bytes
        except (LookupError, ValueError) as error:
            raise ValueError("not a character encoding Python knows, such as gb18030") from error
    return value


def _header_name(value: str) -> str:
    if not _HEADER.fullmatch(value):
        raise ValueError("is not the name of a header")
    if _OURS.fullmatch(value):
        raise ValueError("cannot be set: presswatch says who it is and logs in nowhere")
    return value


Name = Annotated[str, AfterValidator(_name)]
Zone = Annotated[str, AfterValidator(_zone)]
Url = Annotated[str, AfterValidator(_url)]
UrlOrNone = Annotated[str, AfterValidator(_url_or_none)]
Regex = Annotated[str, AfterValidator(_regex)]
TextRegex = Annotated[Regex, AfterValidator(_folded_regex)]
Word = Annotated[str, AfterValidator(_unquoted)]
Crontab = Annotated[str, AfterValidator(_crontab)]
Selectors = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_one_or_more)]
PageSelectors = Annotated[tuple[Annotated[str, AfterValidator(check_selector)], ...], BeforeValidator(_one_or_more)]
JmesPath = Annotated[str, AfterValidator(check_jmespath)]
Charset = Annotated[str, AfterValidator(_charset)]
Headers = Annotated[
    Mapping[Annotated[str, AfterValidator(_header_name)], Annotated[str, AfterValidator(check_printable)]],
    Field(repr=False),
]
TimeOfDay = Annotated[str, BeforeValidator(_at)]
Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
PositiveDuration = Annotated[Duration, Field(gt=timedelta(0))]
Pause = Annotated[Duration, Field(ge=timedelta(0)), AfterValidator(_pause)]
Ages = Annotated[tuple[PositiveDuration, ...], AfterValidator(_ascending)]
Day = Annotated[date | None, BeforeValidator(_day)]
# What may hold a secret is not in the repr of its model, which a traceback or a log may show.
DatabaseUrl = Annotated[str, AfterValidator(_database), Field(repr=False)]
RedisUrl = Annotated[str, AfterValidator(_redis), Field(repr=False)]
ProxyUrl = Annotated[str, AfterValidator(_proxy), Field(repr=False)]
SourceProxy = Annotated[str, AfterValidator(_source_proxy), Field(repr=False)]
Port = Annotated[int, Field(ge=1, le=65535)]
Rates = Annotated[tuple[float, float], BeforeValidator(_rates)]
