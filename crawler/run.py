"""One run: visits every host that is due, one visit a host at a time, and closes the books. A composition root."""

import asyncio
import logging
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path

from scrapy import signals
from scrapy.crawler import AsyncCrawlerRunner
from sqlalchemy import Connection

from crawler import books
from crawler.captures.ring import Ring, ring_of_run
from crawler.clock import Clock
from crawler.config.models import Config, Source
from crawler.database import Database, StorageError
from crawler.endpoints import Endpoints
from crawler.fetch.pace import DEFAULT_DELAY, Pace
from crawler.fetch.replay import NoMemories, ObeyedRobots, Replay
from crawler.fetch.robots import Robots, RobotsCache
from crawler.fetch.robots_cache import DatabaseRobotsCache
from crawler.installation import installation_id
from crawler.items import Flow
from crawler.ledger import Ledger, Scope
from crawler.revisits import Revisits
from crawler.signals import caught_signals
from crawler.spiders.choice import spider_of
from crawler.spiders.polls import is_to_poll
from crawler.visit import DueEndpoint, RunContext, Visit
from crawler.visit_settings import address_guard, user_agent, visit_settings
from pipelines.archive.store import Archive

logger = logging.getLogger(__name__)

# On one machine the run lock says who is alive, and opening a run frees the leases of the dead; a lease is only there
# so that several machines can share the ledger.
_LEASE = timedelta(hours=6)


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """What a run did."""

    number: int
    started: datetime
    ended: datetime
    books: tuple[books.Book, ...]
    due: int  # endpoints that were to be polled
    errors: tuple[str, ...]  # faults of ours
    stopped: str  # why it ended early, or ""
    halted: str = ""  # what disk or database refused, and what to do; the run ended early by it
    closed: bool = True  # its books are; else the next run closes them
    unread: tuple[str, ...] = ()  # files it was given and could not read to their end, or could not write

    @property
    def balances(self) -> bool:
        return all(book.balances for book in self.books)

    @property
    def polls(self) -> int:
        return sum(book.polls for book in self.books)

    @property
    def polls_failed(self) -> int:
        return sum(book.polls_failed for book in self.books)

    @property
    def polls_succeeded(self) -> int:
        return self.polls - self.polls_failed


@dataclass(frozen=True, kw_only=True)
class _Work:
    """What brings a run to a host."""

    due: list[DueEndpoint]
    after: int  # entries up to this id were offered already
    looks_again: bool  # articles are to be revisited


