"""Days of the daemon in seconds: the real scheduler on a clock that moves on when nothing is under way."""

import asyncio
import datetime as dt
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers import base
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import text

from crawler.clock import VirtualClock
from crawler.config.load import load_config
from crawler.database import Database, sqlite_url
from crawler.lock import run_lock
from crawler.schedule.daemon import _JOBS, Daemon
from crawler.schedule.digest_times import DigestTimes
from crawler.schedule.notify import Notifier
from crawler.schedule.shifts import Shifts


class SettableClock(VirtualClock):
    """One that people set, and that goes on while a machine sleeps."""

    def set(self, moment: datetime) -> None:
        self._now = moment


class JumpingScheduler(AsyncIOScheduler):
    """Its timer does not wait for the time: as soon as nothing is under way, it has come."""

    days: "VirtualDays"

    def _start_timer(self, wait_seconds):
        self._stop_timer()
        if wait_seconds is not None and not self.days.is_over:
            self._timeout = asyncio.ensure_future(self._jump(timedelta(seconds=wait_seconds)))

    async def _jump(self, wait):
        until = self.days.clock.now() + wait
        await self.days.jump(until)
        self.wakeup()


class VirtualDays:
    """The daemon of `rig`, living by `clock`.

    Args:
        rig: its configuration and data.
        monkeypatch: gives APScheduler, which asks the machine for the time, this clock.
        tick_every: how often it looks.
    """

    def __init__(self, rig, monkeypatch, *, start: datetime, tick_every: timedelta):
        self.rig = rig
        self.clock = SettableClock(start)
        self.tick_every = tick_every
        self.reports = []
        self.at_jump: Callable[[], None] = lambda: None
        self.tasks = 0  # most that there were when nothing was under way
        self._events: list[tuple[datetime, datetime | None]] = []  # (when, what the clock is set to; None: the end)
        clock = self.clock

        class ClockTime(dt.datetime):
            @classmethod
            def now(cls, tz=None):
                return clock.now().astimezone(tz)

        monkeypatch.setattr(base, "datetime", ClockTime)
        (rig.data).mkdir(parents=True, exist_ok=True)
        Database.open(sqlite_url(rig.data / "presswatch.db")).close()

    def set_clock(self, at: datetime, to: datetime) -> None:
        """At `at` somebody sets the clock, or the machine wakes up, and it shows `to`."""
        self._events.append((at, to))

    def live(self, until: datetime) -> None:
        """One process of the daemon, from now until then."""
        self._events = sorted([*self._events, (until, None)], key=lambda event: event[0])
        asyncio.run(self._live())

    @property
    def is_over(self) -> bool:
        return self.daemon._stopping.is_set()

    async def _live(self):
        self.daemon = self._daemon()
        await self.daemon.live()

    def _daemon(self) -> Daemon:
        rig, scheduler = self.rig, JumpingScheduler(timezone=UTC, job_defaults=_JOBS)
        scheduler.days = self

        def open_database():
            return Database(sqlite_url(rig.data / "presswatch.db"))

        def load():
            return load_config(rig.config, environ={})

        of_shifts, of_digests = open_database(), open_database()
        shifts = Shifts(
            ledger=lambda: of_shifts,
            open_database=open_database,
            clock=self.clock,
            data=rig.data,
            route=rig.route,
            lock=lambda config: run_lock(rig.data),
            tell=lambda report, config: self.reports.append(report),
        )
        return Daemon(
            config=load(),
            load=load,
            clock=self.clock,
            data=rig.data,
            shifts=shifts,
            digests=DigestTimes(ledger=lambda: of_digests, clock=self.clock, folder=rig.data / "digests"),
            notifier=Notifier({}),
            tick_every=self.tick_every,
            scheduler=scheduler,
        )

    async def jump(self, until: datetime) -> None:
        """Move on to `until`, or to the next event."""
        while self.daemon._tasks:
            await asyncio.wait([*self.daemon._tasks.values()])
        self.tasks = max(self.tasks, len(asyncio.all_tasks()))
        self.at_jump()
        if self._events and self._events[0][0] <= until:
            at, to = self._events.pop(0)
            self.clock.move_to(at)
            if to is None:
                self.daemon.stop("the days are over")
                return
            self.clock.set(to)
            # What the daemon does every 15 s, whatever its scheduler waits for.
            await self.daemon.check_time()
        else:
            self.clock.move_to(until)

    def query(self, sql, **values):
        with closing(Database(sqlite_url(self.rig.data / "presswatch.db"))) as database, database.read() as connection:
            return [tuple(row) for row in connection.execute(text(sql), values)]
