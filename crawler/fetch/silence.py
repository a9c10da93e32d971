"""Origins that do not answer: after a few failures in a row we ask them nothing more, and then later and later.

Three things keep a run from asking, and they are told apart. A *hold* is a host's own wish (Retry-After, a page that
says so): it is kept by `crawler.fetch.pace` and table `host` for the whole registrable domain, told to the other
processes, and no run breaks it; `Visit.held` tells of it, and `Visit.must_stop` ends a visit by it. A *silence* is our
own guess: it pauses one origin in this file and table `silence`, no other origin of the domain and no other machine
waits for it, and a run that somebody wants now tries in spite of it. What the daemon *puts aside* is neither: a host
whose work a run could not lessen, for some minutes, so that it does not begin one run after the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, Self

from crawler.failure_table import RULES, Failure, failure_named, failure_of_status
from crawler.fetch.failures import failure_of_exception
from crawler.fetch.pace import NotNowError
from crawler.fetch.robots import RobotsUnreachableError
from crawler.items import Silence
from crawler.polling import is_held, visit_again
from crawler.urls import UrlError, host_of, origin_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.visit import Visit

MOST_IN_A_ROW = 3  # one page that always breaks must not stop its origin


class SilenceMemory(Protocol):
    """Where it outlives a run."""

    def silence_of(self, origin: str) -> Silence | None: ...
    def note_silence(self, known: Silence) -> None: ...
    def end_silence(self, origin: str) -> None: ...


@dataclass(kw_only=True)
class _Origin:
    silence: Silence | None
    until: datetime | None  # its pause, as far as this run keeps it
    failed: set[str] = field(default_factory=set)  # addresses, in a row


class SilentOrigins:
    """What the origins of a run answered. Each is named by any of its addresses.

    Args:
        memory: what earlier runs knew; asked when an origin is first met.
        now: the time.
        tries_anew: somebody wants this run now, and may have put right what was wrong: no pause of earlier runs holds.
    """

    def __init__(self, memory: SilenceMemory, now: Callable[[], datetime], *, tries_anew: bool = False) -> None:
        self._memory = memory
        self._now = now
        self._tries_anew = tries_anew
        self._origins: dict[str, _Origin] = {}

    def silence_of(self, url: str) -> Silence | None:
        """What is known of an origin that did not answer when it was asked last; then one request is tried first."""
        return self._origin(url).silence

    def paused_until(self, url: str) -> datetime | None:
        """Until when nothing is asked of it, when that is still to come."""
        until = self._origin(url).until
        return until if is_held(until, self._now()) else None

    def pages_go_first(self, url: str) -> bool:
        """Whether a page is the one request that is tried, before any list.

        They take turns, so that neither a dead list nor dead pages keep the others from ever being tried.
        """
        silence = self._origin(url).silence
        return silence is not None and silence.visits % 2 == 0

    def answered(self, url: str) -> None:
        """
        Raises:
            StorageError: that it answers again cannot be stored.
        """
        known = self._origin(url)
        known.failed.clear()
        if known.silence is not None:
            self._memory.end_silence(known.silence.origin)
            known.silence = known.until = None

    def failed(self, url: str, failure: Failure, detail: str) -> Silence | None:
        """What it is now told of as, or None where that says nothing of it yet.

        Raises:
            StorageError: it cannot be stored.
        """
        known, now, before = self._origin(url), self._now(), self._origin(url).silence
        known.failed.add(url)
        if len(known.failed) < MOST_IN_A_ROW and before is None:
            return None
        visits = before.visits + 1 if before else 1
        known.silence = Silence(
            origin=origin_of(url),
            visits=visits,
            since=before.since if before else now,
            cause=f"{failure}: {detail}",
            until=visit_again(now, visits=visits),
        )
        known.until = known.silence.until
        known.failed.clear()
        self._memory.note_silence(known.silence)
        return known.silence

    def not_asked(self, url: str) -> None:
        """Nothing could be tried after all: the pause of earlier runs holds on."""
        known = self._origin(url)
        if known.silence is not None:
            known.until = known.silence.until

    def _origin(self, url: str) -> _Origin:
        try:
            origin = origin_of(url)
        except UrlError:  # the door says what is wrong with it
            return _Origin(silence=None, until=None)
        if origin not in self._origins:
            silence = self._memory.silence_of(origin)
            until = None if silence is None or self._tries_anew else silence.until
            self._origins[origin] = _Origin(silence=silence, until=until)
        return self._origins[origin]


def what_is_wrong(silence: Silence) -> str:
    """In half a sentence."""
    if failure_named(silence.cause) is Failure.ROBOTS_UNREACHABLE:
        return f"nothing may be asked of {silence.origin} yet"
    return f"{silence.origin} does not answer"


def why_left(silence: Silence) -> str:
    """In a sentence, why an origin is left alone."""
    return f"{what_is_wrong(silence)}; it is asked again at {silence.until.isoformat(timespec='seconds')}"


class SilenceMiddleware:
    """Tells a run's SilentOrigins what came of each request, those that a redirect led to included.

    That robots.txt could not be read it learns from the request that waited for it.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._silent = visit.run.silent

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.spider.visit)  # type: ignore[union-attr]

    def process_request(self, request: Request) -> None:
        """
        Raises:
            NotNowError: the origin does not answer, and its pause is not over.
        """
        silence, until = self._silent.silence_of(request.url), self._silent.paused_until(request.url)
        if silence is not None and until is not None:
            raise NotNowError(why_left(silence), until)

    def process_response(self, request: Request, response: Response) -> Response:
        failure = failure_of_status(response.status)
        if request.meta.get("is_robots"):
            # Many a server hands it out while every page is broken.
            if failure in {None, Failure.GONE} and self._waits_for_rules(request):
                self._answered(request)
        elif failure is not None and RULES[failure].is_of_host:
            self._failed(request, failure, f"HTTP {response.status}")
        else:
            self._answered(request)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        if request.meta.get("is_robots"):
            return
        failure = failure_of_exception(exception)
        if isinstance(exception, RobotsUnreachableError) and not exception.asked:
            self._silent.not_asked(request.url)
        elif failure is not None and RULES[failure].is_of_host:
            self._failed(request, failure, str(exception))

    def _waits_for_rules(self, request: Request) -> bool:
        silence = self._silent.silence_of(request.url)
        return silence is not None and failure_named(silence.cause) is Failure.ROBOTS_UNREACHABLE

    def _answered(self, request: Request) -> None:
        # What was under way when a pause began does not end it.
        if self._visit.run.replay is None and self._silent.paused_until(request.url) is None:
            self._silent.answered(request.url)

    def _failed(self, request: Request, failure: Failure, detail: str) -> None:
        visit, url = self._visit, request.url
        if visit.run.replay is not None or self._silent.paused_until(url) is not None:
            return  # a recording has no hosts; and what was under way when the pause began says nothing more
        if visit.run.pace.held_until(host_of(url)) is not None:
            return  # it said itself when it wants to be asked again
        silence = self._silent.failed(url, failure, detail)
        if silence is not None:
            told = (
                f"{what_is_wrong(silence)} ({silence.cause}); it is asked again at {silence.until:%Y-%m-%d %H:%M} UTC"
            )
            visit.note(request.meta["source"], told)