@dataclass(kw_only=True)
class Run:
    """Crawls what is due. The caller holds the run lock.

    Args:
        scope: the sources to crawl.
        poll_now: poll their endpoints whether they are due or not; a host that asked to be left alone still is.
        route: local server that gets every request, or None for the live network.
        replay: recorded answers to live by instead of any network; endpoints that did not answer then are not polled.
        watch: is told in a line what just happened.
        stages: item pipelines by their order; None for all of a crawl. The last of them tells the ledger.
        listen: is given what the last stage hands on.
    """

    config: Config
    database: Database
    clock: Clock
    data: Path
    scope: Sequence[Source]
    poll_now: bool = False
    route: str | None = None
    replay: Replay | None = None
    watch: Callable[[str], None] = logger.info
    stages: Mapping[str, int] | None = None
    listen: Callable[[Flow], None] = lambda item: None
    errors: list[str] = field(default_factory=list)
    _stopped: str = ""
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
        started = self.clock.now()
        run = self._open(command, started)
        due = 0
        with run.ring.working() if run.ring else nullcontext():
            try:
                archive = Archive(self.database, run.archive, self.config, self.clock.now, run.refused)
                self.errors.extend(archive.recover())
                to_poll = self._due_endpoints(run)
                due = sum(len(endpoints) for endpoints in to_poll.values())
                await self._visit_all(run, self._runner(), to_poll)
            except StorageError as error:
                self._halt(error)
        lines = self._close(run)
        return RunReport(
            number=run.number,
            started=started,
            ended=self.clock.now(),
            books=lines,
            due=due,
            errors=tuple(self.errors),
            stopped=self._stopped,
            halted=self._halted,
            closed=self._closed,
        )

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
            archive=self.data / "archive",
            guard=address_guard(self.config.settings, self.route),
            pace=Pace(self.clock, NoMemories() if self.replay else ledger, self._stop_reason, self._stopping),
            robots=Robots(self._robots_cache(), self.clock.now),
            ring=self._ring(number, now),
            replay=self.replay,
            route=self.route,
            scope=Scope(sources=names, watched=watched),
            poll_now=self.poll_now,
            installation=cache(partial(installation_id, self.database)),
            stop=self._stop_reason,
            halt=self._halt,
            watch=self.watch,
        )

    def _robots_cache(self) -> RobotsCache:
        return ObeyedRobots(self.clock.now) if self.replay else DatabaseRobotsCache(self.database)

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
        error = "\n".join(filter(None, [*self.errors, self._halted]))
        for line in books.close_run(connection, run.number, self.clock.now(), error=error):
            # Entries that nobody will ever fetch must not go unseen.
            if line.source not in run.scope.watched and line.carried_out:
                text = f"{line.carried_out} entries wait, but no enabled source has this name any more"
                books.add_error(connection, run.number, line.source, text)
        return books.books_of(connection, [run.number])

    async def _visit_all(
        self, run: RunContext, runner: AsyncCrawlerRunner, to_poll: dict[str, list[DueEndpoint]]
    ) -> None:
        offered: dict[str, int] = {}  # host → newest entry offered in this run; each is tried once
        # A replay brings back what was announced and read; that an article was looked at again it cannot know.
        to_revisit = set() if self.replay else run.revisits.hosts(self.clock.now(), run.scope)
        while not self._stop_reason():
            waiting = run.ledger.hosts_with_pending(self.clock.now(), run.scope, offered)
            hosts = sorted({*to_poll, *waiting, *to_revisit})
            if not hosts:
                return
            turns = asyncio.Semaphore(self.config.settings.hosts_at_once)

            async def visit(host: str, newest: int, turns: asyncio.Semaphore = turns) -> None:
                async with turns:
                    work = _Work(due=to_poll.pop(host, []), after=offered.get(host, 0), looks_again=host in to_revisit)
                    to_revisit.discard(host)
                    reached = await self._contained_visit(run, runner, host, work)
                offered[host] = max(reached, newest)

            await asyncio.gather(*(visit(host, waiting.get(host, 0)) for host in hosts))

    async def _contained_visit(self, run: RunContext, runner: AsyncCrawlerRunner, host: str, work: "_Work") -> int:
        """Visit one host; return the newest entry id that was offered. Another host's fault stops no other visit."""
        if self._halted:
            return work.after
        try:
            return await self._visit(run, runner, host, work)
        except StorageError as error:
            self._halt(error)
            return work.after
        except Exception as error:  # the edge of a visit: told, and the run does not look well
            logger.exception("the visit of %s broke", host)
            self.errors.append(f"visit of {host}: {type(error).__name__}: {error}")
            return work.after

    async def _visit(self, run: RunContext, runner: AsyncCrawlerRunner, host: str, work: "_Work") -> int:
        lease = run.ledger.claim(host, now=self.clock.now(), lease=_LEASE)
        if lease is None:
            self.watch(f"{host} is left alone: another worker visits it")
            return work.after
        sources = self._sources_of(run, host, work)
        self._declare_pace(run, host, sources)
        visit = Visit(run=run, lease=lease, due=work.due, after=work.after, looks_again=work.looks_again)
        try:
            with self.replay.turnstile.visiting(host) if self.replay else nullcontext():
                await self._run_spider(runner, sources, visit)
        finally:
            self.errors.extend(text for _, text in visit.faults)
            run.ledger.remember_hosts(run.pace.take_changes())
            run.ledger.end_visit(run.number, lease, visit.traffic(), [*visit.notes, *visit.faults])
        return visit.after

    def _due_endpoints(self, run: RunContext) -> dict[str, list[DueEndpoint]]:
        """Endpoints to poll, by host."""
        wanted = {
            (source.name, endpoint.url): (source, endpoint) for source in self.scope for endpoint in source.endpoints
        }
        by_host = defaultdict[str, list[DueEndpoint]](list)
        for pair, state in run.endpoints.declare(wanted).items():
            source, endpoint = wanted[pair]
            due = DueEndpoint(source=source, endpoint=endpoint, state=state)
            if is_to_poll(run, due):
                by_host[state.host].append(due)
        return dict(by_host)

    async def _run_spider(self, runner: AsyncCrawlerRunner, sources: Sequence[Source], visit: Visit) -> None:
        crawler = runner.create_crawler(spider_of({source.kind for source in sources}))
        crawler.signals.connect(self._heard, signals.item_scraped)
        await runner.crawl(crawler, visit=visit)

    def _heard(self, item: Flow) -> None:
        self.listen(item)

    def _sources_of(self, run: RunContext, host: str, work: "_Work") -> list[Source]:
        """Those that bring us to this host."""
        now = self.clock.now()
        names = {item.source.name for item in work.due}
        names |= {item.source for item in run.ledger.pending(host, now=now, scope=run.scope)}
        if work.looks_again:
            names |= {item.pending.source for item in run.revisits.due(host, now, run.scope)}
        return [source for source in self.scope if source.name in names]

    @staticmethod
    def _declare_pace(run: RunContext, host: str, sources: Sequence[Source]) -> None:
        """The most careful politeness among them."""
        run.pace.declare(
            host,
            delay=max((source.politeness.delay for source in sources), default=DEFAULT_DELAY),
            concurrency=min((source.politeness.concurrency for source in sources), default=1),
        )

    def _runner(self) -> AsyncCrawlerRunner:
        return AsyncCrawlerRunner(
            visit_settings(
                self.config.settings, routed=bool(self.route), recorded=bool(self.replay), stages=self.stages
            )
        )

    def _stop_reason(self) -> str:
        if not self._stopped:
            free = shutil.disk_usage(self.data).free / 1_000_000
            least = self.config.settings.min_free_mb
            if free < least:
                self.stop(f"only {free:.0f} MB are free in {self.data}, less than min_free_mb: {least}")
        return self._stopped

    def _halt(self, error: StorageError) -> None:
        """Nothing can be stored: end the run in order, and try what is still to be noted without waiting for others."""
        if not self._halted:
            self._halted = str(error)
            self.database.wait_no_more()
            self.stop(self._halted)

    def stop(self, reason: str) -> None:
        """End in order, after the pages under way; what is pending stays for the next run."""
        self._stopped = self._stopped or reason
        self._stopping.set()
