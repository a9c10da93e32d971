"""What one visit of a host holds: its due endpoints, its collaborators, and what happened."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from crawler.budget import spent
from crawler.captures.records import Captured
from crawler.captures.ring import Ring
from crawler.clock import Clock
from crawler.config.models import Config, Endpoint, Politeness, Source
from crawler.database import Database
from crawler.endpoint_state import EndpointState
from crawler.endpoints import Endpoints
from crawler.failure_table import Failure
from crawler.fetch.guard import AddressGuard
from crawler.fetch.pace import NotNowError, Pace
from crawler.fetch.replay import Replay
from crawler.fetch.robots import Robots
from crawler.fetch.silence import SilentOrigins
from crawler.items import Answer, Challenge, Ended, PendingEntry
from crawler.ledger import Lease, Ledger, Scope
from crawler.revisits import Revisit, Revisits
from crawler.storage import StorageError
from crawler.traffic import Traffic


@dataclass(frozen=True, kw_only=True)
class DueEndpoint:
    source: Source
    endpoint: Endpoint
    state: EndpointState


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """What all visits of a run share."""

    number: int
    config: Config
    clock: Clock
    database: Database
    ledger: Ledger
    endpoints: Endpoints
    revisits: Revisits
    traffic: Traffic
    archive: Path  # folder of the Markdown files
    guard: AddressGuard
    pace: Pace
    robots: Robots
    silent: SilentOrigins
    route: str | None  # http://127.0.0.1:PORT, or None for the live network
    scope: Scope
    left_out: frozenset[str]  # hosts that are not visited
    poll_now: bool  # whether an endpoint is due or not
    installation: Callable[[], str]  # a random id of this installation, for endpoints that want one
    stop: Callable[[], str]  # why the run must end now, or ""
    halt: Callable[[StorageError], None]  # is told that nothing can be stored any more: the run ends in order
    challenge: Callable[[Answer], Challenge | None]  # what keeps robots out, where an answer is that
    watch: Callable[[str], None]  # is told in a line what just happened, for a person at a terminal
    refused: set[int] = field(default_factory=set)  # entries whose archive file was refused: the next run tries again
    ring: Ring | None = None  # where responses are kept; a replay's were kept before
    replay: Replay | None = None  # recorded answers instead of the network


@dataclass(kw_only=True)
class Visit:
    """One visit of one host: the only mutable record a spider and its components share."""

    run: RunContext
    lease: Lease
    due: Sequence[DueEndpoint]
    after: int = 0  # entries up to this id were offered already in this run
    looks_again: bool = False  # at the articles whose revisit has come; once in a run
    notes: list[tuple[str, str]] = field(default_factory=list)  # (source, what its operator should know)
    faults: list[tuple[str, str]] = field(default_factory=list)  # (source or "", a fault of ours); the log has more

    @property
    def config(self) -> Config:
        return self.run.config

    def pending(self) -> list[PendingEntry]:
        """The host's entries to fetch now; each is offered once."""
        run = self.run
        found = run.ledger.pending(self.lease.host, now=run.clock.now(), scope=run.scope, after=self.after)
        self.after = max((pending.id for pending in found), default=self.after)
        return found

    def revisits(self) -> list[Revisit]:
        """The host's articles to look at again in this visit: those whose time has come, also by what a poll told.

        A replay brings back what was announced and read; that an article was looked at again it cannot know.
        """
        run = self.run
        looks = self.looks_again or (bool(self.due) and run.replay is None)
        return run.revisits.due(self.lease.host, run.clock.now(), run.scope) if looks else []

    def held(self) -> datetime | None:
        """Until when the host wants to be left alone, if it does. A silence is another: `crawler.fetch.silence`."""
        return self.run.pace.held_until(self.lease.host)

    def hold(self, host: str, until: datetime) -> None:
        """Leave a host alone until then, in this run and in later ones."""
        self.run.pace.hold(host, until)
        # At once: a process that dies must not forget a wish of a day.
        self.run.ledger.remember_hosts(self.run.pace.take_changes())

    def hold_for(self, ended: Ended) -> None:
        """Leave the host of an entry alone for as long as its end says: a page told what no status did.

        A recording has no host to be left alone.
        """
        self.hold_as_told(ended.pending.source, ended.pending.host, ended.reason, ended.hold_host)

    def hold_as_told(self, source: str, host: str, reason: str, span: timedelta | None) -> None:
        """Leave a host alone for as long as an answer of it, told as `reason`, says; None: it says nothing."""
        if span is None or self.run.replay is not None:
            return
        until, held = self.run.clock.now() + span, self.run.pace.held_until(host)
        if held is not None and held >= until:
            return
        self.note(source, f"{host}: {reason}; it is left alone until {until:%Y-%m-%d %H:%M} UTC")
        self.hold(host, until)

    def must_stop(self) -> str:
        """Why no further page may be fetched in this visit, or ""."""
        held = self.held()
        if held is not None:
            return f"{self.lease.host} asked to be left alone until {held.isoformat(timespec='seconds')}"
        return self.run.stop()

    def note_not_polled(self, source: str, what: str, reason: str) -> None:
        """Note that its host did not let a list be asked. Why a whole run ended is told of the run alone."""
        if self.held() is not None:
            self.note(source, f"{what}: not polled: {reason}")

    def capture(self, source: str, captured: Captured, *, anew: bool) -> None:
        """Keep a response that led to an entry or an article; what keeps us from it is noted.

        `anew`: though its body was captured from this address before, see `Ring.keep`.
        """
        if self.run.ring is not None:
            told = self.run.ring.keep(captured, anew=anew)
            if told:
                self.note(source, told)

    def note(self, source: str, text: str) -> None:
        self.notes.append((source, text))

    def blame(self, source: str, text: str) -> None:
        self.faults.append((source, text))

    def not_stored(self, source: str, error: StorageError) -> None:
        """Disk or database refused: the run ends, unless only one place is to blame. It is no entry's failure."""
        if error.ends_a_run:
            self.run.halt(error)
        else:
            self.blame(source, f"{Failure.DISK}: {error}")

    def check_budget(self, name: str, *, is_page: bool) -> None:
        """
        Raises:
            NotNowError: the source was asked often enough today. That is noted.
        """
        source = self.config.source(name)
        politeness = source.politeness if source else Politeness()
        asked, now, zone = self.run.traffic.requests_today(name), self.run.clock.now(), self.config.settings.zone
        over = spent(asked, politeness.requests_per_day, is_page=is_page, now=now, zone=zone)
        if over is not None:
            if (name, over.told) not in self.notes:
                self.note(name, over.told)
            raise NotNowError(over.told, over.until)

    def count_request(self, source: str, host: str) -> None:
        """Count a request that leaves; of a long visit what was counted is booked on its way."""
        traffic = self.run.traffic
        traffic.count_request(source, host)
        if traffic.is_to_be_booked:
            with traffic.booking() as costs:
                self.run.ledger.book(self.run.number, costs)

    def count_bytes(self, source: str, host: str, size: int) -> None:
        self.run.traffic.count_bytes(source, host, size)
