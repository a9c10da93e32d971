"""What status tells of one source that was asked for by name."""

from dataclasses import dataclass
from datetime import date, datetime

from pipelines.health.next_poll import NextPoll


@dataclass(frozen=True, kw_only=True)
class Counts:
    """The books of a run, or of a source over several runs."""

    carried_in: int
    found: int
    outcomes: dict[str, int]  # by a crawler.outcomes.Outcome, zero ones too
    carried_out: int | None  # null while a run goes on
    known: int
    polls: int
    polls_failed: int
    requests: int
    bytes: int
    balances: bool


@dataclass(frozen=True, kw_only=True)
class EndpointLine:
    """One endpoint of the config."""

    url: str
    reader: str  # how its answer is read
    last_outcome: str  # a crawler.outcomes.PollOutcome; empty before its first poll
    last_polled: datetime | None
    last_success: datetime | None
    last_new: datetime | None
    failures: float  # in a row, in fractions by kind
    last_error: str
    etag: bool  # one is known, so that it is asked conditionally
    last_modified: bool  # likewise
    lists: int  # that its answer names, each polled by itself
    lists_failing: int
    next_poll: NextPoll | None  # null when its source is disabled


@dataclass(frozen=True, kw_only=True)
class EntryLine:
    """One of the last entries of a source."""

    entry: int
    title: str
    url: str
    first_seen: datetime
    outcome: str  # a crawler.outcomes.Outcome; empty while it waits
    reason: str  # of the outcome; what went wrong last while it waits


@dataclass(frozen=True, kw_only=True)
class SourceRun:
    """One source in one run."""

    run: int
    started: datetime
    counts: Counts
    errors: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SourceDetail:
    """What is told of a source that was asked for by name."""

    endpoints: tuple[EndpointLine, ...]
    entries: tuple[EntryLine, ...]  # the newest first
    runs: tuple[SourceRun, ...]  # the newest first
    rights: str  # a crawler.config.models.Rights
    terms_url: str
    terms_read: date | None  # null: nobody has read them
    terms_note: str
