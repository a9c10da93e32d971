"""A feed of a news site: RSS 2.0 or Atom."""

from datetime import datetime
from email.utils import format_datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from crawler.newsroom.loading import SiteData
from crawler.newsroom.records import Content, Publication, SiteRequest
from crawler.newsroom.shapes.article_pages import ArticlePages
from crawler.newsroom.shapes.base import Site, render

_KINDS = {"rss": "application/rss+xml", "atom": "application/atom+xml"}


class FeedOptions(BaseModel):
    """What is said of a feed in press.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dialect: Literal["rss", "atom"] = "rss"
    encoding: str = "utf-8"
    ttl: int = 30  # minutes; 0: it does not say
    length: int = 20
    whole: bool = False  # the text of an article stands in its item (content:encoded, content)
    bare_ampersand: bool = False  # titles are written unescaped, as Discuz! and old systems do
    beside: str = ""  # the address of an item on another subject that stands first, such as an advertisement or a flash


class FeedList:
    """A trait: `html_summary` gives an item a summary in HTML, whose picture links to a page on another subject."""

    def __init__(self, data: SiteData, pages: ArticlePages, options: FeedOptions) -> None:
        self._data = data
        self._pages = pages
        self._options = options

    def content(self, site: Site, request: SiteRequest, now: datetime) -> Content:
        """The feed as it stands at `now`."""
        newest = site.newest_first(now)[: self._options.length]
        text = render(
            "feed.atom.xml.j2" if self._options.dialect == "atom" else "feed.xml.j2",
            data=self._data,
            options=self._options,
            rows=[self._row(site, one) for one in newest],
        )
        return self._pages.content(text, _KINDS[self._options.dialect], newest[0].at if newest else None)

    def _row(self, site: Site, one: Publication) -> dict[str, object]:
        at = one.at.astimezone(self._data.zone)
        return {
            "publication": one,
            "article": site.article(one),
            "guid": self._pages.without_noise(one.url),
            "date": format_datetime(at),
            "iso": at.isoformat(),
        }
