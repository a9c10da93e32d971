"""A news site with an RSS 2.0 feed and HTML article pages."""

from datetime import datetime
from email.utils import format_datetime
from random import Random
from types import MappingProxyType
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict

from crawler.newsroom.loading import SiteData
from crawler.newsroom.records import Address, Content, Draft, Publication, SiteRequest
from crawler.newsroom.shapes.base import Shape, Site, render

_FEED_LENGTH = 20
_RELATED = 5


class RssOptions(BaseModel):
    """What press.yaml says of such a site under `options`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    feed: str = "/rss.xml"
    page: str = "/{day}/{number}.html"  # where an article stands; day is YYYYMMDD
    query: str = ""  # what the feed's links carry, such as tracking parameters
    encoding: Literal["utf-8", "gbk"] = "utf-8"
    template: str = "portal.html.j2"
    sections: tuple[str, ...] = ("首页",)
    ttl: int = 30  # minutes
    first_number: int = 1000


class RssSite(Shape):
    """Traits: `print` puts an article under /print/, as a feed does that announces the print version; `html_summary`
    gives its feed item a summary in HTML, whose picture links to a page on another subject.
    """

    ends = MappingProxyType({"print": "refused"})

    def __init__(self, data: SiteData) -> None:
        self._data = data
        self._options = RssOptions.model_validate(data.options)
        self.list_paths = (self._options.feed,)

    def addresses(self, drafts: tuple[Draft, ...], random: Random) -> tuple[Address, ...]:
        number = self._options.first_number
        found: list[Address] = []
        for draft in drafts:
            number += random.randint(1, 9)
            day = draft.at.astimezone(self._data.zone).strftime("%Y%m%d")
            pattern = "/print/{number}.html" if "print" in draft.traits else self._options.page
            path = pattern.format(day=day, number=number)
            found.append(Address(url=urlunsplit(("https", self._data.host, path, self._options.query, ""))))
        return tuple(found)

    def answer(self, site: Site, request: SiteRequest, now: datetime) -> Content | None:
        if site.is_one_of(self.list_paths, request):
            return self._feed(site, now)
        if request.place == "/":
            return self._front(site, now)
        publication = site.at(request, now)
        return self._page(site, publication) if publication else None

    def _feed(self, site: Site, now: datetime) -> Content:
        newest = site.newest_first(now)[:_FEED_LENGTH]
        rows = [
            {
                "publication": one,
                "lead": site.article(one).lead,
                "guid": _without_query(one.url),
                "date": format_datetime(one.at.astimezone(self._data.zone)),
            }
            for one in newest
        ]
        text = render("feed.xml.j2", data=self._data, options=self._options, rows=rows)
        return self._content(text, "application/rss+xml", newest[0].at if newest else None)

    def _front(self, site: Site, now: datetime) -> Content:
        newest = site.newest_first(now)[:_FEED_LENGTH]
        text = render("front.html.j2", data=self._data, options=self._options, newest=newest)
        return self._content(text, "text/html", newest[0].at if newest else None)

    def _page(self, site: Site, publication: Publication) -> Content:
        # The links around the text are fixed at publication, so that a page changes only when its article does.
        before = [one for one in site.newest_first(publication.at) if one is not publication]
        text = render(
            self._options.template,
            data=self._data,
            options=self._options,
            publication=publication,
            article=site.article(publication),
            at=publication.at.astimezone(self._data.zone),
            url=_without_query(publication.url),
            related=before[:_RELATED],
            hot=before[-_RELATED:],
            origin=publication.origin or self._data.title,
        )
        return self._content(text, "text/html", publication.at)

    def _content(self, text: str, kind: str, modified: datetime | None) -> Content:
        # GBK has no emoji and no rare Han; a real site in GBK writes them as references.
        body = text.encode(self._options.encoding, errors="xmlcharrefreplace")
        # Old servers name no charset; the page or the XML prolog does.
        charset = "; charset=utf-8" if self._options.encoding == "utf-8" else ""
        return Content(body=body, content_type=kind + charset, modified=modified)


def _without_query(url: str) -> str:
    return urlunsplit((*urlsplit(url)[:3], "", ""))
