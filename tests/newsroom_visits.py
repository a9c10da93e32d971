"""Asking the newsroom without a network, for its tests."""

import re
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import feedparser
import lxml.html

from crawler.newsroom import Newsroom, Press, Publication, SiteRequest, SiteResponse

START = datetime.fromisoformat("2025-03-03T00:00:00+08:00")
END = START + timedelta(days=2)
LATE = END + timedelta(days=1)
SECOND = timedelta(seconds=1)
CHENFENG, XINCHAO, MIRROR = "news.chenfeng.example", "www.xinchao.example", "lazybook.netlify.app"
FEEDS = {CHENFENG: "/rss.xml", XINCHAO: "/feed"}
LIST = "/gzh/九边.md"
ROW = re.compile(
    r"^- (?:\(付费\))?\[(?P<title>.+)\]\((?P<url>http://mp\.weixin\.qq\.com/s\?__biz=[\w=]+&mid=\d+&idx=1"
    r"&sn=[0-9a-f]{32}&chksm=[0-9a-f]{76}#rd)\)(?P<backup> \|  \[备份查看\]\(/gzh/backup/九边/(?P=title)\))?\n"
    r"    - 时间：(?P<day>\d{4}-\d{2}-\d{2})\n    - 摘要：.*$",
    re.MULTILINE,
)


def ask(
    newsroom: Newsroom, host: str, path: str, now=END, *, query="", nth=9, method="GET", **headers: str
) -> SiteResponse:
    spelt = {name.replace("_", "-"): value for name, value in headers.items()}
    asked = SiteRequest(host=host, path=path, query=query, headers=spelt, nth=nth, method=method)
    return newsroom.respond(asked, now)


def visit(newsroom: Newsroom, one: Publication, now=LATE, **more) -> SiteResponse:
    return fetch(newsroom, one.url, now, **more)


def fetch(newsroom: Newsroom, url: str, now=LATE, **more) -> SiteResponse:
    parts = urlsplit(url)
    return ask(newsroom, parts.netloc, parts.path, now, query=parts.query, **more)


def feed_of(newsroom: Newsroom, host: str, now=END) -> feedparser.FeedParserDict:
    answer = ask(newsroom, host, FEEDS[host], now)
    return feedparser.parse(answer.body, response_headers={"content-type": answer.headers["Content-Type"]})


def rows_of(newsroom: Newsroom, now=END) -> list[re.Match[str]]:
    return list(ROW.finditer(ask(newsroom, MIRROR, LIST, now).body.decode()))


def text_of(newsroom: Newsroom, one: Publication) -> list[str]:
    page = lxml.html.fromstring(visit(newsroom, one).body)
    return [block.text_content() for block in page.cssselect(".article-content p, #content p")]


def with_trait(newsroom: Newsroom, trait: str, site=MIRROR) -> Publication:
    return next(one for one in newsroom.truth if trait in one.traits and one.site == site)


def bytes_of(newsroom: Newsroom) -> list[SiteResponse]:
    lists = [ask(newsroom, host, path) for host, path in ((*FEEDS.items(), (MIRROR, LIST)))]
    return lists + [visit(newsroom, one) for one in newsroom.truth]


def press_with(**fault: object) -> Press:
    article = {"id": "a", "theme": "space", "title": "火箭", "lead": "火箭。", "paragraphs": ["火箭升空。"]}
    site = {
        "host": "one.example",
        "shape": "rss",
        "title": "一站",
        "backlog": {"articles": 1},
        "articles": ["a"],
        "faults": [fault],
    }
    return Press.model_validate({"articles": [article], "sites": [site]})


def faulty(**fault: object) -> tuple[Newsroom, Publication]:
    newsroom = Newsroom(start=START, press=press_with(**fault))
    return newsroom, newsroom.truth[0]
