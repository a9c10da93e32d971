"""A list page of a news site, its rows as press.yaml spells them."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from crawler.newsroom.loading import SiteData
from crawler.newsroom.records import Content, SiteRequest
from crawler.newsroom.shapes.article_pages import ArticlePages
from crawler.newsroom.shapes.base import Site, render
from crawler.newsroom.shapes.rows import html_row, values_of


class ListPageOptions(BaseModel):
    """What is said of a list page in press.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    wrap: str = "<ul>{rows}</ul>"
    row: str  # HTML, with the values of rows.py
    beside: str = ""  # HTML that stands between the first row and the second, such as an advertisement
    length: int = 20


class ListPage:
    def __init__(self, data: SiteData, pages: ArticlePages, options: ListPageOptions) -> None:
        self._data = data
        self._pages = pages
        self._options = options

    def content(self, site: Site, request: SiteRequest, now: datetime) -> Content:
        """The page as it stands at `now`."""
        newest = site.newest_first(now)[: self._options.length]
        rows = [html_row(self._options.row, values_of(site, one)) for one in newest]
        rows.insert(1, self._options.beside)
        text = render("list_page.html.j2", data=self._data, rows=self._options.wrap.format(rows="\n".join(rows)))
        return self._pages.content(text, "text/html", newest[0].at if newest else None)
