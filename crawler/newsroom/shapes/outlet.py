"""A news site by data alone: article pages, and any number of lists that announce them."""

from datetime import datetime
from random import Random
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import BaseModel, ConfigDict

from crawler.newsroom.loading import PressError, SiteData
from crawler.newsroom.records import Address, Content, Draft, SiteRequest
from crawler.newsroom.shapes.article_pages import ArticlePages, PageOptions
from crawler.newsroom.shapes.base import Shape, Site
from crawler.newsroom.shapes.feed_list import FeedList, FeedOptions
from crawler.newsroom.shapes.json_list import JsonList, JsonOptions
from crawler.newsroom.shapes.list_page import ListPage, ListPageOptions
from crawler.newsroom.shapes.sitemap import SitemapOptions, Sitemaps


class ListData(BaseModel):
    """One list of a site: its address, and the options of one form."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str  # without a query
    feed: FeedOptions | None = None
    page: ListPageOptions | None = None
    rows: JsonOptions | None = None


class OutletOptions(PageOptions):
    """What press.yaml says of such a site under `options`."""

    lists: tuple[ListData, ...] = ()
    sitemaps: SitemapOptions | None = None


class Listing(Protocol):
    """One form of list."""

    def content(self, site: Site, request: SiteRequest, now: datetime) -> Content | None:
        """What it answers at `now`; None where it has nothing to say."""


class Outlet(Shape):
    """The traits are those of its article pages and of its feeds."""

    def __init__(self, data: SiteData) -> None:
        options = OutletOptions.model_validate(data.options)
        self._pages = ArticlePages(data, options)
        self._lists = {_place(listed.url): _list(data, self._pages, listed) for listed in options.lists}
        self._sitemaps = Sitemaps(data, options.sitemaps) if options.sitemaps else None
        indexes = (options.sitemaps.index,) if options.sitemaps else ()
        self.list_paths = (*(path for _, path in self._lists), *indexes)
        self.post_paths = tuple(_place(listed.url)[1] for listed in options.lists if listed.rows)
        self.names = tuple(name for name, _ in parse_qsl(options.page.partition("?")[2]))

    def addresses(self, drafts: tuple[Draft, ...], random: Random) -> tuple[Address, ...]:
        return self._pages.addresses(drafts, random)

    def answer(self, site: Site, request: SiteRequest, now: datetime) -> Content | None:
        listed = self._lists.get((request.host, request.place))
        if listed is not None:
            return listed.content(site, request, now)
        publication = site.at(request, now)
        if publication is not None:
            return self._pages.page(site, publication, now)
        return self._sitemaps.content(site, request, now) if self._sitemaps else None


def _place(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.netloc, unquote(parts.path)


def _list(data: SiteData, pages: ArticlePages, listed: ListData) -> Listing:
    if listed.feed:
        return FeedList(data, pages, listed.feed)
    if listed.page:
        return ListPage(data, pages, listed.page)
    if listed.rows:
        return JsonList(listed.rows)
    raise PressError(f"list {listed.url} of site {data.host} needs one of feed, page and rows")
