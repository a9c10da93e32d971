"""The articles of a news site: where they stand, and their HTML pages."""

from collections.abc import Mapping
from datetime import datetime
from random import Random
from typing import Literal
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict

from crawler.newsroom.loading import SiteData
from crawler.newsroom.records import Address, Content, Draft, Publication
from crawler.newsroom.shapes.base import Site, render

_RELATED = 5
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz"


class PageOptions(BaseModel):
    """What press.yaml says of a site's articles under `options`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    feed: str = ""  # which the pages link to
    host: str = ""  # where the articles stand when it is not the site's own host
    # Where an article stands: {day} is YYYYMMDD, {year} {month}, {number}, {thousands} and {rest} of it, {token} of 20
    # letters and digits. A query in it is part of the identity.
    page: str = "/{day}/{number}.html"
    query: str = ""  # what announced links carry, such as tracking parameters
    encoding: Literal["utf-8", "gbk"] = "utf-8"
    template: str = "portal.html.j2"
    marks: Mapping[str, str] = {}  # of marked.html.j2: the attributes of title, published, author and body
    date: str = "%Y-%m-%d %H:%M"  # of marked.html.j2: how a page spells it
    notice: str = ""  # of portal.html.j2: the attributes of a notice about rights inside the text
    sections: tuple[str, ...] = ("首页",)
    first_number: int = 1000


class ArticlePages:
    """Traits: `print` puts an article under /print/, as a feed does that announces the print version; `lazy_image` a
    picture after the first paragraph whose address stands in data-original.
    """

    def __init__(self, data: SiteData, options: PageOptions) -> None:
        self._data = data
        self._options = options

    def addresses(self, drafts: tuple[Draft, ...], random: Random) -> tuple[Address, ...]:
        number = self._options.first_number
        found: list[Address] = []
        for draft in drafts:
            number += random.randint(1, 9)
            found.append(Address(url=self._url(draft, number)))
        return tuple(found)

    def _url(self, draft: Draft, number: int) -> str:
        at = draft.at.astimezone(self._data.zone)
        token = "".join(Random(f"{self._data.host}/{number}").choices(_LETTERS, k=20))  # noqa: S311  # no secret
        where = "/print/{number}.html" if "print" in draft.traits else self._options.page
        path, _, identity = where.format(
            day=f"{at:%Y%m%d}",
            year=f"{at:%Y}",
            month=f"{at:%m}",
            number=number,
            thousands=number // 1000,
            rest=f"{number % 1000:03d}",
            token=token,
        ).partition("?")
        query = "&".join(part for part in (identity, self._options.query) if part)
        return urlunsplit(("https", self._options.host or self._data.host, path, query, ""))

    def page(self, site: Site, publication: Publication, now: datetime) -> Content:
        """The HTML page of one publication as it stands at `now`."""
        # The links around the text are fixed at publication, so that a page changes only when its article does.
        before = [one for one in site.newest_first(publication.at) if one is not publication]
        article = site.article(publication, now)
        text = render(
            self._options.template,
            data=self._data,
            options=self._options,
            publication=publication,
            article=article,
            at=publication.at.astimezone(self._data.zone),
            url=self.without_noise(publication.url),
            related=before[:_RELATED],
            hot=before[-_RELATED:],
            origin=publication.origin or self._data.title,
        )
        return self.content(text, "text/html", publication.at)

    def content(self, text: str, kind: str, modified: datetime | None) -> Content:
        """A text in the site's encoding."""
        # GBK has no emoji and no rare Han; a real site in GBK writes them as references.
        body = text.encode(self._options.encoding, errors="xmlcharrefreplace")
        # Old servers name no charset; the page or the XML prolog does.
        charset = "; charset=utf-8" if self._options.encoding == "utf-8" else ""
        return Content(body=body, content_type=kind + charset, modified=modified)

    def without_noise(self, url: str) -> str:
        """The address as the site itself writes it."""
        noise = parse_qsl(self._options.query)
        parts = urlsplit(url)
        kept = "&".join(f"{name}={value}" for name, value in parse_qsl(parts.query) if (name, value) not in noise)
        return urlunsplit((*parts[:3], kept, ""))
