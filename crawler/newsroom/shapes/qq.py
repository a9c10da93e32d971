"""Tencent news: sitemaps, a channel page, the feed behind it, further lists, and article pages of three eras."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from string import ascii_uppercase, digits
from types import MappingProxyType
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from crawler.newsroom.loading import SiteData
from crawler.newsroom.records import Address, Content, Draft, Publication, SiteRequest
from crawler.newsroom.shapes.base import Shape, Site, render
from crawler.newsroom.shapes.qq_lists import (
    ALONE,
    HOT_LIST,
    PC_LIST,
    SUB_NEWS,
    TAG_INFO,
    hot_list,
    in_channel,
    pc_list,
    sub_news,
    tag_info,
)
from crawler.newsroom.shapes.qq_page import article_page

_INDEX = "/sitemap/index.xml"
_STANDS_SINCE = timedelta(days=404)  # how much older than its text the id of a standing card is


class QqOptions(BaseModel):
    """What press.yaml says of such a site under `options`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # Word → title. The first channel shows everything, each other one the pieces that have its word as a trait.
    channels: Annotated[dict[str, str], Field(min_length=1)]
    author_suid: str = ""  # whose feed getSubNewsMixedList is
    sitemaps: tuple[str, ...] = ("1182200090", "1180400017", "1181900233")
    missing_sitemap: str = "1180100008"  # the index names it, and it is not there
    rows: int = 20  # the feed never sends more at once
    overlap: int = 1  # rows of a page that stand on the next one again


class QqSite(Shape):
    """Traits: `form_2019` a page of that year; `video` a V id and a page without text; `standing` an id much older
    than the text; `video_inside` a film and card marks between the paragraphs. In the feed: `card` the piece stands
    in the 525 card; `no_title`; `no_picture`; `twice` in one answer. `author` puts it into the author's feed. In
    one place alone stand: `old` in the sitemaps, `hot` in the hot list, `morning` in the morning digest. Further
    pages: `portal` of finance.qq.com, which names a charset it is not in; `gallery` text and picture in a script;
    `own_id` at an address of the mobile site's own; `paid` its beginning alone.
    """

    ends = MappingProxyType({"video": "no_text", "paid": "blocked"})

    def __init__(self, data: SiteData) -> None:
        self._data = data
        self._options = QqOptions.model_validate(data.options)
        self._channels = {f"/ch/{word}": word for word in self._options.channels}
        self._maps = tuple(f"/sitemap/sitemap_{number}.xml" for number in self._options.sitemaps)
        slashed = (f"{path}/" for path in self._channels)
        self.list_paths = (*self._channels, *slashed, PC_LIST, SUB_NEWS, HOT_LIST, TAG_INFO, _INDEX, *self._maps)
        self.post_paths = (PC_LIST,)

    def addresses(self, drafts: tuple[Draft, ...], random: Random) -> tuple[Address, ...]:
        return tuple(
            replace(_address(draft, random, self._data.zone), lists=self._lists(draft.traits)) for draft in drafts
        )

    def _lists(self, traits: tuple[str, ...]) -> tuple[str, ...]:
        alone = {"old": (_INDEX, *self._maps), "hot": (HOT_LIST,), "morning": (TAG_INFO,)}
        if found := ALONE & {*traits}:
            return alone[next(iter(found))]
        others = {
            f"/ch/{word}{end}" for word in (*self._options.channels,)[1:] if word not in traits for end in ("", "/")
        }
        left_out = others if "author" in traits else {*others, SUB_NEWS}
        return tuple(path for path in self.list_paths if path not in {*left_out, HOT_LIST, TAG_INFO})

    def answer(self, site: Site, request: SiteRequest, now: datetime) -> Content | None:
        feed = self._feed(site, request, now)
        if feed is not None:
            return feed
        channel = self._channels.get(request.place.removesuffix("/"))
        if channel:
            return self._channel_page(site, channel, now)
        if request.place.startswith("/sitemap/"):
            return self._sitemap(site, request.place, now)
        one = site.at(request, now)
        return article_page(site, one, now) if one else None

    def _feed(self, site: Site, request: SiteRequest, now: datetime) -> Content | None:
        """The list in JSON that stands at this place."""
        if request.place == PC_LIST:
            return pc_list(site, request, now, self._options)
        if request.place == SUB_NEWS:
            return sub_news(site, request, now, self._options.author_suid)
        others = {HOT_LIST: hot_list, TAG_INFO: tag_info}
        return others[request.place](site, now) if request.place in others else None

    def _channel_page(self, site: Site, channel: str, now: datetime) -> Content:
        mine = in_channel(site.newest_first(now), channel, tuple(self._options.channels))
        rows = [(one, site.article(one, now).title) for one in mine]
        text = render("qq_channel.html.j2", channel=channel, channels=self._options.channels, rows=rows)
        return Content(body=text.encode(), content_type="text/html; charset=utf-8")

    def _sitemap(self, site: Site, path: str, now: datetime) -> Content | None:
        if path == _INDEX:
            named = (self._options.sitemaps[0], self._options.missing_sitemap, *self._options.sitemaps[1:])
            rows = [(f"https://{self._data.host}/sitemap/sitemap_{number}.xml", "") for number in named]
            return _xml(render("qq_sitemap.xml.j2", outer="sitemapindex", inner="sitemap", rows=rows))
        if path not in self._maps:
            return None
        number = self._maps.index(path)
        listed = [one for one in site.publications if not {"hot", "morning"} & {*one.traits}]
        mine = [one for one in listed[number :: len(self._maps)] if one.at <= now]
        mine.sort(key=lambda one: one.url[::-1])  # in no order of time, as the real ones are
        rows = [(one.url, "" if number else self._day(one)) for one in mine]
        return _xml(render("qq_sitemap.xml.j2", outer="urlset", inner="url", rows=rows))

    def _day(self, one: Publication) -> str:
        return f"{one.at.astimezone(self._data.zone):%Y-%m-%d}"


def _address(draft: Draft, random: Random, zone: ZoneInfo) -> Address:
    """The id is a day, A or V, five signs and 00; 14 of its 16 characters are enough to name the piece."""
    at = draft.at - _STANDS_SINCE if "standing" in draft.traits else draft.at
    day = f"{at.astimezone(zone):%Y%m%d}"
    short = f"{day}{'V' if 'video' in draft.traits else 'A'}{''.join(random.choices(digits + ascii_uppercase, k=5))}"
    full = f"{short}00"
    if "own_id" in draft.traits:
        return Address(url=f"https://view.inews.qq.com/k/{full}")
    if "portal" in draft.traits:
        number = f"{random.randrange(1000):06d}"
        mobile = f"https://xw.qq.com/c/finance/{day}{number}"
        return Address(url=f"https://finance.qq.com/a/{day}/{number}.htm", aliases=(mobile,))
    old = f"https://new.qq.com/omn/{day}/{full}.html"
    now = f"https://news.qq.com/rain/a/{full}"
    others = (
        f"https://new.qq.com/rain/a/{full}",
        f"https://view.inews.qq.com/a/{full}",
        f"https://news.qq.com/rain/a/{short}",
        f"https://new.qq.com/omn/{day}/{short}.html",
    )
    first, second = (old, now) if {"form_2019", "gallery"} & {*draft.traits} else (now, old)
    return Address(url=first, aliases=(second, *others))


def _xml(text: str) -> Content:
    return Content(body=text.encode(), content_type="application/xml")
