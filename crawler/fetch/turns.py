"""Turns at a host between processes: the port that `crawler.fetch.pace` takes its turns through."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

_NOW = timedelta(0)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What is answered to one who wants to ask a host."""

    wait: timedelta = _NOW  # before he may ask for a turn again; zero: the turn is his
    not_before: datetime | None = None  # the host asked somebody to be left alone until then; no turn is given

    @property
    def is_granted(self) -> bool:
        return self.wait <= _NOW and self.not_before is None


class Turns(Protocol):
    """What other processes do at the hosts. It never fails: what cannot be known is as if nobody else were there."""

    async def take(self, host: str, *, now: datetime, delay: timedelta, alone: bool) -> Reply:
        """Ask for a turn.

        Args:
            host: as `crawler.urls.host_of` tells it.
            now: the time by the run's clock.
            delay: that must lie between the last request of anybody, or the end of its answer, and this one.
            alone: nobody else may ask before `end`.
        """

    async def end(self, host: str, *, now: datetime) -> None:
        """The answer to a turn taken alone is here; the next one's pause counts from now."""

    def hold(self, host: str, *, now: datetime, until: datetime) -> None:
        """Have everybody leave the host alone until then."""


class NoOthers:
    """One process alone, or what nobody else is concerned by."""

    async def take(self, host: str, *, now: datetime, delay: timedelta, alone: bool) -> Reply:
        return Reply()

    async def end(self, host: str, *, now: datetime) -> None:
        pass

    def hold(self, host: str, *, now: datetime, until: datetime) -> None:
        pass
