"""The daemon's runs: one at a time, when somebody waits, each of a limited time so that nobody waits for long."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from crawler.books import Book
from crawler.clock import Clock
from crawler.config.models import Config
from crawler.database import Database
from crawler.due import Waiting, who_waits
from crawler.lock import HeldLock, RunLockedError
from crawler.outcomes import Outcome
from crawler.run import Run
from crawler.run_report import TIME_IS_UP, RunReport
from crawler.schedule.failures import Failures
from crawler.schedule.heartbeat import DAEMON_COMMAND

logger = logging.getLogger("presswatch.schedule")

# A host with thousands of pages and a long crawl delay keeps a run going for hours, and what becomes due meanwhile
# waits for the next one.
SLICE = timedelta(minutes=5)
ASIDE = timedelta(minutes=10)  # that a host waits where a run could do nothing for it
BREATH = timedelta(seconds=2)  # between two slices, so that a command that waits for the lock gets it
LONGEST_END = timedelta(minutes=10)  # from the wish to end to the end: every page has its time limit, of seconds


@dataclass(kw_only=True)
class Shifts:
    """Crawls what is due.

    Args:
        ledger: the ledger, for a look at who waits. It is asked for before each and closed after it, so that one that
            was put in its place meanwhile (restore) is found.
        open_database: opens the ledger for a run, which has its own: a run that was refused its storage leaves one
            behind that waits for nobody.
        clock: what decides what is due, and when a run's time is up.
        data: the data folder.
        route: local server that gets every request, or None for the live network.
        lock: the run lock, which raises RunLockedError where another process holds it.
        tell: is given the report of each run, and the configuration that it went by.
    """

    ledger: Callable[[], Database]
    open_database: Callable[[], Database]
    clock: Clock
    data: Path
    route: str | None
    lock: Callable[[Config], AbstractContextManager[HeldLock]]
    tell: Callable[[RunReport, Config], None]
    next_poll: datetime | None = None
    _run: Run | None = None
    _stopped: str = ""
    _told_to_end: float | None = None  # on the loop's clock
    _aside: dict[str, datetime] = field(default_factory=dict)
    _failures: Failures = field(default_factory=Failures)

    @property
    def overdue(self) -> bool:
        """Whether a run that was told to end has not done so in a time that is long enough for any page."""
        told, now = self._told_to_end, asyncio.get_running_loop().time()
        return told is not None and now - told > LONGEST_END.total_seconds()

    def stop(self, reason: str) -> None:
        """End the run under way after its pages under way, and begin no other."""
        self._stopped = reason
        self._end_run(reason)

    async def work(self, config: Config) -> None:
        """Crawl until nobody waits, in runs of a limited time.

        Raises:
            StorageError: the ledger cannot be used.
        """
        goes_on = True
        while goes_on and not self._stopped:
            waiting = self._who_waits(config)
            now = self.clock.now()
            self._aside = {host: until for host, until in self._aside.items() if now < until <= now + ASIDE}
            if waiting.hosts.keys() <= self._aside.keys():
                return
            goes_on = await self._try_run(config, waiting)
            if goes_on:
                await self.clock.wait_until(self.clock.now() + BREATH, "others may have the run lock")

    async def _try_run(self, config: Config, waiting: Waiting) -> bool:
        """Whether to look again at once."""
        try:
            with self.lock(config) as lock:
                report = await self._crawl(config, lock)
        except RunLockedError as error:
            if self._failures.is_news("lock", str(error)):
                logger.info("%s; it is looked again every minute", error)
            return False
        self._failures.is_over("lock")
        self._tell(report, config)
        if report.time_over:
            return True
        self._put_aside(config, waiting)
        return False

    async def _crawl(self, config: Config, lock: HeldLock) -> RunReport:
        with closing(self.open_database()) as database:
            self._run = Run(
                config=config,
                database=database,
                clock=self.clock,
                data=self.data,
                scope=config.enabled_sources,
                lock=lock,
                route=self.route,
                until=self.clock.now() + SLICE,
                left_out=frozenset(self._aside),
            )
            # Wakes a run that waits, and ends one whose clock was set back.
            timer = asyncio.get_running_loop().call_later(SLICE.total_seconds(), self._end_run, TIME_IS_UP)
            try:
                return await self._run.crawl(DAEMON_COMMAND)
            finally:
                timer.cancel()
                self._run = self._told_to_end = None

    def _end_run(self, reason: str) -> None:
        if self._run is not None:
            self._run.stop(reason)
            self._told_to_end = self._told_to_end or asyncio.get_running_loop().time()

    def _who_waits(self, config: Config) -> Waiting:
        with closing(self.ledger()) as database:
            found = who_waits(database, config.enabled_sources, self.clock.now())
        self.next_poll = found.next_poll
        return found

    def _put_aside(self, config: Config, before: Waiting) -> None:
        """Leave those alone for a while that this run could do nothing for: a full disk, a fault of ours."""
        left, until = self._who_waits(config).hosts, self.clock.now() + ASIDE
        for host in before.hosts.keys() - self._aside.keys():
            if before.hosts[host] & left.get(host, frozenset()):
                self._aside[host] = until

    def _tell(self, report: RunReport, config: Config) -> None:
        # A poll that brought nothing new is no news; that all is well the heartbeat says.
        level = logging.DEBUG if _is_quiet(report) else logging.INFO
        logger.log(level, "run %d: %s", report.number, _summary(report))
        self.tell(report, config)


def _is_quiet(report: RunReport) -> bool:
    return not (report.polls_failed or report.errors or report.ended_early or any(_counts(report.books).values()))


def _summary(report: RunReport) -> str:
    counted = [f"{count} {name}" for name, count in _counts(report.books).items() if count]
    waiting = sum(book.carried_out or 0 for book in report.books)
    polls = f"{report.polls} polls" + (f", {report.polls_failed} of them failed" if report.polls_failed else "")
    return ", ".join([*counted, polls, f"{waiting} pages wait"])


def _counts(books: Sequence[Book]) -> dict[str, int]:
    outcomes = {outcome.value: sum(book.outcomes.get(outcome, 0) for book in books) for outcome in Outcome}
    return {"found": sum(book.found for book in books), **outcomes}
