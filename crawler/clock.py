"""Where the time comes from. Nothing else in presswatch asks the machine for it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The current time, aware, in UTC."""

    async def wait_until(self, moment: datetime, reason: str) -> None:
        """Return at `moment` or later; at once when it has passed."""


class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    async def wait_until(self, moment: datetime, reason: str) -> None:
        seconds = (moment - self.now()).total_seconds()
        if seconds > 0:
            await asyncio.sleep(seconds)


@dataclass(frozen=True, kw_only=True)
class Wait:
    """A wait that a virtual clock was asked for: recorded so that pace can be checked."""

    asked_at: datetime
    until: datetime
    reason: str


class VirtualClock:
    """Starts at a given time and moves only when somebody waits.

    `sleep` is what really happens during a wait: nothing when every request goes to a local server,
    `asyncio.sleep` when live hosts are visited, whose pace is kept whatever the clock shows.
    """

    def __init__(self, start: datetime, sleep: Callable[[float], Awaitable[object]] | None = None) -> None:
        if start.tzinfo is None:
            raise ValueError(f"a clock needs a time with a zone, got {start.isoformat()}")
        self._now = start.astimezone(UTC)
        self._sleep = sleep
        self.waits: list[Wait] = []

    def now(self) -> datetime:
        return self._now

    async def wait_until(self, moment: datetime, reason: str) -> None:
        seconds = (moment - self._now).total_seconds()
        if seconds <= 0:
            return
        self.waits.append(Wait(asked_at=self._now, until=moment, reason=reason))
        if self._sleep is not None:
            await self._sleep(seconds)
        self.move_to(moment)

    def move_to(self, moment: datetime) -> None:
        """Go forward to `moment`; a clock never goes back."""
        self._now = max(self._now, moment.astimezone(UTC))

    def move_by(self, step: timedelta) -> None:
        self.move_to(self._now + step)
