"""Where the time comes from. Nothing else in presswatch asks the machine for it."""

import asyncio
import time
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


class ShiftedClock:
    """The machine's time, moved so that it starts at a given one: live hosts keep their pace whatever it shows."""

    def __init__(self, start: datetime) -> None:
        self._start = _aware(start)
        self._began = time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=time.monotonic() - self._began)

    async def wait_until(self, moment: datetime, reason: str) -> None:
        seconds = (moment - self.now()).total_seconds()
        if seconds > 0:
            await asyncio.sleep(seconds)


class VirtualClock:
    """Starts at a given time and moves only when somebody waits; a wait takes no time.

    Fit for runs whose every request goes to a local server.
    """

    def __init__(self, start: datetime) -> None:
        self._now = _aware(start)
        self.waits: list[Wait] = []

    def now(self) -> datetime:
        return self._now

    async def wait_until(self, moment: datetime, reason: str) -> None:
        if moment <= self._now:
            return
        self.waits.append(Wait(asked_at=self._now, until=moment, reason=reason))
        self.move_to(moment)

    def move_to(self, moment: datetime) -> None:
        """Go forward to `moment`; a clock never goes back."""
        self._now = max(self._now, moment.astimezone(UTC))

    def move_by(self, step: timedelta) -> None:
        self.move_to(self._now + step)


def _aware(start: datetime) -> datetime:
    if start.tzinfo is None:
        raise ValueError(f"a clock needs a time with a zone, got {start.isoformat()}")
    return start.astimezone(UTC)
