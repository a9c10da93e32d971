"""One run: visits every host that is due, and closes the books. A composition root."""

import asyncio
import logging
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, partial
from pathlib import Path

from scrapy.crawler import AsyncCrawlerRunner
from sqlalchemy import Connection

from crawler import books
from crawler.captures.ring import Ring, ring_of_run
from crawler.clock import Clock
from crawler.config.models import Config, Source
from crawler.database import Database, StorageError
from crawler.endpoints import Endpoints
from crawler.fetch.pace import HostMemories, Pace
from crawler.fetch.replay import NoMemories, ObeyedRobots, Replay
from crawler.fetch.robots import Robots, RobotsCache
from crawler.fetch.robots_cache import DatabaseRobotsCache
from crawler.fetch.silence import SilentOrigins
from crawler.fetch.turns import NoOthers
from crawler.host_visits import HostVisits, due_endpoints
from crawler.installation import installation_id
from crawler.items import Flow
from crawler.ledger import Ledger, Scope
from crawler.lock import HeldLock
from crawler.log_facts import log_facts
from crawler.revisits import Revisits
from crawler.run_report import TIME_IS_UP, RunProgress, RunReport
from crawler.shared.hosts import SharedHosts, shared_hosts
from crawler.signals import caught_signals
from crawler.silences import NoSilences, Silences
from crawler.traffic import Traffic
from crawler.visit import RunContext
from crawler.visit_settings import address_guard, user_agent, visit_settings
from pipelines.archive.store import Archive
from pipelines.extract.failures import challenge_in

logger = logging.getLogger(__name__)


