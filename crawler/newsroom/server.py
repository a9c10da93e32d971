"""The newsroom over real HTTP: on 127.0.0.1, a free port, sites told apart by the Host header."""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

from aiohttp import web

from crawler.clock import Clock
from crawler.newsroom.records import SiteRequest
from crawler.newsroom.room import Newsroom

_LOOPBACK = "127.0.0.1"
_CLOSE_SECONDS = 0.1  # kept-alive connections of a crawl that ended are not waited for


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One request that was answered."""

    at: datetime  # by the clock passed in
    host: str
    path: str  # as on the wire, without the query
    status: int
    query: str = ""
    method: str = "GET"
    fault: str = ""  # the newsroom's word for what it answered with, when that was no real answer


class PressServer:
    """Answers for a newsroom and writes down every request. `hits` may be read from another thread."""

    def __init__(self, newsroom: Newsroom, clock: Clock) -> None:
        self.newsroom = newsroom
        self.url = ""  # http://127.0.0.1:PORT once it serves
        self._clock = clock
        self._hits: list[Hit] = []
        self._asked: Counter[tuple[str, str, str]] = Counter()

    @property
    def hits(self) -> list[Hit]:
        """The requests so far, in order."""
        return list(self._hits)

    async def answer(self, request: web.Request) -> web.Response:
        """The response of the site that the Host header names."""
        now = self._clock.now()
        host = request.host.rsplit(":", 1)[0].lower()
        path = request.rel_url.raw_path
        query = request.rel_url.raw_query_string
        self._asked[host, path, query] += 1
        asked = SiteRequest(
            method=request.method,
            host=host,
            path=path,
            query=query,
            headers=dict(request.headers),
            body=await request.read(),
            nth=self._asked[host, path, query],
        )
        response = self.newsroom.respond(asked, now)
        self._hits.append(
            Hit(
                at=now,
                host=host,
                path=path,
                status=response.status,
                query=query,
                method=request.method,
                fault=response.fault,
            )
        )
        return web.Response(status=response.status, headers=dict(response.headers), body=response.body)


@asynccontextmanager
async def serve(newsroom: Newsroom, clock: Clock, port: int = 0) -> AsyncIterator[PressServer]:
    """Serve `newsroom` on 127.0.0.1 for the length of the block; port 0 takes a free one."""
    server = PressServer(newsroom, clock)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=_CLOSE_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, _LOOPBACK, port).start()
        server.url = f"http://{_LOOPBACK}:{runner.addresses[0][1]}"
        yield server
    finally:
        await runner.cleanup()


class ServerThread:
    """The same in a thread with a loop of its own, for tests and for crawls in other processes.

    `clock` may be a VirtualClock that the test moves: the server only reads it.

    Use it as a context manager; `url` and `hits` are those of `PressServer`.
    """

    def __init__(self, newsroom: Newsroom, clock: Clock, port: int = 0) -> None:
        self._newsroom = newsroom
        self._clock = clock
        self._port = port
        self._thread = threading.Thread(target=self._run, name="newsroom", daemon=True)
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        self._server: PressServer | None = None
        self._error: OSError | None = None

    @property
    def url(self) -> str:
        return self._serving().url

    @property
    def hits(self) -> list[Hit]:
        return self._serving().hits

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            raise self._error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._end is not None:
            self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    def _serving(self) -> PressServer:
        if self._server is None:
            raise RuntimeError("the newsroom's server is not running: use ServerThread in a with block")
        return self._server

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except OSError as error:  # the port is taken: told to the thread that waits
            self._error = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        async with serve(self._newsroom, self._clock, self._port) as server:
            self._server = server
            self._ready.set()
            await self._end.wait()
