"""A digest as data: what it tells, in the order it tells it. Rendering and `--json` start from here."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from crawler.config.models import Language
from crawler.items import Dating
from pipelines.health.model import FailingEndpoint, SilentEndpoint


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Terms of the theme that were found in one field of the article, the weightiest first."""

    field: str  # title, lead, body
    terms: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class FoldedCopy:
    """A copy that is told in the line of the article it repeats."""

    source: str  # its label
    url: str  # where the copy stands


@dataclass(frozen=True, kw_only=True)
class Line:
    """One article."""

    entry: int
    title: str
    url: str  # the first publication where known; without what names the click, here and below
    republished_at: str  # where it was found, when `url` is elsewhere; else empty
    source: str  # its label
    published: Dating | None
    kept_at: datetime
    score: float
    lead: str  # whole sentences; empty when there are none, or when the source's rights forbid it
    reasons: tuple[Reason, ...]
    copies: tuple[FoldedCopy, ...]
    is_deleted: bool = False  # its source took it away: no text is shown

    @property
    def independent_sources(self) -> int:
        return len({copy.source for copy in self.copies} - {self.source})


@dataclass(frozen=True, kw_only=True)
class Section:
    theme: str
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True)
class FurtherCopies:
    """Copies that came in this period, of an article an earlier one told."""

    title: str  # of that article's line
    url: str
    copies: tuple[FoldedCopy, ...]


@dataclass(frozen=True, kw_only=True)
class Changed:
    """What happened in this period to an article that was told: its text changed, or its source took it away."""

    title: str
    url: str
    source: str  # its label
    at: datetime
    is_deleted: bool
    removed: int  # clauses
    added: int


@dataclass(frozen=True, kw_only=True)
class BookLine:
    """One source's books over all runs of the period."""

    source: str  # its label
    carried_in: int
    found: int
    outcomes: dict[str, int]  # every outcome, zero ones too
    carried_out: int
    known: int
    requests: int

    @property
    def balances(self) -> bool:
        return self.carried_in + self.found == sum(self.outcomes.values()) + self.carried_out


@dataclass(frozen=True, kw_only=True)
class Imbalance:
    """Books that do not balance: of one run, or (run 0) of the period because two runs do not join."""

    run: int
    source: str
    carried_in: int
    found: int
    ended: int
    carried_out: int


@dataclass(frozen=True, kw_only=True)
class InterruptedRun:
    """A run whose process died. What it left pending was taken up again."""

    run: int
    started: datetime


@dataclass(frozen=True, kw_only=True)
class RunFault:
    """What went wrong with whole runs and with no one source, such as too little room; numbers in it may differ."""

    run: int  # the first of them
    started: datetime
    cause: str
    runs: int  # how many


@dataclass(frozen=True, kw_only=True)
class Books:
    runs: int
    lines: tuple[BookLine, ...]
    imbalances: tuple[Imbalance, ...]
    interrupted: tuple[InterruptedRun, ...]
    faults: tuple[RunFault, ...]


@dataclass(frozen=True, kw_only=True)
class RefusedEntry:
    """An entry we may not read: its title and link are all that is told."""

    title: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Digest:
    balances: bool  # first, because a digest whose books do not balance says so first
    subscription: str  # its name
    language: Language  # of its own words
    title: str
    date: str  # YYYY-MM-DD in `timezone`
    timezone: str
    cut_from: datetime  # exclusive
    cut_to: datetime  # inclusive
    issued: datetime
    preview: bool
    sections: tuple[Section, ...]
    backlog_omitted: int  # further old articles that were kept, too many to list
    further_copies: tuple[FurtherCopies, ...]
    changed: tuple[Changed, ...]
    books: Books
    failing: tuple[FailingEndpoint, ...]  # their sources by label, here and below
    silent: tuple[SilentEndpoint, ...]
    refused: tuple[RefusedEntry, ...]
    refused_omitted: int  # further ones, too many to list

    @property
    def articles(self) -> int:
        return sum(len(section.lines) for section in self.sections)

    @property
    def missed_days(self) -> int:
        """Days before its own that it covers because they had no digest."""
        zone = ZoneInfo(self.timezone)
        days = self.cut_to.astimezone(zone).date() - self.cut_from.astimezone(zone).date()
        return max(0, days.days - 1)
