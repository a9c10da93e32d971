"""The frozen records that flow: Entry → PendingEntry → Page → Article, or an end on the way."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from crawler.outcomes import Outcome, Sameness
from crawler.text import one_line

_LONGEST_MESSAGE = 1000  # characters


class Precision(StrEnum):
    """How much of a date its source really showed."""

    DAY = "day"
    HOUR = "hour"  # "3 小时前"
    SECOND = "second"


class Origin(StrEnum):
    """How an article came to us."""

    CRAWL = "crawl"
    SEED = "seed"  # a file of the operator's, an example of what is meant
    IMPORT = "import"  # a WARC file


@dataclass(frozen=True, kw_only=True)
class Dating:
    """One candidate for an article's publication time, with where it was read.

    `at` is aware; for Precision.DAY it is midnight in `zone`. `zone` is the zone that was assumed
    where the text named none, else the empty string.
    """

    at: datetime
    precision: Precision
    where: str  # feed, list, sitemap, page, seed
    text: str  # as the source spelt it
    zone: str = ""

    def to_json(self) -> dict[str, str]:
        return {**asdict(self), "at": self.at.isoformat()}

    @classmethod
    def from_json(cls, value: Mapping[str, str]) -> "Dating":
        at, precision = datetime.fromisoformat(value["at"]), Precision(value["precision"])
        return cls(at=at, precision=precision, where=value["where"], text=value["text"], zone=value["zone"])


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An announcement: what an endpoint says about an article that was not fetched yet."""

    key: str  # crawler.urls.article_key of the article's identity
    url: str  # what to fetch
    title: str = ""
    summary: str = ""
    authors: tuple[str, ...] = ()
    published: Dating | None = None
    changed: datetime | None = None  # when its page last changed, as a sitemap says: it was published no later
    original_url: str = ""  # the first publication, where the list names it (a mirror does)


@dataclass(frozen=True, kw_only=True)
class PendingEntry:
    """An entry whose page is to be read: it has no outcome yet, or its article is looked at again."""

    id: int
    source: str
    host: str
    entry: Entry
    first_seen: datetime
    attempts: float = 0.0  # failures so far, in fractions by kind
    backlog: bool = False  # came with its endpoint's first poll
    revisit: bool = False  # its article is stored; only what changed since matters


@dataclass(frozen=True, kw_only=True)
class Redirect:
    """An address that led to another one."""

    url: str
    status: int
    location: str  # where it led, as an absolute address


@dataclass(frozen=True, kw_only=True)
class PagePart:
    """A further page of an article that stands on several."""

    url: str  # after redirects
    content_type: str
    body: bytes = field(repr=False)
    headers: tuple[tuple[str, str], ...] = ()
    status: int = 200
    fetched_at: datetime | None = None  # None: with the first page
    redirects: tuple[Redirect, ...] = ()  # that led to `url`, in order


@dataclass(frozen=True, kw_only=True)
class Page:
    """The response for a pending entry."""

    pending: PendingEntry
    url: str  # after redirects
    status: int
    content_type: str
    body: bytes = field(repr=False)  # an error message must not carry ten megabytes
    fetched_at: datetime
    headers: tuple[tuple[str, str], ...] = ()  # of the response, names as sent
    redirects: tuple[Redirect, ...] = ()  # that led to `url`, in order
    parts: tuple[PagePart, ...] = ()  # the article's further pages, in order
    beyond: PagePart | None = None  # what was answered behind the last one, where it had to be asked to know

    @property
    def first_part(self) -> PagePart:
        """The first page alone, as the further ones are."""
        names = PagePart.__dataclass_fields__
        return PagePart(**{name: getattr(self, name) for name in names})

    def header(self, name: str) -> str:
        """The value of a header, its name in any case; "" when it is not there."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


@dataclass(frozen=True, kw_only=True)
class TermHit:
    """One theme term that was found, as a reason a person can check."""

    term: str
    field: str  # title, lead, body
    count: int
    weight: float  # what this hit adds to the score
    excerpt: str  # the text around the first occurrence


@dataclass(frozen=True, kw_only=True)
class ThemeVerdict:
    """A judgement of one article on one theme."""

    theme: str
    score: float
    floor: float
    hits: tuple[TermHit, ...] = ()
    vetoed_by: str = ""  # an excluded term that was found, or a required one that was not
    unasked: tuple[str, ...] = ()  # expressions for which no time was left: judged without them
    slow: tuple[str, ...] = ()  # expressions that took the time

    @property
    def on_theme(self) -> bool:
        return not self.vetoed_by and self.score >= self.floor

    def to_json(self) -> dict[str, Any]:
        texts = {"unasked": list(self.unasked), "slow": list(self.slow)}
        return {**asdict(self), "hits": [asdict(hit) for hit in self.hits], **texts}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "ThemeVerdict":
        hits = tuple(TermHit(**hit) for hit in value["hits"])
        texts = {name: tuple(value.get(name, ())) for name in ("unasked", "slow")}
        return cls(**{**value, "hits": hits, **texts})


@dataclass(frozen=True, kw_only=True)
class CopyVerdict:
    """The article is a copy of a stored one."""

    of: int  # entry id of the representative of its copy group
    level: Sameness
    measure: float  # 1.0 for identical


@dataclass(frozen=True, kw_only=True)
class Article:
    """What extraction made of a page, enriched by each later stage."""

    pending: PendingEntry
    url: str  # where it was read, after redirects
    final_key: str  # article_key of `url`
    fetched_at: datetime
    title: str
    text: str = field(repr=False)  # the body alone, a paragraph a line, no markup
    markdown: str = field(repr=False)  # the body with headings, links, images
    authors: tuple[str, ...] = ()
    account: str = ""
    published: Dating | None = None
    datings: tuple[Dating, ...] = ()  # every candidate, the chosen one first
    language: str = ""
    images: tuple[str, ...] = ()
    extractor: str = ""  # name and version
    verdicts: tuple[ThemeVerdict, ...] = ()
    text_hash: str = ""
    copy: CopyVerdict | None = None
    etag: str = ""  # of its page
    last_modified: str = ""

    @property
    def themes(self) -> tuple[str, ...]:
        """Names of the themes it belongs to, best first."""
        found = sorted((verdict for verdict in self.verdicts if verdict.on_theme), key=lambda v: -v.score)
        return tuple(verdict.theme for verdict in found)


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The entry ended without an article."""

    pending: PendingEntry
    outcome: Outcome
    reason: str
    at: datetime
    hold_host: timedelta | None = None  # for how long its host is to be left alone


