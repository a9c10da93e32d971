"""Hosts that do not answer. After a few failures in a row a visit ends, and the host is asked again later and later."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, Self

from crawler.failure_table import RULES, Failure, failure_of_status
from crawler.fetch.failures import failure_of_exception
from crawler.fetch.pace import NotNowError
from crawler.items import HostMemory, Silence
from crawler.polling import visit_again
from crawler.urls import UrlError, host_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.fetch.pace import HostMemories
    from crawler.visit import Visit

MOST_IN_A_ROW = 3  # one page that always breaks must not stop its host


class SilenceMemory(Protocol):
    """Where it outlives a run."""

    def silence_of(self, host: str) -> Silence | None: ...
    def note_silence(self, host: str, silence: Silence | None) -> None: ...


@dataclass(kw_only=True)
class _Host:
    silence: Silence | None
    failed: set[str] = field(default_factory=set)  # addresses, in a row

    @property
    def most(self) -> int:
        return 1 if self.silence else MOST_IN_A_ROW


class SilentHosts:
    """What the hosts of a run answered. That they do not is no wish of theirs: it is our own pause, kept as a hold.

    Args:
        memory: what earlier runs knew; asked when a host is first met.
        now: the time.
    """

    def __init__(self, memory: SilenceMemory, now: Callable[[], datetime]) -> None:
        self._memory = memory
        self._now = now
        self._hosts: dict[str, _Host] = {}

    def is_doubtful(self, host: str) -> bool:
        """Whether it did not answer when it was asked last: then one request is tried before any other."""
        return self._host(host).silence is not None

    def answered(self, host: str) -> None:
        """
        Raises:
            StorageError: that it answers again cannot be stored.
        """
        known = self._host(host)
        known.failed.clear()
        if known.silence is not None:
            self._memory.note_silence(host, None)
            known.silence = None

    def failed(self, host: str, url: str, cause: str) -> datetime | None:
        """Until when the host is to be left alone now, or None where that says nothing of it yet.

        Raises:
            StorageError: it cannot be stored.
        """
        known, now = self._host(host), self._now()
        known.failed.add(url)
        if len(known.failed) < known.most:
            return None
        before = known.silence
        visits = before.visits + 1 if before else 1
        known.silence = Silence(visits=visits, since=before.since if before else now, cause=cause)
        known.failed.clear()
        self._memory.note_silence(host, known.silence)
        return visit_again(now, visits=visits)

    def why_held(self, host: str, until: datetime) -> str:
        """In a sentence, why a host is left alone until then."""
        at = until.isoformat(timespec="seconds")
        if self.is_doubtful(host):
            return f"{host} does not answer and is asked again at {at}"
        return f"{host} asked to be left alone until {at}"

    def _host(self, host: str) -> _Host:
        if host not in self._hosts:
            self._hosts[host] = _Host(silence=self._memory.silence_of(host))
        return self._hosts[host]


class WithoutSilence:
    """What earlier runs knew of hosts, for a run that somebody wants now: he may have put right why they were silent.

    What a host asked for itself stays.
    """

    def __init__(self, memories: HostMemories) -> None:
        self._memories = memories

    def host_memory(self, host: str) -> HostMemory:
        memory = self._memories.host_memory(host)
        return replace(memory, not_before=None) if memory.is_silent else memory


class SilenceMiddleware:
    """Tells a run's SilentHosts what came of each request, those that a redirect led to and robots.txt included."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.spider.visit)  # type: ignore[union-attr]

    def process_request(self, request: Request) -> None:
        """
        Raises:
            NotNowError: the host does not answer, and its pause is not over.
        """
        try:
            host = host_of(request.url)
        except UrlError:  # the door says what is wrong with it
            return
        held = self._visit.run.pace.held_until(host)
        if held is not None and self._visit.run.silent.is_doubtful(host):
            raise NotNowError(self._visit.run.silent.why_held(host, held), held)

    def process_response(self, request: Request, response: Response) -> Response:
        failure = failure_of_status(response.status)
        if failure is not None and RULES[failure].is_of_host:
            self._failed(request, failure, f"HTTP {response.status}")
        elif failure in {None, Failure.GONE} or not request.meta.get("is_robots"):
            # Rules that are refused keep us from everything else: no sign that the host can be asked.
            self._answered(request)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        failure = failure_of_exception(exception)
        if failure is not None and RULES[failure].is_of_host:
            self._failed(request, failure, str(exception))

    def _answered(self, request: Request) -> None:
        host = host_of(request.url)
        if self._visit.run.replay is None and self._visit.run.pace.held_until(host) is None:
            self._visit.run.silent.answered(host)

    def _failed(self, request: Request, failure: Failure, detail: str) -> None:
        visit, host = self._visit, host_of(request.url)
        if visit.run.replay is not None or visit.run.pace.held_until(host) is not None:
            return  # a recording has no hosts; and what was under way when the pause began says nothing more
        until = visit.run.silent.failed(host, request.url, f"{failure}: {detail}")
        if until is not None:
            told = f"{host} does not answer ({failure}: {detail})"
            visit.note(request.meta["source"], f"{told}; it is asked again at {until:%Y-%m-%d %H:%M} UTC")
            visit.hold(host, until)
