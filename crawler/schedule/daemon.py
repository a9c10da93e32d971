"""The daemon. APScheduler wakes it; what is to be done, stored state and presswatch's clock alone decide."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from crawler import __version__
from crawler.clock import Clock
from crawler.config.models import Config
from crawler.config.report import ConfigError
from crawler.schedule.digest_times import DigestTimes
from crawler.schedule.failures import Failures
from crawler.schedule.heartbeat import Beat, write_beat
from crawler.schedule.notify import Notifier
from crawler.schedule.shifts import Shifts
from crawler.signals import first_signal
from crawler.storage import StorageError

logger = logging.getLogger("presswatch.schedule")

TICK = timedelta(minutes=1)
BEAT = timedelta(seconds=15)
# Late runs are caught up (APScheduler's own default drops what is a second late), several missed ones once.
_JOBS = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}


class StuckError(RuntimeError):
    """A run does not end though it was told to; only a new process helps."""


@dataclass(kw_only=True)
class Daemon:
    """Crawls and issues digests when it is time, until it is told to stop.

    Args:
        config: to begin with.
        load: reads the configuration anew, at SIGHUP.
        clock: what time it is.
        data: the data folder.
        shifts: its runs.
        digests: its digests.
        notifier: the service manager.
        alive: is called as long as the loop goes on, see `crawler.schedule.watchdog`.
    """

    config: Config
    load: Callable[[], Config]
    clock: Clock
    data: Path
    shifts: Shifts
    digests: DigestTimes
    notifier: Notifier
    alive: Callable[[], None] = lambda: None
    tick_every: timedelta = TICK
    scheduler: AsyncIOScheduler = field(default_factory=lambda: AsyncIOScheduler(timezone=UTC, job_defaults=_JOBS))
    _started: datetime = field(init=False)
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)  # what is under way
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _failures: Failures = field(default_factory=Failures)

    async def live(self) -> None:
        """Work until SIGTERM or SIGINT; SIGHUP has the configuration read anew.

        Raises:
            StuckError: a run does not end.
        """
        self.alive()
        self._started = self.clock.now()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self.reload)
        with first_signal(self.stop):
            try:
                await self._work()
            finally:
                loop.remove_signal_handler(signal.SIGHUP)

    async def _work(self) -> None:
        self.scheduler.start()
        self._plan()
        await self.tick()
        self.notifier.ready()
        logger.info("presswatch %s watches %d sources", __version__, len(self.config.enabled_sources))
        pulse = asyncio.create_task(self._pulse())
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait([pulse, stopping], return_when=asyncio.FIRST_COMPLETED)
            self.scheduler.remove_all_jobs()
            while not pulse.done() and (left := [*self._tasks.values()]):
                await asyncio.wait([pulse, *left], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.scheduler.shutdown(wait=False)
            stopping.cancel()
            pulse.cancel()
        await asyncio.gather(pulse, return_exceptions=True)
        if not pulse.cancelled():
            pulse.result()
        self._beat(ended=True)
        logger.info("ended in order")

    def stop(self, reason: str) -> None:
        """End after the page under way."""
        logger.info("%s: ending after the page under way", reason)
        self.notifier.stopping(reason)
        self._stopping.set()
        self.shifts.stop(reason)
        self.digests.stop()

    def reload(self) -> None:
        """Read the configuration anew. With a broken one the old goes on."""
        if self._stopping.is_set():
            return
        self.notifier.reloading()
        try:
            config = self.load()
        except ConfigError as error:
            logger.error("the configuration was not read anew, the old one goes on:\n%s", error)  # noqa: TRY400
        else:
            self.config = config
            self._plan()
            logger.info("the configuration was read anew: %d sources", len(config.enabled_sources))
        finally:
            self.notifier.ready()

    async def tick(self) -> None:
        """See to what is due, where that is not under way already."""
        self._begin("digest", self._issue)
        self._begin("crawl", self._crawl)

    async def issue(self) -> None:
        """A subscription's time has come."""
        self._begin("digest", self._issue)

    async def _issue(self) -> None:
        # In a thread: the lock on the digests may be held by another process for a while.
        await asyncio.to_thread(self.digests.issue, self.config)

    async def _crawl(self) -> None:
        await self.shifts.work(self.config)

    def _begin(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if name not in self._tasks and not self._stopping.is_set():
            self._tasks[name] = asyncio.create_task(self._contained(name, work), name=name)

    async def _contained(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await work()
        except StorageError as error:
            if self._failures.is_news(name, str(error)):
                logger.error("%s: %s; it is tried every minute", name, error)  # noqa: TRY400
        except Exception as error:  # the edge of a tick: told, and the next one goes on
            if self._failures.is_news(name, repr(error)):
                logger.exception("%s broke; it is tried every minute", name)
        else:
            if self._failures.is_over(name):
                logger.info("%s: it can be done again", name)
        finally:
            del self._tasks[name]

    # -- time ------------------------------------------------------------------------------------------------------

    def _plan(self) -> None:
        """When to wake up: every minute, beginning now, and at the digest times."""
        now = self.clock.now()
        self.scheduler.remove_all_jobs()
        ticks = IntervalTrigger(seconds=int(self.tick_every.total_seconds()), start_date=now, timezone=UTC)
        self.scheduler.add_job(self.tick, ticks, id="tick", next_run_time=now + self.tick_every)
        for subscription in self.config.subscriptions:
            at = time.fromisoformat(subscription.at)
            zone = subscription.timezone or self.config.settings.timezone
            times = CronTrigger(hour=at.hour, minute=at.minute, timezone=zone)
            self.scheduler.add_job(self.issue, times, id=f"digest {subscription.name}")

    async def _pulse(self) -> None:
        """On the loop's own clock, which no setting of the time moves: as long as this goes on, the loop is alive.

        Raises:
            StuckError: a run does not end.
        """
        every = BEAT if self.notifier.watchdog is None else min(BEAT, self.notifier.watchdog / 3)
        while True:
            if self.shifts.overdue:
                raise StuckError("a run was told to end long ago and does not")
            self.alive()
            self._beat()
            await asyncio.sleep(every.total_seconds())
            await self.check_time()

    async def check_time(self) -> None:
        """Wake up now where the clock was set, or the machine slept: the scheduler would sleep on by its old time."""
        job, now = self.scheduler.get_job("tick"), self.clock.now()
        if job is not None and not now - BEAT <= job.next_run_time <= now + self.tick_every:
            logger.info("the clock was set or stood still: looking at what is due")
            self._plan()
            await self.tick()

    # -- signs of life ---------------------------------------------------------------------------------------------

    def _beat(self, *, ended: bool = False) -> None:
        doing = " and ".join(sorted(self._tasks)) or "idle"
        beat = Beat(
            pid=os.getpid(),
            host=socket.gethostname(),
            version=__version__,
            started=self._started,
            beat=self.clock.now(),
            doing=doing,
            next_poll=self.shifts.next_poll,
            next_digest=self._next_digest(),
            ended=ended,
        )
        try:
            write_beat(self.data, beat)
        except OSError as error:
            if self._failures.is_news("beat", error.strerror or ""):  # its text names another file each time
                logger.warning("the sign of life cannot be written: %s", error)
        else:
            self._failures.is_over("beat")
        if not ended:
            self.notifier.alive(doing)

    def _next_digest(self) -> datetime | None:
        times = [job.next_run_time for job in self.scheduler.get_jobs() if job.id != "tick"]
        return min(times, default=None)
