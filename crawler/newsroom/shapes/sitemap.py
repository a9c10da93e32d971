"""Sitemaps of a news site: an index, a news sitemap, and one of each month, compressed or not."""

import gzip
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from crawler.newsroom.loading import SiteData
from crawler.newsroom.records import Content, Publication, SiteRequest
from crawler.newsroom.shapes.base import Site, render

_XML = "application/xml; charset=utf-8"
_GZIP = "application/gzip"


class SitemapOptions(BaseModel):
    """What is said of the a site's sitemaps in press.yaml: their paths, {month} is YYYYMM."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    index: str = "/sitemap.xml"
    news: str = "/sitemap-news.xml"  # of the last two days, with titles
    monthly: str = "/sitemap-{month}.xml.gz"


class Sitemaps:
    def __init__(self, data: SiteData, options: SitemapOptions) -> None:
        self._data = data
        self._options = options

    def content(self, site: Site, request: SiteRequest, now: datetime) -> Content | None:
        """The index, or the sitemap that is asked for; None where there is none."""
        path, newest = request.place, site.newest_first(now)
        if path == self._options.index:
            return self._index(newest)
        if path == self._options.news:
            return self._of([one for one in newest if (now - one.at).days < 2], news=True)
        months = {self._path(one): [each for each in newest if self._path(each) == self._path(one)] for one in newest}
        return self._of(months[path], news=False) if path in months else None

    def _path(self, one: Publication) -> str:
        return self._options.monthly.format(month=f"{one.at.astimezone(self._data.zone):%Y%m}")

    def _index(self, newest: tuple[Publication, ...]) -> Content:
        changed = {self._path(one): one.at for one in reversed(newest)}
        lists = [(path, self._iso(at)) for path, at in changed.items()]
        news = [(self._options.news, self._iso(newest[0].at))] if newest else []
        text = render("sitemap_index.xml.j2", data=self._data, lists=[*news, *lists])
        return Content(body=text.encode(), content_type=_XML, modified=newest[0].at if newest else None)

    def _of(self, publications: list[Publication], *, news: bool) -> Content:
        rows = [{"publication": one, "iso": self._iso(one.at)} for one in publications]
        text = render("sitemap.xml.j2", data=self._data, rows=rows, news=news)
        packed = not news and self._options.monthly.endswith(".gz")
        body = gzip.compress(text.encode(), mtime=0) if packed else text.encode()
        return Content(
            body=body, content_type=_GZIP if packed else _XML, modified=publications[0].at if publications else None
        )

    def _iso(self, at: datetime) -> str:
        return at.astimezone(self._data.zone).isoformat()
