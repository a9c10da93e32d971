"""A news site with an RSS 2.0 feed, a front page and HTML article pages."""

from datetime import datetime
from random import Random
from types import MappingProxyType

from crawler.newsroom.loading import SiteData
from crawler.newsroom.records import Address, Content, Draft, SiteRequest
from crawler.newsroom.shapes.article_pages import ArticlePages, PageOptions
from crawler.newsroom.shapes.base import Shape, Site, render
from crawler.newsroom.shapes.feed_list import FeedList, FeedOptions

_FRONT_LENGTH = 20


class RssOptions(PageOptions):
    """What press.yaml says of such a site under `options`."""

    feed: str = "/rss.xml"
    ttl: int = 30  # minutes


class RssSite(Shape):
    """The traits are those of its article pages and of its feed."""

    ends = MappingProxyType({"print": "refused"})

    def __init__(self, data: SiteData) -> None:
        self._data = data
        self._options = RssOptions.model_validate(data.options)
        self._pages = ArticlePages(data, self._options)
        feed = FeedOptions(encoding=self._options.encoding, ttl=self._options.ttl)
        self._feed = FeedList(data, self._pages, feed)
        self.list_paths = (self._options.feed,)

    def addresses(self, drafts: tuple[Draft, ...], random: Random) -> tuple[Address, ...]:
        return self._pages.addresses(drafts, random)

    def answer(self, site: Site, request: SiteRequest, now: datetime) -> Content | None:
        if site.is_one_of(self.list_paths, request):
            return self._feed.content(site, request, now)
        if request.place == "/":
            return self._front(site, now)
        publication = site.at(request, now)
        return self._pages.page(site, publication, now) if publication else None

    def _front(self, site: Site, now: datetime) -> Content:
        newest = site.newest_first(now)[:_FRONT_LENGTH]
        text = render("front.html.j2", data=self._data, options=self._options, newest=newest)
        return self._pages.content(text, "text/html", newest[0].at if newest else None)