@dataclass(kw_only=True)
class Run:
    """Crawls what is due. The caller holds the run lock.

    Args:
        lock: that the caller holds; when it is lost the run ends in order.
        scope: the sources to crawl.
        left_out: hosts that are not visited.
        poll_now: poll their endpoints whether they are due or not; a host that asked to be left alone
            still is, one that did not answer is tried.
        route: local server that gets every request, or None for the live network.
        replay: recorded answers to live by instead of any network; endpoints that did not answer then are not polled.
        watch: is told in a line what just happened.
        progress: is told how far it is, whenever that changes.
        until: then it ends in order, by its clock; None: when everything is done.
        stages: item pipelines by their order; None for all of a crawl. The last of them tells the ledger.
        listen: is given what the last stage hands on.
    """

    config: Config
    database: Database
    clock: Clock
    data: Path
    scope: Sequence[Source]
    lock: HeldLock = field(default_factory=HeldLock)
    left_out: frozenset[str] = frozenset()
    poll_now: bool = False
    route: str | None = None
    replay: Replay | None = None
    watch: Callable[[str], None] = logger.info
    progress: Callable[[RunProgress], None] = lambda progress: None
    until: datetime | None = None
    stages: Mapping[str, int] | None = None
    listen: Callable[[Flow], None] = lambda item: None
    errors: list[str] = field(default_factory=list)
    _shared: SharedHosts = field(default_factory=lambda: SharedHosts(turns=NoOthers()))
    _stopped: str = ""
    _hindered: str = ""
    _halted: str = ""
    _closed: bool = True
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def crawl_until_signal(self, command: str) -> RunReport:
        """`crawl`, ended in order by SIGTERM and SIGINT."""
        with caught_signals(self.stop):
            return await self.crawl(command)

    async def crawl(self, command: str) -> RunReport:
        """
        Raises:
            StorageError: the run could not even be opened.
        """
        async with shared_hosts(self.config.settings, self.route) as self._shared:
            with self.lock.telling(self._give_up):
                return await self._crawl(command)

    async def _crawl(self, command: str) -> RunReport:
        started = self.clock.now()
        run = self._open(command, started)
        with log_facts(run=run.number):
            due = await self._work(run)
            lines = self._close(run)
        return RunReport(
            number=run.number,
            started=started,
            ended=self.clock.now(),
            books=lines,
            due=due,
            errors=tuple(self.errors),
            stopped=self._stopped,
            hindered=self._hindered,
            halted=self._halted,
            closed=self._closed,
        )

    async def _work(self, run: RunContext) -> int:
        """How many endpoints were due."""
        due = 0
        with run.ring.working() if run.ring else nullcontext():
            try:
                archive = Archive(self.database, run.archive, self.config, self.clock.now, run.refused)
                self.errors.extend(archive.recover())
                to_poll = due_endpoints(run, self.scope)
                due = sum(len(endpoints) for endpoints in to_poll.values())
                await self._visits(run).visit_all(to_poll)
            except StorageError as error:
                self._halt(error)
        return due

    def _open(self, command: str, now: datetime) -> RunContext:
        names = frozenset(source.name for source in self.scope)
        watched = names | {source.name for source in self.config.enabled_sources}
        with self.database.write() as connection:
            number = books.open_run(
                connection,
                command=command,
                process=os.getpid(),
                now=now,
                sources=sorted(names),
                is_live=self.route is None and self.replay is None,
            )
        ledger = Ledger(self.database)
        return RunContext(
            number=number,
            config=self.config,
            clock=self.clock,
            database=self.database,
            ledger=ledger,
            endpoints=Endpoints(self.database),
            revisits=Revisits(self.database, self.config.settings.revisit),
            traffic=Traffic(self.database, self._today),
            archive=self.data / "archive",
            guard=address_guard(self.config, self.route),
            pace=Pace(
                self.clock,
                self._memories(ledger),
                self._stop_reason,
                self._stopping,
                deadline=self.until,
                turns=self._shared.turns,
            ),
            robots=Robots(self._robots_cache(), self.clock.now, tries_anew=self.poll_now),
            silent=SilentOrigins(
                NoSilences() if self.replay else Silences(self.database), self.clock.now, tries_anew=self.poll_now
            ),
            challenge=challenge_in,
            ring=self._ring(number, now),
            replay=self.replay,
            route=self.route,
            scope=Scope(sources=names, watched=watched, tries_silent=self.poll_now),
            left_out=self.left_out,
            poll_now=self.poll_now,
            installation=cache(partial(installation_id, self.database)),
            stop=self._stop_reason,
            halt=self._halt,
            watch=self.watch,
        )

    def _today(self) -> date:
        return self.clock.now().astimezone(self.config.settings.zone).date()

    def _memories(self, ledger: Ledger) -> HostMemories:
        return NoMemories() if self.replay else ledger

    def _robots_cache(self) -> RobotsCache:
        if self.replay:
            return ObeyedRobots(self.clock.now)
        return self._shared.robots or DatabaseRobotsCache(self.database)

    def _ring(self, number: int, now: datetime) -> Ring | None:
        """Where responses are kept; a replay's were kept before."""
        if self.replay:
            return None
        settings = self.config.settings
        return ring_of_run(self.data, self.database, settings, number=number, now=now, agent=user_agent(settings))

    def _close(self, run: RunContext) -> tuple[books.Book, ...]:
        """Close the books; where that cannot be done, return them as they stand: the next run closes them."""
        try:
            with self.database.write() as connection:
                return self._close_in(connection, run)
        except StorageError as error:
            self._halt(error)
            self._closed = False
        with suppress(StorageError), self.database.read() as connection:
            return books.books_of(connection, [run.number])
        return ()

    def _close_in(self, connection: Connection, run: RunContext) -> tuple[books.Book, ...]:
        error = "\n".join(filter(None, [*self.errors, self._halted, self._hindered, self._shared.told]))
        for line in books.close_run(connection, run.number, self.clock.now(), error=error):
            # Entries that nobody will ever fetch must not go unseen.
            if line.source not in run.scope.watched and line.carried_out:
                text = f"{line.carried_out} entries wait, but no enabled source has this name any more"
                books.add_error(connection, run.number, line.source, text)
        return books.books_of(connection, [run.number])

    def _visits(self, run: RunContext) -> HostVisits:
        return HostVisits(
            run=run,
            sources=self.scope,
            runner=self._runner(),
            listen=self.listen,
            progress=self.progress,
            errors=self.errors,
        )

    def _runner(self) -> AsyncCrawlerRunner:
        return AsyncCrawlerRunner(
            visit_settings(
                self.config.settings, routed=bool(self.route), recorded=bool(self.replay), stages=self.stages
            )
        )

    def _stop_reason(self) -> str:
        if not self._stopped and self.until is not None and self.clock.now() >= self.until:
            self.stop(TIME_IS_UP)
            logger.info("the time of the run is up; what is pending stays for the next one")
        if not self._stopped:
            free = shutil.disk_usage(self.data).free / 1_000_000
            least = self.config.settings.min_free_mb
            if free < least:
                self._give_up(f"only {free:.0f} MB are free in {self.data}, less than min_free_mb: {least}")
        return self._stopped

    def _halt(self, error: StorageError) -> None:
        """Nothing can be stored: end the run in order, and try what is still to be noted without waiting for others."""
        if not self._halted:
            self._halted = str(error)
            self.database.wait_no_more()
            self.stop(self._halted)

    def _give_up(self, reason: str) -> None:
        """End in order though nobody asked for it, as it must not go on."""
        self._hindered = self._hindered or reason
        self.stop(reason)

    def stop(self, reason: str) -> None:
        """End in order, after the pages under way; what is pending stays for the next run."""
        self._stopped = self._stopped or reason
        self._stopping.set()
