"""The door to a recording instead of the network: no socket is made, and no pace is kept with hosts nobody asks."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.exceptions import DownloadCancelledError, ResponseDataLossError

from crawler.captures.records import asked_url
from crawler.fetch.decoding import BodyBrokenError, BodyDecoder, BodyTooLargeError
from crawler.fetch.pace import NotNowError
from crawler.fetch.robots import RobotsAnswer
from crawler.fetch.turnstile import Order, Turnstile
from crawler.items import HostMemory

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.captures.recording import Recording, Session, Take
    from crawler.visit import Visit


class NotCapturedError(NotNowError):
    """The recording has no answer from the address. Nothing is counted against it, and its entry stays pending.

    `final`: no later session will have one either.
    """

    def __init__(self, url: str, *, final: bool) -> None:
        super().__init__(f"{url}: not among the captures; the entry stays pending")
        self.final = final


class Replay:
    """One session of a recording, as a run lives it again."""

    def __init__(self, recording: Recording, session: Session, *, last: bool) -> None:
        self.session = session
        self.turnstile = Turnstile()
        self._recording = recording
        self._last = last
        self._asked: Counter[str] = Counter()  # how often each address was asked for

    def has(self, url: str) -> bool:
        """Whether the address answered in this session."""
        return asked_url(url) in self.session.urls

    def order_of(self, url: str) -> Order:
        """Where the address's first answer of the session stands among all answers; behind them if there is none."""
        take = self._recording.answer(asked_url(url), self.session) if self.has(url) else None
        return take.order if take else (datetime.max.replace(tzinfo=UTC), 0)

    def find(self, url: str) -> Take:
        """What the address answered in the session, each time it was asked; else its newest answer before.

        Raises:
            NotCapturedError: there is none.
        """
        address = asked_url(url)
        take = self._recording.answer(address, self.session, nth=self._asked[address])
        self._asked[address] += 1
        if take is None:
            raise NotCapturedError(url, final=self._last)
        return take

    def answer(self, request: Request, take: Take, decoder: BodyDecoder) -> Response:
        """The answer, its body decoded; what a live one is refused for, it is refused for too.

        Raises:
            NotCapturedError: its body is in a file that is not replayed.
            DownloadCancelledError: its body is larger than the limit.
            ResponseDataLossError: its body is not what its Content-Encoding says.
        """
        stored = self._recording.read(take)
        if stored is None:
            raise NotCapturedError(request.url, final=self._last)
        try:
            decoded = decoder.decode(request.url, stored.headers, stored.body)
        except BodyTooLargeError as error:
            raise DownloadCancelledError(str(error)) from error
        except BodyBrokenError as error:
            raise ResponseDataLossError(str(error)) from error
        return decoded.replace(status=stored.status, request=request)


class ReplayHandler(BaseDownloadHandler):
    """Answers from the run's recording, on the run's clock."""

    lazy = True

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._visit: Visit = crawler.spider.visit  # type: ignore[union-attr]
        self._decoder = BodyDecoder(crawler.settings.getint("DOWNLOAD_MAXSIZE"))

    async def download_request(self, request: Request) -> Response:
        """
        Raises:
            NotNowError: the run ends, or the recording has no answer.
            DownloadCancelledError: see `Replay.answer`.
            ResponseDataLossError: see there.
        """
        run, reason = self._visit.run, self._visit.run.stop()
        if run.replay is None:
            raise RuntimeError("a replay handler in a run that replays nothing")
        if reason:
            raise NotNowError(reason)
        take = run.replay.find(_recorded_url(request))
        await run.replay.turnstile.turn(self._visit.lease.host, take.order)
        await run.clock.wait_until(take.at, "replay")
        request.meta["answered_at"] = run.clock.now()
        return run.replay.answer(request, take, self._decoder)


def _recorded_url(request: Request) -> str:
    """The address the answer was kept under; a POST has its body in it, which its redirect to a GET has not."""
    recorded: str = request.meta.get("recorded_url", "")
    return recorded if recorded and request.method == "POST" else request.url


class ObeyedRobots:
    """Captures were fetched under the rules of their time: nothing is asked, and nothing of it is remembered."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    async def load(self, origin: str) -> RobotsAnswer:
        return RobotsAnswer(status=404, body="", fetched_at=self._now())

    async def save(self, origin: str, answer: RobotsAnswer) -> None:
        raise RuntimeError(f"robots.txt of {origin} was fetched in a replay")


class NoMemories:
    """What hosts asked of the network does not concern a recording."""

    def host_memory(self, host: str) -> HostMemory:
        return HostMemory()
