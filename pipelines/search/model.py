"""What is asked of the search, and what it answers."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from enum import StrEnum

from crawler.items import Origin
from pipelines.search.snippet import Snippet


class Order(StrEnum):
    """Which hit is shown first."""

    RELEVANCE = "relevance"
    DATE = "date"  # the newest


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which articles are looked at; what is empty lets all pass.

    `since` and `until` are days in `zone`, both inclusive. They are compared with the date of publication where that
    is known, else with the time the article was kept.
    """

    zone: tzinfo
    sources: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = ()
    since: date | None = None
    until: date | None = None
    off_theme: bool = False  # those that no theme takes as well


@dataclass(frozen=True, kw_only=True)
class Search:
    """What is asked."""

    query: str
    filters: Filters
    order: Order = Order.RELEVANCE
    every_copy: bool = False  # each article of a copy group is a hit of its own
    limit: int = 20


@dataclass(frozen=True, kw_only=True)
class Hit:
    """An article that was found; for those of one copy group that were, the representative when it is among them."""

    entry: int
    key: str
    title: str
    url: str  # of the first publication, where that is known
    source: str
    account: str
    origin: str  # a crawler.items.Origin
    published: datetime | date | None  # a day where no more is known
    kept_at: datetime
    themes: tuple[str, ...]
    outcome: str  # kept, copy or off_theme
    score: float  # bm25, the higher the better
    snippet: Snippet
    copies: int  # further articles of its copy group that were found
    path: str  # of its file, below the archive folder; empty when it has none


@dataclass(frozen=True, kw_only=True)
class Found:
    """The answer, as `presswatch search --json` prints it."""

    query: str
    total: int  # hits there are
    hits: tuple[Hit, ...]  # the first of them