@dataclass(frozen=True, kw_only=True)
class Postponed:
    """The fetch failed in a way that may heal; the entry stays pending."""

    pending: PendingEntry
    weight: float  # what this failure adds to `attempts`
    reason: str
    at: datetime
    next_try: datetime


@dataclass(frozen=True, kw_only=True)
class Unchanged:
    """A revisited page says that it is as it was."""

    pending: PendingEntry
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The answer of an endpoint, and what is needed to read it."""

    url: str  # that answered, after redirects
    body: bytes = field(repr=False)
    content_type: str = ""
    at: datetime  # when it answered: "3 小时前" is reckoned from here
    zone: ZoneInfo  # the source's
    charset: str = ""  # of the body, whatever it declares


class PollFaultError(Exception):
    """An endpoint's answer is not what its kind promises; the message says what it is instead.

    It often quotes the answer, so it is made one line that can be printed and stored, of 1,000 characters at most.
    """

    def __init__(self, message: str) -> None:
        line = one_line(message)
        super().__init__(line if len(line) <= _LONGEST_MESSAGE else f"{line[:_LONGEST_MESSAGE]}…")


class NoRowsError(PollFaultError):
    """A list without a row: not a list at all, or the page behind the last one."""


@dataclass(frozen=True, kw_only=True)
class FurtherList:
    """A list that another one names: a sitemap of an index, an account of a mirror."""

    url: str
    changed: datetime | None = None  # when it last did, where the index says so


@dataclass(frozen=True, kw_only=True)
class Announced:
    """What an endpoint's answer says, or one page of it."""

    entries: tuple[Entry, ...]  # in its order, a key that stands twice included
    unread: int = 0  # rows that look like entries but could not be read
    ttl: int | None = None  # seconds the publisher asks to be left alone
    unwanted: tuple[str, ...] = ()  # addresses that the source's articles.url leaves out
    lists: tuple[FurtherList, ...] = ()  # each is an endpoint of its own
    next_url: str = ""  # the list's next page, where it links to one
    cursor: str = ""  # what to ask the next page with, where the answer says so


@dataclass(frozen=True, kw_only=True)
class Poll:
    """What one poll of an endpoint gave, before the ledger has seen it."""

    at: datetime  # when the last page that brings news was answered; without news the first
    entries: tuple[Entry, ...] = ()
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    recipe: str = ""  # of what read the body
    ttl: int | None = None  # seconds the publisher asks to be left alone
    unread: int = 0  # rows that look like entries but could not be read
    lists: tuple[FurtherList, ...] = ()
    unwanted: tuple[str, ...] = ()  # addresses that articles.url leaves out, where it leaves nothing
    broke_off: str = ""  # why further pages of the list were not read


@dataclass(frozen=True, kw_only=True)
class HostMemory:
    """What is remembered of a host between runs."""

    last_request: datetime | None = None
    not_before: datetime | None = None  # it is left alone until then, at its wish


@dataclass(frozen=True, kw_only=True)
class Silence:
    """What is remembered of an origin that does not answer."""

    origin: str
    visits: int  # in a row that ended so
    since: datetime  # the end of the first of them
    cause: str  # the last failure
    until: datetime  # it is not asked sooner


@dataclass(frozen=True, kw_only=True)
class Challenge:
    """What an answer is instead of what was asked for: a page that wants a captcha, a login, a browser."""

    reason: str
    hold_host: timedelta | None  # for how long its host is to be left alone


Flow = Page | Article | Ended | Postponed | Unchanged
"""What Scrapy's item pipelines pass on. Each stage acts on its own kind and hands on the others."""
