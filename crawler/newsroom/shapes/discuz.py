"""A portal made with Discuz! X: dynamic or rewritten addresses, UTF-8 or GBK, articles over several pages."""

import re
from datetime import datetime
from email.utils import format_datetime
from random import Random
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from crawler.newsroom.answers import moved
from crawler.newsroom.loading import SiteData
from crawler.newsroom.records import Address, Content, Draft, Publication, SiteRequest
from crawler.newsroom.shapes.base import Shape, Site, render

_REWRITTEN = re.compile(r"/(article|list)-(\d+)-(\d+)\.html")
_FEED_LENGTH = 20
_SUMMARY_BYTES = 250  # where Discuz! cuts a description
_RELATED = 4
_NO_ARTICLE = "抱歉，您指定要查看的文章不存在或正在审核"
_NO_CATEGORY = "抱歉，您尚未正确指定要查看的分类"
_LOGIN = "抱歉，您需要先登录才能继续本操作"


class DiscuzOptions(BaseModel):
    """What press.yaml says of such a site under `options`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoding: Literal["utf-8", "gbk"] = "utf-8"
    rewritten: bool = False  # article-N-P.html and list-N-P.html; the dynamic addresses work too
    rss: bool = True
    category: int = 1
    category_title: str = "科技"
    per_page: int = 15
    first_aid: int = 3100


class DiscuzPortal(Shape):
    """Traits: `pages` the text goes over three pages; `image`, `lazy_image` a picture in the text; `withdrawn` listed,
    and the page is the box that says there is none; `login` the box asks for a login; `external` answers 302 to the
    piece it copies; `highlighted` the list shows its title in colour, and again at the end of the page.
    """

    names = ("mod", "aid", "catid")
    ends = MappingProxyType({"withdrawn": "gone", "login": "blocked"})

    def __init__(self, data: SiteData) -> None:
        self._data = data
        self._options = DiscuzOptions.model_validate(data.options)
        lists = (self._list_path(1), f"/portal.php?mod=list&catid={self._options.category}")
        self.list_paths = (*dict.fromkeys(lists), f"/portal.php?mod=rss&catid={self._options.category}")

    def addresses(self, drafts: tuple[Draft, ...], random: Random) -> tuple[Address, ...]:
        aid, found = self._options.first_aid, []
        for draft in drafts:
            aid += random.randint(1, 9)
            pages = 3 if "pages" in draft.traits else 1
            first, *others = (f"https://{self._data.host}/{self._article(aid, page)}" for page in range(1, pages + 1))
            dynamic = f"https://{self._data.host}/portal.php?mod=view&aid={aid}"
            written = f"https://{self._data.host}/article-{aid}-1.html"
            aliases = (f"{dynamic}&from=portal", f"{dynamic}&page=1", *((dynamic,) if written == first else ()))
            lists = self.list_paths if self._options.rss else self.list_paths[:-1]
            found.append(Address(url=first, aliases=aliases, pages=tuple(others), lists=lists))
        return tuple(found)

    def answer(self, site: Site, request: SiteRequest, now: datetime) -> Content | None:
        request = _dynamic(request)
        asked = request.parameters
        page = int(asked["page"]) if asked.get("page", "").isdecimal() else 1
        if request.place == "/":
            return self._list(site, 1, now)
        if request.place != "/portal.php":
            return None
        known = asked.get("catid") == str(self._options.category)
        match asked.get("mod"):
            case "list":
                return self._list(site, page, now) if known else self._box(_NO_CATEGORY)
            case "rss":
                return self._feed(site, now) if self._options.rss else self._content("RSS Disabled", "text/html")
            case "view":
                return self._view(site, request, page, now)
        return None

    def _article(self, aid: int, page: int) -> str:
        if self._options.rewritten:
            return f"article-{aid}-{page}.html"
        return f"portal.php?mod=view&aid={aid}" + (f"&page={page}" if page > 1 else "")

    def _list_path(self, page: int) -> str:
        if self._options.rewritten:
            return f"/list-{self._options.category}-{page}.html"
        return f"/portal.php?mod=list&catid={self._options.category}" + (f"&page={page}" if page > 1 else "")

    def _list(self, site: Site, page: int, now: datetime) -> Content:
        newest, size = site.newest_first(now), self._options.per_page
        mine = newest[(page - 1) * size : page * size]
        again = [one for one in newest if "highlighted" in one.traits and page == 1]
        rows = [self._row(site, one) for one in (*mine, *again)]
        last = max(1, -(-len(newest) // size))
        links = [self._list_path(number).removeprefix("/") for number in range(1, last + 1)]
        text = render("discuz_list.html.j2", data=self._data, options=self._options, rows=rows, page=page, links=links)
        return self._content(text, "text/html")

    def _row(self, site: Site, one: Publication) -> dict[str, Any]:
        return {"one": one, "link": self._link(one), "lead": site.article(one).lead[:80], "at": self._date(one)}

    def _feed(self, site: Site, now: datetime) -> Content:
        rows = [
            {
                "one": one,
                "summary": site.article(one).lead.encode()[:_SUMMARY_BYTES].decode(errors="ignore"),
                "author": site.article(one).author,
                "date": format_datetime(one.at, usegmt=True),
            }
            for one in site.newest_first(now)[:_FEED_LENGTH]
        ]
        text = render("discuz_feed.xml.j2", data=self._data, options=self._options, rows=rows)
        return self._content(text, "application/xml")

    def _view(self, site: Site, request: SiteRequest, page: int, now: datetime) -> Content:
        one = site.at(request, now)
        if one is None or "withdrawn" in one.traits:
            return self._box(_NO_ARTICLE)
        if "login" in one.traits:
            return self._box(_LOGIN)
        return moved(one.copy_of_url) if "external" in one.traits else self._page(site, one, page, request.nth)

    def _page(self, site: Site, one: Publication, page: int, nth: int) -> Content:
        around = [each for each in site.publications if each.at <= one.at and each is not one]
        article, count = site.article(one), 1 + len(one.pages)
        size = -(-len(article.blocks) // count)
        links = [url.removeprefix(f"https://{self._data.host}/") for url in (one.url, *one.pages)]
        text = render(
            "discuz_article.html.j2",
            data=self._data,
            options=self._options,
            one=one,
            article=article,
            at=self._date(one),
            blocks=article.blocks[(page - 1) * size : page * size],  # behind the last page nothing, and no error
            page=page,
            links=links,
            folder=f"{one.at.astimezone(self._data.zone):%Y%m/%d}",
            views=318 + nth,
            before=around[-1:],
            related=around[-_RELATED:],
        )
        return self._content(text, "text/html")

    def _box(self, told: str) -> Content:
        text = render("discuz_box.html.j2", data=self._data, options=self._options, told=told)
        return self._content(text, "text/html")

    def _link(self, one: Publication) -> str:
        return one.url.removeprefix(f"https://{self._data.host}/")

    def _date(self, one: Publication) -> str:
        """In PHP's Y-n-j H:i, without leading zeros in the day."""
        at = one.at.astimezone(self._data.zone)
        return f"{at.year}-{at.month}-{at.day} {at:%H:%M}"

    def _content(self, text: str, kind: str) -> Content:
        # The server names no charset; the page's meta or the prolog does.
        return Content(body=text.encode(self._options.encoding, errors="xmlcharrefreplace"), content_type=kind)


def _dynamic(request: SiteRequest) -> SiteRequest:
    """The same request at the address behind a rewritten one."""
    found = _REWRITTEN.fullmatch(request.place)
    if not found:
        return request
    name = "mod=view&aid" if found[1] == "article" else "mod=list&catid"
    return SiteRequest(
        host=request.host, path="/portal.php", query=f"{name}={found[2]}&page={found[3]}", nth=request.nth
    )
