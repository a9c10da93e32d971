"""A small web of programmable hosts on one real HTTP server, and runs of presswatch against it."""

import asyncio
import inspect
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import yaml
from aiohttp import web
from sqlalchemy import text

from crawler.clock import VirtualClock
from crawler.config.load import load_config
from crawler.database import BUSY_SECONDS, Database, sqlite_url
from crawler.lock import run_lock
from crawler.run import Run

START = datetime(2025, 3, 3, 0, 0, tzinfo=UTC)
CONTACT = "desk@presswatch-reader.org"  # without one nothing live is asked
THEMES = {"themes": [{"name": "robots", "title": "机器人", "words": {"plain": ["机器人"]}}]}
SUBSCRIPTIONS = {"subscriptions": [{"name": "daily"}]}


@dataclass
class Answer:
    body: bytes | str = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Web:
    """Answers by (host, path). A route is an Answer, a list of Answers used one after the other, or a function."""

    def __init__(self):
        self.routes = {}
        self.hits = []  # "host/path" in order
        self.seen = []  # the requests' headers, in order
        self.queries = []  # their query strings
        self.url = ""

    async def _answer(self, request):
        where = f"{request.host}{request.rel_url.raw_path}"
        self.hits.append(where)
        self.seen.append(dict(request.headers))
        self.queries.append(request.rel_url.raw_query_string)
        route = self.routes.get(where, Answer(status=404))
        if isinstance(route, list):
            route = route.pop(0) if len(route) > 1 else route[0]
        answer = route(request) if callable(route) else route
        if inspect.isawaitable(answer):
            answer = await answer
        if isinstance(answer, web.StreamResponse):
            return answer
        body = answer.body.encode() if isinstance(answer.body, str) else answer.body
        return web.Response(status=answer.status, headers=answer.headers, body=body)

    def pages(self):
        return [hit for hit in self.hits if not hit.endswith("/robots.txt")]


@contextmanager
def serving(address: str = "127.0.0.1"):
    """A Web on a free port of `address`, in a thread with a loop of its own."""
    site, ready, stop = Web(), threading.Event(), None

    async def main():
        nonlocal stop
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", site._answer)
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, address, 0).start()
        site.url = f"http://{address}:{runner.addresses[0][1]}"
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        stop = lambda: loop.call_soon_threadsafe(done.set)  # noqa: E731
        ready.set()
        await done.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    ready.wait()
    try:
        yield site
    finally:
        stop()
        thread.join()


def article_page(title: str, body: str = "", head: str = "") -> str:
    """An HTML page whose main text is on the theme of THEMES unless `body` says otherwise."""
    text = body or "这台机器人今天第一次走进了工厂的装配线，工程师们在旁边记录它的每一个动作。" * 4
    paragraphs = "".join(f"<p>{part}</p>" for part in text.split("\n"))
    return (
        f'<html><head><meta charset="utf-8"><title>{title}</title>{head}</head><body><nav><a href="/">首页</a></nav>'
        f"<article><h1>{title}</h1>{paragraphs}</article><footer>版权所有</footer></body></html>"
    )


def feed(*links: str, title: str = "机器人消息", published: str = "Mon, 03 Mar 2025 07:00:00 +0800") -> str:
    rows = "".join(
        f"<item><title>{title}{number}</title><link>{link}</link><pubDate>{published}</pubDate></item>"
        for number, link in enumerate(links, 1)
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>{rows}</channel></rss>'


@dataclass
class Rig:
    """A config and a data folder below `folder`; crawls through the server at `route`."""

    folder: Path
    route: str | None = None
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(START))
    environ: dict = field(default_factory=dict)  # where ${NAME} is looked up
    patience: float = BUSY_SECONDS  # that a run waits for another process that holds the database

    def __post_init__(self):
        self.write("presswatch.yaml", {"min_free_mb": 0})
        self.write("themes.yaml", THEMES)
        self.write("subscriptions.yaml", SUBSCRIPTIONS)
        (self.config / "sources").mkdir(parents=True, exist_ok=True)

    @property
    def config(self) -> Path:
        return self.folder / "config"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def write(self, name, content):
        path = self.config / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")

    def source(self, name="alpha", url="https://alpha.example/feed", **more):
        facts = {"name": name, "kind": "feed", "endpoints": [{"url": url, "every": "30m"}], **more}
        self.write(f"sources/{name}.yaml", facts)

    def crawl(
        self,
        *,
        poll_now=False,
        watch: Callable[[str], None] = lambda line: None,
        prepare: Callable[[Database], None] = lambda database: None,
        **options,
    ):
        """`prepare` is given the open database before the run begins."""
        config = load_config(self.config, environ=self.environ)
        database = Database.open(sqlite_url(self._made(self.data) / "presswatch.db"), busy_seconds=self.patience)
        prepare(database)
        run = Run(
            config=config,
            database=database,
            clock=self.clock,
            data=self.data,
            scope=config.enabled_sources,
            poll_now=poll_now,
            route=self.route,
            watch=watch,
            **options,
        )
        try:
            with run_lock(self.data, config.settings.database):
                return asyncio.run(run.crawl_until_signal("test"))
        finally:
            database.close()

    def query(self, sql, **values):
        database = Database(sqlite_url(self.data / "presswatch.db"))
        with database.read() as connection:
            rows = [tuple(row) for row in connection.execute(text(sql), values)]
        database.close()
        return rows

    def outcomes(self):
        """Path of each entry's address → its outcome, None while it is pending."""
        rows = self.query("SELECT url, outcome FROM entry ORDER BY id")
        return {url.split("/", 3)[3].split("?")[0]: outcome for url, outcome in rows}

    def files(self):
        return sorted(path.relative_to(self.data / "archive") for path in (self.data / "archive").rglob("*.md"))

    @staticmethod
    def _made(folder):
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def book_of(report, source="alpha"):
    return next(book for book in report.books if book.source == source)
