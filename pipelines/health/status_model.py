"""What `presswatch status --json` prints: one document, whose shape stays."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from crawler.schedule.heartbeat import Beat
from pipelines.health.hosts import HostLine
from pipelines.health.model import FailingNow, SilentEndpoint
from pipelines.health.next_poll import NextPoll
from pipelines.health.source_model import Counts, SourceDetail
from pipelines.health.traffic_model import Budget, Costs


class State(StrEnum):
    """How a source is, the worst first."""

    FAILING = "failing"  # the last poll of one of its endpoints failed, or of all lists that one names
    SILENT = "silent"  # nothing new for three times its usual gap
    WAITING = "waiting"  # its host asked to be left alone or does not answer, or its requests of today are used up
    UNPROVEN = "unproven"  # no live run has polled it with success yet
    WELL = "well"
    DISABLED = "disabled"


class Problem(StrEnum):
    """What keeps presswatch from being well; first what makes all the rest old."""

    LATE_RUN = "late_run"  # something is due, and no run has begun for far longer than usual
    FAILING = "failing"  # sources, for more than one poll in a row or for an hour
    SILENT = "silent"  # sources
    SILENT_DAEMON = "silent_daemon"  # its last sign of life is too old, and for a day nobody else has made the runs
    LATE_DIGEST = "late_digest"
    DIGEST_AHEAD = "digest_ahead"  # cut in the future
    FAULTY_RUN = "faulty_run"  # the last one that ended: it had faults of presswatch itself or its storage
    UNBALANCED = "unbalanced"  # books
    NO_SOURCE = "no_source"  # is enabled


class RunEnd(StrEnum):
    COMPLETED = "completed"
    FAULTY = "faulty"  # it ended in order, with faults of presswatch itself or its storage
    INTERRUPTED = "interrupted"  # its process died; a later run closed its books
    OPEN = "open"  # it runs, or its process died and no later run has closed its books yet


class Note(StrEnum):
    """What its operator should know, though nothing is wrong."""

    ADAPTIVE = "adaptive"  # polling does not adapt yet: it means 30 minutes
    NO_SEEDS = "no_seeds"  # none of the seeds that themes name is imported: verdicts are by words alone
    NO_CONTACT = "no_contact"  # publishers cannot tell who asks, so that no live run starts
    ORPHANS = "orphans"  # entries wait, but no enabled source has their source's name any more


@dataclass(frozen=True, kw_only=True)
class RunLine:
    """One run, with the sums of all its sources."""

    run: int
    command: str
    live: bool  # it asked the sources' own hosts
    started: datetime
    ended: datetime | None
    end: RunEnd
    counts: Counts
    errors: int  # lines in its sources' books, and of its own
    faults: tuple[str, ...]  # of presswatch itself or its storage


@dataclass(frozen=True, kw_only=True)
class Daemon(Beat):
    """What the daemon last wrote into schedule.json; no time is told where nothing comes."""

    is_silent: bool  # it did not end, and gave no sign of life for three minutes


@dataclass(frozen=True, kw_only=True)
class IssuedLine:
    """The latest digest of a subscription."""

    date: str  # YYYY-MM-DD in its zone
    cut_from: datetime  # exclusive
    cut_to: datetime  # inclusive
    issued: datetime


@dataclass(frozen=True, kw_only=True)
class DigestLine:
    """The digests of one subscription."""

    subscription: str
    title: str
    latest: IssuedLine | None
    next_cut: datetime  # that a digest will be issued for
    is_late: bool  # a cut came over an hour ago, and its digest is not issued; or the first should be and is not
    is_ahead: bool  # the latest was cut in the future: the clock was wrong then, or is now


@dataclass(frozen=True, kw_only=True)
class Proof:
    """The first live run that polled the source with success."""

    run: int
    started: datetime


@dataclass(frozen=True, kw_only=True)
class SourceLine:
    """One source's health."""

    name: str
    title: str
    kind: str
    state: State
    needs_you: bool  # it is silent, or fails by what does not heal, twice in a row or for an hour
    failing: tuple[FailingNow, ...]
    silent: tuple[SilentEndpoint, ...]
    lists: int  # that its endpoints' answers name
    lists_failing: int  # some of them alone are no problem
    held_until: datetime | None  # a host of its endpoints is left alone until then
    budget: Budget
    disabled_because: str
    last_kept: datetime | None  # when its last article was stored
    last_new: datetime | None  # when its last entry was first seen
    pending: int
    oldest_pending: datetime | None  # first sight of it
    next_poll: NextPoll | None  # the earliest of its endpoints'; null when it is disabled
    proof: Proof | None


@dataclass(frozen=True, kw_only=True)
class PendingLine:
    """An entry that waits to be fetched."""

    entry: int
    title: str
    source: str
    url: str
    first_seen: datetime
    attempts: float  # failures so far, in fractions by kind
    last_error: str
    next_try: datetime | None  # its own or its host's, the later one; null: the next run


@dataclass(frozen=True, kw_only=True)
class SourceBooks:
    source: str
    counts: Counts


@dataclass(frozen=True, kw_only=True)
class Imbalance:
    """Books that do not balance: of one run, or (run null) of the time because two runs do not join."""

    run: int | None
    source: str
    carried_in: int
    found: int
    ended: int
    carried_out: int


@dataclass(frozen=True, kw_only=True)
class BooksLine:
    """The books of the runs that ended in the last 24 hours; of the last run, where none did."""

    runs: tuple[int, ...]
    since: datetime | None  # null: of the last run alone
    balances: bool
    imbalances: tuple[Imbalance, ...]
    totals: Counts
    sources: tuple[SourceBooks, ...]


@dataclass(frozen=True, kw_only=True)
class Status:
    """How presswatch is. Times are aware."""

    at: datetime
    is_well: bool
    problems: tuple[Problem, ...]
    need_you: int  # sources that do
    daemon: Daemon | None  # null: there is no schedule.json that can be read
    digests: tuple[DigestLine, ...]
    sources: tuple[SourceLine, ...]  # the worst first; the one that was asked for by name
    runs: tuple[RunLine, ...]  # the last ones, the newest first
    pending: int  # of all sources, or of the one that was asked for by name; likewise the oldest
    oldest_pending: tuple[PendingLine, ...]
    hosts: tuple[HostLine, ...]  # that do not answer
    books: BooksLine
    costs: Costs  # of all sources, or of the one that was asked for by name
    notes: tuple[Note, ...]
    detail: SourceDetail | None  # null: no source was asked for by name
