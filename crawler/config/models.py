"""The shape of everything people edit. Data only: no clock, no network, no defaults hidden elsewhere."""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, date, timedelta
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal
from unicodedata import normalize
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, IPvAnyNetwork, model_validator

from crawler.config.report import quotes_hint
from crawler.config.selectors import check_jmespath, check_selector
from crawler.crontab import cron_trigger
from crawler.database import check_url
from crawler.urls import UrlError, check_fetchable

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LONGEST_DURATION = timedelta(days=36_500)  # so that no date reckoned with it leaves the calendar
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])")
# A name is also a folder of the archive: letters, Han and digits, no separators, nothing hidden.
_NAME = re.compile(r"[^\W_][\w\-]{0,39}")
_AT = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
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


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("holds control characters, which no request header may carry")
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


def _regex(value: str) -> str:
    try:
        re.compile(value)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"not a regular expression: {error}") from error
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
Headers = Mapping[Annotated[str, AfterValidator(_header_name)], Annotated[str, AfterValidator(_printable)]]
TimeOfDay = Annotated[str, BeforeValidator(_at)]
Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
PositiveDuration = Annotated[Duration, Field(gt=timedelta(0))]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Reader(StrEnum):
    """How the answer of an endpoint is read."""

    FEED = "feed"
    SITEMAP = "sitemap"  # an index of sitemaps too
    LISTING = "listing"
    JSON = "json"
    DOCSIFY = "docsify"
    MIRROR = "mirror"  # the list of one WeChat account on a docsify mirror
    MIRROR_INDEX = "mirror_index"  # the list of its accounts


class Kind(StrEnum):
    """What a source is: a way to read its endpoints, or a site whose ways are known (crawler/config/sites)."""

    FEED = "feed"
    SITEMAP = "sitemap"
    LISTING = "listing"
    JSON = "json"
    DOCSIFY = "docsify"
    QQ = "qq"
    IYIOU = "iyiou"
    WECHAT_MIRROR = "wechat_mirror"
    DISCUZ = "discuz"


def reader_of_kind(kind: Kind) -> Reader | None:
    """The reader a general kind names; None for a site."""
    return next((reader for reader in Reader if reader.value == kind.value), None)


class Rights(StrEnum):
    """What may be shown beyond the operator's own machine."""

    HEADLINE = "headline"
    EXCERPT = "excerpt"
    FULL = "full"


class EntryRules(Model):
    """How announcements are read from a list.

    Of a list page the expressions are CSS or XPath (`::attr(href)`, `/@href` for an attribute), of a JSON answer
    JMESPath. Where there are several, the first that finds something is taken.
    """

    items: Annotated[Selectors, Field(min_length=1)]  # the rows
    link: Selectors = ()  # in a row; of JSON also an address with JMESPath in braces: https://example.com/a/{id}
    title: Selectors = ()
    summary: Selectors = ()
    author: Selectors = ()
    published: Selectors = ()
    after: Regex = ""  # of a page with JSON in it: the JSON begins behind this
    html: JmesPath = ""  # of JSON with a list page in it: where it stands; the rows are then CSS or XPath
    ok: JmesPath = ""  # of JSON: false or nothing here means that the answer is an error
    error: JmesPath = ""  # of JSON: what the error says


class Pages(Model):
    """How a list goes on. A poll asks for page after page until one brings nothing new."""

    most: Annotated[int, Field(ge=1, le=5)] = 5
    first: Annotated[int, Field(ge=0)] = 1  # what {page} stands for on the first page, and
    step: Annotated[int, Field(ge=1)] = 1  # by how much it grows: 20 for an offset
    next: PageSelectors = ()  # of a list page: the link to the next one
    cursor: JmesPath = ""  # of JSON: what {cursor} stands for on the next page; it is empty on the first


class EndpointRules(Model):
    """How an endpoint is asked and its answer read. Placeholders: {page}, {cursor}, {fragment}, {installation}."""

    kind: Reader | None = None  # when it is not read as its source's kind says
    post_json: Mapping[str, Any] | None = None
    post_form: Mapping[str, str] | None = None
    entries: EntryRules | None = None  # else the source's
    pages: Pages | None = None

    @model_validator(mode="after")
    def _one_body(self) -> "EndpointRules":
        if self.post_json is not None and self.post_form is not None:
            raise ValueError("give either post_json or post_form, not both")
        return self


class Endpoint(EndpointRules):
    """One address of a source that is polled.

    What stands behind # is not sent: it tells endpoints of one address apart, and is what {fragment} stands for.
    """

    url: Url
    every: Literal["adaptive"] | PositiveDuration = "adaptive"
    cron: Crontab | None = None

    @model_validator(mode="after")
    def _one_rhythm(self) -> "Endpoint":
        if self.cron is not None and "every" in self.model_fields_set:
            raise ValueError("give either every or cron, not both")
        return self


