"""One source crawled alone from the newsroom, its config as it is shipped, and what the newsroom says it published."""

import asyncio
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from sqlalchemy import select

from crawler.asking import question
from crawler.clock import VirtualClock
from crawler.config.load import load_config
from crawler.config.models import Config, Source
from crawler.config.places import shipped_config
from crawler.database import Database
from crawler.items import Dating
from crawler.newsroom import Newsroom, Publication, SiteRequest, SiteResponse, load_press, serve, shipped_sources
from crawler.run import Run
from crawler.run_report import RunReport
from crawler.tables import article, entry, version

START = datetime.fromisoformat("2025-03-03T08:00:00+08:00")
END = START + timedelta(days=2)
_PATIENCE = timedelta(hours=7)  # a host that asked for a captcha is left alone for six
_MOST_RUNS = 6


@dataclass(frozen=True, kw_only=True)
class Found:
    """What became of one entry."""

    key: str
    outcome: str
    reason: str
    first_seen: datetime
    title: str | None  # this and what follows: of an article that was stored
    published: Dating | None
    text: str | None
    authors: tuple[str, ...]
    account: str | None
    images: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Crawled:
    source: Source
    published: tuple[Publication, ...]  # by the newsroom's account, of what the source watches and wants
    found: tuple[Found, ...]
    reports: tuple[RunReport, ...]  # the last is of a poll right after all was fetched
    asked: tuple[tuple[SiteRequest, int], ...]  # by that one and with which status it was answered; no robots.txt
    newsroom: Newsroom

    def publication(self, found: Found) -> Publication:
        return next(one for one in self.published if one.key == found.key)

    def expected(self, one: Publication) -> set[str]:
        """The outcomes the press means a publication to have; two where a list that shows days alone decides."""
        too_old = END - one.at - self.source.articles.max_age
        judged = "off_theme" if one.theme == "off" else "kept"
        read = judged if one.ends in {"", "copy"} else one.ends  # its original is not there when it is crawled alone
        if too_old > timedelta(0):
            return {"stale"}
        return {read, "stale"} if too_old > timedelta(days=-1) else {read}


class Listening(Newsroom):
    """A newsroom that remembers what it was asked."""

    def __init__(self) -> None:
        self.press = load_press()
        self.asked: list[tuple[SiteRequest, int]] = []
        super().__init__(start=START, days=2, press=self.press)

    def respond(self, request: SiteRequest, now: datetime) -> SiteResponse:
        response = super().respond(request, now)
        if request.place != "/robots.txt":
            self.asked.append((request, response.status))
        return response

    def pages(self, one: Publication, now: datetime) -> list[str]:
        """What its pages say at `now`, where it redirects the page it leads to; no fault strikes a second time."""
        return [self._markup(url, now) for url in (one.url, *one.pages)]

    def _markup(self, url: str, now: datetime) -> str:
        parts = urlsplit(url)
        asked = SiteRequest(host=parts.netloc, path=parts.path, query=parts.query, nth=9)
        answer = super().respond(asked, now)
        if answer.status == 302:
            return self._markup(answer.headers["Location"], now)
        gbk = b"charset=gbk" in answer.body[:1000]
        return answer.body.decode("gb18030" if gbk else "utf-8")

    def account_of(self, one: Publication) -> str:
        """The account whose site it is or whose piece it copies, as far as the site tells accounts apart."""
        data = next(site for site in self.press.sites if (site.host, site.section) == (one.site, one.section))
        named = {"qq": self.shown(one).author, "discuz": "" if "external" in one.traits else one.origin}
        return named.get(data.shape, data.options.get("account", ""))

    def knows(self, url: str) -> bool:
        """Whether some site answers at the host of `url`."""
        return super().respond(SiteRequest(host=urlsplit(url).netloc, path="/robots.txt"), END).status != 502


def config_of_the_demo(folder: Path) -> Config:
    """The shipped config unchanged, with the newsroom's own sources beside it."""
    shutil.copytree(shipped_config(), folder / "config")
    for name, source in shipped_sources().items():
        (folder / "config" / "sources" / name).write_text(source, encoding="utf-8")
    return load_config(folder / "config", environ={})


