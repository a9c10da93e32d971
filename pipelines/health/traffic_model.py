"""What status tells of requests: what was asked of whom, and what of a day's budget is left."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, kw_only=True)
class DomainCost:
    """What one registrable domain was asked, and the new articles that were read there."""

    domain: str
    requests: int
    bytes: int
    articles: int  # kept ones and copies, revisits aside
    requests_per_article: float | None  # null: no article came from there
    bytes_per_article: float | None  # likewise


@dataclass(frozen=True, kw_only=True)
class Costs:
    """The last seven days of the installation's zone, today included."""

    since: date
    domains: tuple[DomainCost, ...]  # the dearest first: by requests for an article, or all of them where none came


@dataclass(frozen=True, kw_only=True)
class Budget:
    """A source's requests of today."""

    requests: int
    per_day: int  # politeness.requests_per_day
    articles_wait: bool  # their share is used up
    polls_wait: bool  # all of it is
    until: datetime | None  # when the next day begins; null where nothing waits