class ArticleRules(Model):
    """Which announced articles are wanted, and how their pages are read where presswatch does not know by itself."""

    url: Regex | None = None  # searched in the article's URL; others are not entries of this source
    max_age: PositiveDuration = timedelta(days=7)
    title: PageSelectors = ()
    published: PageSelectors = ()
    author: PageSelectors = ()
    body: PageSelectors = ()
    drop: PageSelectors = ()  # what is taken out of the body: every match of every selector
    next: PageSelectors = ()  # the link to the article's next page
    most_pages: Annotated[int, Field(ge=1, le=50)] = 20
    gone_at: Regex | None = None  # searched in the address an article redirects to: it was deleted

    def wants(self, url: str) -> bool:
        return self.url is None or re.search(self.url, url) is not None


class Politeness(Model):
    delay: Annotated[Duration, Field(ge=timedelta(0)), AfterValidator(_pause)] = timedelta(seconds=2)
    concurrency: Annotated[int, Field(ge=1, le=8)] = 1


class Terms(Model):
    """The source's terms of use, and the day an operator read them."""

    url: UrlOrNone = ""
    read: Annotated[date | None, BeforeValidator(_day)] = None
    note: str = ""


class Source(Model):
    """A publisher we watch: one file in sources/."""

    name: Name
    title: str = ""
    enabled: bool = True
    disabled_because: str = ""  # shown where somebody asks for a source that is not enabled
    kind: Kind
    endpoints: Annotated[tuple[Endpoint, ...], Field(min_length=1)]
    entries: EntryRules | None = None  # for the endpoints that have none of their own
    articles: ArticleRules = ArticleRules()
    headers: Headers = {}  # sent with every request of the source
    charset: Charset = ""  # of its lists and pages, whatever they declare
    politeness: Politeness = Politeness()
    timezone: Zone = "Asia/Shanghai"
    language: str = "zh-CN"
    rights: Rights = Rights.EXCERPT
    terms: Terms = Terms()

    @property
    def label(self) -> str:
        return self.title or self.name


class SeedReference(Model):
    """A seed by title and URL; its text is not shipped."""

    title: str
    url: UrlOrNone = ""


class Words(Model):
    plain: tuple[Word, ...] = ()
    required: tuple[Word, ...] = ()  # at least one of them must occur
    excluded: tuple[Word, ...] = ()  # none of them may occur in title or lead
    regex: tuple[TextRegex, ...] = ()

    @model_validator(mode="after")
    def _something_to_find(self) -> "Words":
        if not self.plain and not self.regex:
            raise ValueError("a theme needs at least one word under plain or regex")
        for kind in ("plain", "required", "excluded"):
            if any(not word for word in getattr(self, kind)):
                raise ValueError(f"{kind} holds an empty word, which would match every text")
        return self


class Theme(Model):
    name: Name
    title: str
    seeds: tuple[SeedReference, ...] = ()
    words: Words
    floor: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 3.0


class Subscription(Model):
    """Who gets which themes, and when."""

    name: Name
    title: str = ""
    themes: Literal["all"] | Annotated[tuple[Name, ...], Field(min_length=1)] = "all"
    sources: Literal["all"] | Annotated[tuple[Name, ...], Field(min_length=1)] = "all"
    at: TimeOfDay = "08:00"
    timezone: Zone | None = None  # else the installation's


class Safety(Model):
    """Limits on what is fetched."""

    allow_networks: tuple[IPvAnyNetwork, ...] = ()  # private networks that may be reached (an intranet, a test)
    max_body_mb: Annotated[float, Field(gt=0, le=100)] = 10.0
    timeout: PositiveDuration = timedelta(seconds=30)


class Retention(Model):
    off_theme: PositiveDuration = timedelta(days=14)
    deleted: PositiveDuration = timedelta(days=30)  # text that its source took away
    articles: PositiveDuration | None = None  # text of everything else but seeds; None: for ever
    captures: PositiveDuration = timedelta(days=14)
    captures_mb: Annotated[int, Field(ge=1)] = 2000


class Settings(Model):
    """presswatch.yaml: the installation."""

    timezone: Zone = "Asia/Shanghai"
    contact: Annotated[str, AfterValidator(_printable)] = ""  # where a publisher can write to; in the user agent
    database: Annotated[str, AfterValidator(_database)] = ""  # SQLAlchemy URL; empty: SQLite in the data folder
    safety: Safety = Safety()
    retention: Retention = Retention()
    revisit: Annotated[tuple[PositiveDuration, ...], AfterValidator(_ascending)] = (
        timedelta(hours=24),
        timedelta(hours=72),
    )  # ages at which a kept article is asked for again
    min_free_mb: Annotated[int, Field(ge=0)] = 500
    hosts_at_once: Annotated[int, Field(ge=1, le=64)] = 8
    max_attempts: Annotated[int, Field(ge=1, le=20)] = 5  # failures before an entry is quarantined as failed

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class Config(Model):
    """Everything, checked, with where it came from."""

    folder: Path
    settings: Settings = Settings()
    sources: tuple[Source, ...] = ()
    themes: tuple[Theme, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()

    def source(self, name: str) -> Source | None:
        return next((source for source in self.sources if source.name == name), None)

    def theme(self, name: str) -> Theme | None:
        return next((theme for theme in self.themes if theme.name == name), None)

    def subscription(self, name: str) -> Subscription | None:
        return next((item for item in self.subscriptions if item.name == name), None)

    @property
    def enabled_sources(self) -> tuple[Source, ...]:
        return tuple(source for source in self.sources if source.enabled)