def published_for(newsroom: Listening, source: Source, until: datetime) -> tuple[Publication, ...]:
    """What the source's endpoints announced until then, as far as the source wants it."""
    announced = newsroom.announced((endpoint.url for endpoint in source.endpoints), until)
    return tuple(one for one in announced if source.articles.wants(one.url))


def crawl_alone(newsroom: Listening, config: Config, source: Source, database: Database, folder: Path) -> Crawled:
    """Crawl the source as if it were the only one until nothing is left to fetch, and right after that once more."""
    clock, alone = VirtualClock(END), config.model_copy(update={"sources": (source,)})
    reports: list[RunReport] = []

    async def crawl() -> None:
        async with serve(newsroom, clock) as server:
            while not reports or (len(reports) < _MOST_RUNS and _has_work(reports[-1])):
                newsroom.asked.clear()
                run = Run(
                    config=alone, database=database, clock=clock, data=folder, scope=(source,), poll_now=True,
                    route=server.url, watch=lambda line: None,
                )  # fmt: skip
                reports.append(await run.crawl("contract"))
                if any(book.carried_out for book in reports[-1].books):  # a page that was busy
                    clock.move_to(clock.now() + _PATIENCE)

    asyncio.run(crawl())
    return Crawled(
        source=source,
        published=published_for(newsroom, source, clock.now()),
        found=_found(database),
        reports=tuple(reports),
        asked=tuple(newsroom.asked),
        newsroom=newsroom,
    )


_IMAGE = re.compile(
    r"""<img[^>]*?\s(?:data-src|data-original|file|src)="([^"]+)"|!\[\]\((.+?)\)|"value": "(//[^"]+)\"""", re.DOTALL
)
_STAND_IN = ("/images/v2/t.png", "static/image/common/none.gif", "data:")  # until the picture is scrolled to
_BESIDE = "/thumb.jpg"  # above the text of an old page, and not of it


def pictures(pages: Iterable[str], url: str) -> set[str]:
    """Host and path of every picture the pages show; their queries are the site's own business."""
    shown = [next(filter(None, found)) for page in pages for found in _IMAGE.findall(_with_lazy_first(page))]
    return {place(urljoin(url, one)) for one in shown if not one.startswith(_STAND_IN) and not one.endswith(_BESIDE)}


def rest_of(text: str, known: Iterable[str]) -> str:
    """What stands in a text beside what is known to, each of which stands there once."""
    for words in known:
        text = text.replace(words, "", 1)
    return text.strip()


def place(url: str) -> str:
    """Host and path of an address, however it was broken over lines."""
    parts = urlsplit("".join(url.split()))
    return parts.netloc + parts.path


def _with_lazy_first(page: str) -> str:
    return re.sub(r'\ssrc="(?:{})[^"]*"'.format("|".join(map(re.escape, _STAND_IN))), "", page)


def _has_work(report: RunReport) -> bool:
    return any(book.found or book.carried_in or book.carried_out for book in report.books)


def first_questions(source: Source) -> Sequence[tuple[str, str]]:
    """Method and address of what is asked of each endpoint at the beginning of a poll."""
    asked = [question(source, endpoint, installation="x") for endpoint in source.endpoints]
    return [(one.method, one.url) for one in asked]


def _found(database: Database) -> tuple[Found, ...]:
    first = (version.c.entry == entry.c.id) & (version.c.number == 1)
    query = (
        select(entry.c.key, entry.c.outcome, entry.c.reason, entry.c.first_seen)
        .add_columns(article.c.title, article.c.published, version.c.text)
        .add_columns(article.c.authors, article.c.account, article.c.images)
        .join_from(entry, article, article.c.entry == entry.c.id, isouter=True)
        .join(version, first, isouter=True)
    )
    with database.read() as connection:
        rows = connection.execute(query).mappings().all()
    return tuple(Found(**{**row, **_read(row)}) for row in rows)


def _read(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "published": Dating.from_json(row["published"]) if row["published"] else None,
        "authors": tuple(row["authors"] or ()),
        "images": tuple(row["images"] or ()),
    }
