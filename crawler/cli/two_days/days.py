"""The days of the demo: a simulated press, crawled every hour as cron would, and a digest each morning."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from crawler.cli.init import copy_config
from crawler.clock import VirtualClock
from crawler.config.load import load_config
from crawler.config.models import Config
from crawler.config.places import shipped_config
from crawler.database import Database, StorageError, sqlite_url
from crawler.lock import run_lock
from crawler.newsroom import Hit, Newsroom, PressServer, serve, shipped_sources
from crawler.outcomes import Outcome
from crawler.run import Run
from crawler.run_report import RunReport
from crawler.signals import caught_signals
from pipelines.digest.all_due import issue_all_due
from pipelines.digest.issue import IssuedDigest
from pipelines.seeds.folder import ImportedFile, import_folder

START = datetime(2025, 3, 3, 8, tzinfo=ZoneInfo("Asia/Shanghai"))
DAYS = 2
_STEP = timedelta(hours=1)


class EndedEarlyError(Exception):
    """The days were not lived to their end; the message says why."""


@dataclass(frozen=True, kw_only=True)
class LivedDays:
    """What the days came to."""

    end: datetime  # when the last hour began
    seeds: tuple[ImportedFile, ...]
    reports: tuple[RunReport, ...]
    digests: tuple[IssuedDigest, ...]  # of the first subscription, in order
    hits: tuple[Hit, ...]  # every request the press answered

    def counted(self) -> dict[str, int]:
        """Entries found and ended in all runs together."""
        books = [book for report in self.reports for book in report.books]
        ended = {outcome.value: sum(book.outcomes[outcome] for book in books) for outcome in Outcome}
        return {"found": sum(book.found for book in books)} | {name: count for name, count in ended.items() if count}


def write_config(folder: Path) -> Config:
    """The shipped configuration unchanged in `folder`, and the newsroom's own sites beside its sources."""
    copy_config(shipped_config(), folder)
    for name, text in shipped_sources().items():
        (folder / "sources" / name).write_text(text, encoding="utf-8")
    return load_config(folder, environ={})


@dataclass(kw_only=True)
class Days:
    """Lives the hours of a newsroom one after the other.

    Args:
        config: whose enabled sources are crawled.
        data: folder of database, archive and digests.
        seeds: folder of seed articles to bring in first, or None.
        passed: is told after each hour what time it is.
    """

    config: Config
    data: Path
    newsroom: Newsroom
    days: int = DAYS
    seeds: Path | None = None
    passed: Callable[[datetime], None] = lambda now: None
    _reports: list[RunReport] = field(default_factory=list)
    _digests: list[IssuedDigest] = field(default_factory=list)
    _run: Run | None = None
    _stopped: str = ""

    async def live(self) -> LivedDays:
        """
        Raises:
            EndedEarlyError: SIGINT or SIGTERM came, or a run ended early.
            StorageError: disk or database refused.
        """
        with caught_signals(self._stop), run_lock(self.data):
            database = Database.open(sqlite_url(self.data / "presswatch.db"))
            try:
                return await self._live(database, VirtualClock(self.newsroom.start))
            finally:
                database.close()

    async def _live(self, database: Database, clock: VirtualClock) -> LivedDays:
        seeds = self._import(database, clock)
        async with serve(self.newsroom, clock) as server:
            for hour in range(hours_in(self.days)):
                clock.move_to(self.newsroom.start + hour * _STEP)  # a crawl may have moved it on already
                await self._live_hour(database, clock, server, hour)
                self.passed(clock.now())
            return LivedDays(
                end=self.newsroom.start + timedelta(days=self.days),
                seeds=tuple(seeds),
                reports=tuple(self._reports),
                digests=tuple(self._digests),
                hits=tuple(server.hits),
            )

    def _import(self, database: Database, clock: VirtualClock) -> Sequence[ImportedFile]:
        if self.seeds is None:
            return ()
        return import_folder(self.seeds, database, self.config, self.data / "archive", clock.now).files

    async def _live_hour(self, database: Database, clock: VirtualClock, server: PressServer, hour: int) -> None:
        self._run = Run(
            config=self.config, database=database, clock=clock, data=self.data, scope=self.config.enabled_sources,
            route=server.url, watch=lambda line: None,
        )  # fmt: skip
        if self._stopped:  # between two runs, or while seeds came in
            raise EndedEarlyError(self._stopped)
        report = await self._run.crawl(f"demo, hour {hour}")
        self._reports.append(report)
        if report.halted:
            raise StorageError(report.halted)
        if report.stopped:
            raise EndedEarlyError(report.stopped)
        issued = issue_all_due(database, self.config, clock.now(), self.data / "digests")
        first = issued.get(self.config.subscriptions[0].name)
        self._digests.extend([first] if first else [])

    def _stop(self, reason: str) -> None:
        self._stopped = self._stopped or reason
        if self._run is not None:
            self._run.stop(reason)


def hours_in(days: int) -> int:
    """How many full hours the days have, the first and the last included."""
    return int(timedelta(days=days) / _STEP) + 1
