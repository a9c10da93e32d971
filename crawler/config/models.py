"""The shape of everything people edit. Data only: no clock, no network, no defaults hidden elsewhere."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, InstanceOf, IPvAnyNetwork, model_validator

from crawler.config.contact import Contact
from crawler.config.sent import SentSecrets
from crawler.config.values import (
    DIRECT,
    Ages,
    Charset,
    Crontab,
    DatabaseUrl,
    Day,
    Headers,
    JmesPath,
    Name,
    PageSelectors,
    Pause,
    Port,
    PositiveDuration,
    ProxyUrl,
    Rates,
    RedisUrl,
    Regex,
    Selectors,
    SourceProxy,
    TextRegex,
    TimeOfDay,
    Url,
    UrlOrNone,
    Word,
    Zone,
)
from crawler.hosts import WEB_PORTS
from crawler.patterns import pattern


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Language(StrEnum):
    """A language presswatch itself speaks."""

    ZH_CN = "zh-CN"
    EN = "en"


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
        """
        Raises:
            TooSlowError: to search in this address took too long.
        """
        return self.url is None or pattern(self.url).search(url) is not None


class Politeness(Model):
    """How gently a source is asked.

    `requests_per_day` is over everything it causes: lists, articles, further pages, redirects, revisits, robots.txt. Of
    the sources that are shipped the busiest list polled to its last page makes 375 a day (iyiou: 75 polls of 5 pages),
    500 new articles with both revisits 1,500, robots.txt that cannot be read 50: below 2,000. A source asked every two
    seconds without end makes 43,200.
    """

    delay: Pause = timedelta(seconds=2)
    concurrency: Annotated[int, Field(ge=1, le=8)] = 1
    requests_per_day: Annotated[int, Field(ge=1, le=1_000_000)] = 3000


class Terms(Model):
    """The source's terms of use, and the day an operator read them."""

    url: UrlOrNone = ""
    read: Day = None
    note: str = ""


class Expectation(Model):
    """What a healthy source brings; where it is missing, it is learnt."""

    new_per_day: Rates  # fewest and most new entries a day, of all endpoints together


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
    proxy: SourceProxy = ""  # what its requests go through: a URL, or direct; empty: as in presswatch.yaml
    charset: Charset = ""  # of its lists and pages, whatever they declare, unless their bytes plainly do not fit it
    politeness: Politeness = Politeness()
    expect: Expectation | None = None
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
    language: Language = Language.ZH_CN  # of its digest's own words; titles and texts stay as they are


class Safety(Model):
    """Limits on what is fetched."""

    allow_networks: tuple[IPvAnyNetwork, ...] = ()  # private networks that may be reached (an intranet, a test)
    ports: tuple[Port, ...] = WEB_PORTS  # of public hosts; those that endpoints name are open there
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
    contact: Contact = ""  # where a publisher can write to; in the user agent. Without it nothing live is asked
    database: DatabaseUrl = ""  # SQLAlchemy URL; empty: SQLite in the data folder
    redis_url: RedisUrl = ""  # where run lock, host pace and robots answers are shared; empty: all in the database
    proxy: ProxyUrl = ""  # a forward proxy that all requests go through; empty: they go out directly
    safety: Safety = Safety()
    retention: Retention = Retention()
    revisit: Ages = (
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
    secrets: Annotated[InstanceOf[SentSecrets], Field(repr=False, exclude=True)] = SentSecrets({})

    def source(self, name: str) -> Source | None:
        return next((source for source in self.sources if source.name == name), None)

    def proxy_of(self, name: str) -> str:
        """URL of the proxy that the requests of a source go through; "": they go out directly."""
        source = self.source(name)
        url = (source.proxy if source else "") or self.settings.proxy
        return "" if url == DIRECT else url

    def label_of(self, name: str) -> str:
        """The source's label; its name where the config no longer knows it."""
        source = self.source(name)
        return source.label if source else name

    def theme(self, name: str) -> Theme | None:
        return next((theme for theme in self.themes if theme.name == name), None)

    def subscription(self, name: str) -> Subscription | None:
        return next((item for item in self.subscriptions if item.name == name), None)

    @property
    def enabled_sources(self) -> tuple[Source, ...]:
        return tuple(source for source in self.sources if source.enabled)
