"""One run: visits every host that is due, one visit a host at a time, and closes the books. A composition root."""

import asyncio
import logging
import os
import shutil
import signal
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock, Timeout
from scrapy.crawler import AsyncCrawlerRunner
from scrapy.settings import Settings as ScrapySettings
from sqlalchemy import Connection

from crawler import __version__, books
from crawler import settings as scrapy_settings
from crawler.clock import Clock
from crawler.config.models import Config, Source
from crawler.database import Database
from crawler.fetch.guard import AddressGuard
from crawler.fetch.pace import DEFAULT_DELAY, Pace
from crawler.fetch.robots import PRODUCT_NAME, Robots
from crawler.fetch.robots_cache import DatabaseRobotsCache
from crawler.ledger import Ledger
from crawler.spiders.source import SourceSpider
from crawler.visit import DueEndpoint, RunContext, Visit
from pipelines.archive.store import Archive

logger = logging.getLogger(__name__)

# On one machine the run lock says who is alive, and opening a run frees the leases of the dead; a lease is only there
# so that several machines can share the ledger.
_LEASE = timedelta(hours=6)


class RunLockedError(Exception):
    """Another run works on the same data folder."""


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """What a run did. `stopped`: why it ended early, or ""."""

    number: int
    started: datetime
    ended: datetime
    books: tuple[books.Book, ...]
    errors: tuple[str, ...]
    stopped: str

    @property
    def balances(self) -> bool:
        return all(book.balances for book in self.books)

    @property
    def polls(self) -> int:
        return sum(book.polls for book in self.books)

    @property
    def polls_failed(self) -> int:
        return sum(book.polls_failed for book in self.books)


@contextmanager
def run_lock(data: Path) -> Iterator[None]:
    """Hold the data folder's run lock; the kernel frees it when the process dies.

    Raises:
        RunLockedError: another process holds it.
    """
    data.mkdir(parents=True, exist_ok=True)
    path = data / "run.lock"
    try:
        with FileLock(path, timeout=0):
            yield
    except Timeout as error:
        raise RunLockedError(f"another run holds {path}; wait for it to end, or use --if-idle in cron") from error


@dataclass(kw_only=True)
class Run:
    """Crawls what is due. The caller holds the run lock.

    Args:
        scope: the sources to crawl.
        poll_now: poll their endpoints whether they are due or not; a host that asked to be left alone still is.
        route: local server that gets every request, or None for the live network.
        watch: is told in a line what just happened.
    """

    config: Config
    database: Database
    clock: Clock
    data: Path
    scope: Sequence[Source]
    poll_now: bool = False
    route: str | None = None
    watch: Callable[[str], None] = logger.info
    errors: list[str] = field(default_factory=list)
    _stopped: str = ""

    async def crawl(self, command: str) -> RunReport:
        started = self.clock.now()
        context = self._open(command, started)
        Archive(self.database, context.archive, self.config, self.clock.now).recover()
        with self._stop_signals():
            await self._visit_all(context, AsyncCrawlerRunner(self._scrapy_settings()))
        ended = self.clock.now()
        with self.database.write() as connection:
            books.close_run(connection, context.number, ended, error="\n".join(self.errors))
            closed = books.books_of(connection, [context.number])
        return RunReport(
            number=context.number,
            started=started,
            ended=ended,
            books=closed,
            errors=tuple(self.errors),
            stopped=self._stopped,
        )

    def _open(self, command: str, now: datetime) -> RunContext:
        names = [source.name for source in self.scope]
        with self.database.write() as connection:
            number = books.open_run(connection, command=command, process=os.getpid(), now=now, sources=names)
            self._tell_orphans(connection, number)
        route = urlsplit(self.route) if self.route else None
        address = (_loopback(route.hostname or ""), route.port or 80) if route else None
        return RunContext(
            number=number,
            config=self.config,
            clock=self.clock,
            database=self.database,
            ledger=Ledger(self.database),
            archive=self.data / "archive",
            guard=AddressGuard(self.config.settings.safety.allow_networks, address),
            pace=Pace(self.clock),
            robots=Robots(DatabaseRobotsCache(self.database), self.clock.now),
            route=self.route,
            sources=frozenset(names),
            stop=self._stop_reason,
            watch=self.watch,
        )

    def _tell_orphans(self, connection: Connection, number: int) -> None:
        """Entries of a source that is no longer watched wait for ever: that must not go unseen."""
        enabled = {source.name for source in self.config.enabled_sources}
        for line in books.books_of(connection, [number]):
            if line.source not in enabled:
                text = f"{line.carried_in} entries wait, but no enabled source has this name any more"
                books.set_error(connection, number, line.source, text)

    async def _visit_all(self, run: RunContext, runner: AsyncCrawlerRunner) -> None:
        to_poll = self._due_endpoints(run)
        offered: dict[str, int] = {}  # host → newest entry offered in this run; each is tried once
        while not self._stop_reason():
            waiting = run.ledger.hosts_with_pending(self.clock.now(), run.sources, offered)
            hosts = sorted({*to_poll, *waiting})
            if not hosts:
                return
            turns = asyncio.Semaphore(self.config.settings.hosts_at_once)

            async def visit(host: str, newest: int, turns: asyncio.Semaphore = turns) -> None:
                async with turns:
                    reached = await self._visit(run, runner, host, to_poll.pop(host, []), offered.get(host, 0))
                offered[host] = max(reached, newest)

            await asyncio.gather(*(visit(host, waiting.get(host, 0)) for host in hosts))

    async def _visit(
        self, run: RunContext, runner: AsyncCrawlerRunner, host: str, due: list[DueEndpoint], after: int
    ) -> int:
        """Visit one host; return the newest entry id that was offered."""
        lease = run.ledger.claim(host, now=self.clock.now(), lease=_LEASE)
        if lease is None:
            self.watch(f"{host} is left alone: it asked for a pause, or another worker visits it")
            return after
        self._declare_pace(run, host, due, lease.last_request_at)
        visit = Visit(run=run, lease=lease, due=due, after=after)
        try:
            await runner.crawl(SourceSpider, visit=visit)
        finally:
            self.errors.extend(visit.errors)
            run.ledger.add_traffic(run.number, visit.take_traffic())
            run.ledger.release(
                lease,
                last_request_at=run.pace.last_request(host),
                not_before=visit.not_before,
                error="; ".join(visit.errors),
            )
        return visit.after

    def _due_endpoints(self, run: RunContext) -> dict[str, list[DueEndpoint]]:
        """Endpoints to poll, by host."""
        wanted = {
            (source.name, endpoint.url): (source, endpoint) for source in self.scope for endpoint in source.endpoints
        }
        now, by_host = self.clock.now(), defaultdict[str, list[DueEndpoint]](list)
        for pair, state in run.ledger.declare_endpoints(wanted).items():
            if self.poll_now or state.next_due is None or state.next_due <= now:
                source, endpoint = wanted[pair]
                by_host[state.host].append(DueEndpoint(source=source, endpoint=endpoint, state=state))
        return dict(by_host)

    def _declare_pace(self, run: RunContext, host: str, due: list[DueEndpoint], last: datetime | None) -> None:
        """The most careful politeness among the sources that bring us to this host."""
        names = {item.source.name for item in due}
        names |= {item.source for item in run.ledger.pending(host, now=self.clock.now(), sources=run.sources)}
        rules = [source.politeness for source in self.scope if source.name in names]
        run.pace.declare(
            host,
            delay=max((rule.delay for rule in rules), default=DEFAULT_DELAY),
            concurrency=min((rule.concurrency for rule in rules), default=1),
            last=last,
        )

    def _stop_reason(self) -> str:
        if not self._stopped:
            free = shutil.disk_usage(self.data).free / 1_000_000
            least = self.config.settings.min_free_mb
            if free < least:
                self._stopped = f"only {free:.0f} MB are free in {self.data}, less than min_free_mb: {least}"
        return self._stopped

    @contextmanager
    def _stop_signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT end the run in order, after the page under way."""
        loop = asyncio.get_running_loop()

        def stop(name: str) -> None:
            self._stopped = f"stopped by {name}"

        caught = (signal.SIGTERM, signal.SIGINT)
        for number in caught:
            loop.add_signal_handler(number, stop, number.name)
        try:
            yield
        finally:
            for number in caught:
                loop.remove_signal_handler(number)

    def _scrapy_settings(self) -> ScrapySettings:
        settings = ScrapySettings()
        settings.setmodule(scrapy_settings, priority="project")
        safety, contact = self.config.settings.safety, self.config.settings.contact
        settings.set("USER_AGENT", f"{PRODUCT_NAME}/{__version__}" + (f" (+{contact})" if contact else ""))
        settings.set("DOWNLOAD_MAXSIZE", int(safety.max_body_mb * 1024 * 1024))
        settings.set("DOWNLOAD_TIMEOUT", safety.timeout.total_seconds())
        return settings


def _loopback(host: str) -> str:
    return "127.0.0.1" if host == "localhost" else host
