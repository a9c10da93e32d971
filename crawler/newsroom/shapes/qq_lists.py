"""The JSON lists of Tencent news: a channel's feed, asked by POST, an author's, the hot list, the morning digest."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from crawler.newsroom.records import Content, Publication, SiteRequest
from crawler.newsroom.shapes.base import Site

PC_LIST = "/web_feed/getPCList"
SUB_NEWS = "/getSubNewsMixedList"
HOT_LIST = "/gw/event/hot_ranking_list"
TAG_INFO = "/web_backend/v2/getTagInfo"
ALONE = frozenset(("old", "hot", "morning"))  # traits of what stands in the sitemaps, or in one of these lists, alone
_REACH = timedelta(days=30)
_NOTICE = "https://view.inews.qq.com/t/hot"
_WRONG = {"ret": 404, "msg": "参数错误"}


class FeedOptions(Protocol):
    """What the feed needs to know of its site."""

    @property
    def channels(self) -> Mapping[str, str]: ...
    @property
    def rows(self) -> int: ...
    @property
    def overlap(self) -> int: ...


def pc_list(site: Site, request: SiteRequest, now: datetime, options: FeedOptions) -> Content:
    """A page of the channel's feed; the pages overlap, there is no total and no last-page flag."""
    asked = request.sent()
    number, count = asked.get("flush_num"), asked.get("item_count")
    channel = str(asked.get("channel_id")).removeprefix("news_news_")
    if channel not in options.channels:
        return _json(_WRONG)
    if not isinstance(number, int) or not isinstance(count, int) or number < 1 or count < 1:
        return _json(_WRONG)
    size = min(count, options.rows)
    rows = _rows(site, in_channel(site.newest_first(now), channel, tuple(options.channels)), now)
    begin = (number - 1) * max(1, size - options.overlap)
    page = rows[begin : begin + size]
    again = [row for one, row in page if "twice" in one.traits]
    return _json({"code": 0, "msg": "", "data": [row for _, row in page] + again})


def sub_news(site: Site, request: SiteRequest, now: datetime, suid: str) -> Content:
    """The feed of the author `suid`; the rows of type 123 are no pieces."""
    if not suid or request.parameters.get("guestSuid") != suid:
        return _json(_WRONG)
    mine = [one for one in site.newest_first(now) if "author" in one.traits]
    notice = {"id": "OM_NOTICE", "title": "", "url": "", "articletype": "123"}
    return _json({"ret": 0, "newslist": [notice, *(_author_row(site, one, now) for one in mine)], "hasNext": 0})


def hot_list(site: Site, now: datetime) -> Content:
    """The hot list; its first row is a notice and no piece."""
    notice = {"id": "TIP2025030300", "title": "热点每十分钟更新一次", "articletype": "560", "url": _NOTICE}
    pieces = [one for one in site.newest_first(now) if "hot" in one.traits]
    rows = [{**_author_row(site, one, now), "hotEvent": {"ranking": place}} for place, one in enumerate(pieces, 1)]
    return _json({"ret": 0, "idlist": [{"ids_hash": "", "newslist": [notice, *rows]}]})


def tag_info(site: Site, now: datetime) -> Content:
    """The morning digest: no row has a time."""
    pieces = (one for one in site.newest_first(now) if "morning" in one.traits)
    rows = [_row(site, one, now) for one in pieces]
    told = [{name: row[name] for name in ("id", "title", "desc", "link_info")} for row in rows]
    return _json({"code": 0, "data": {"tabs": [{"articleList": told}]}})


def in_channel(pieces: Iterable[Publication], channel: str, channels: tuple[str, ...]) -> list[Publication]:
    """What stands in a channel: in the first of them everything but what stands elsewhere alone."""
    shown = (one for one in pieces if not ALONE & {*one.traits})
    return [one for one in shown if channel == channels[0] or channel in one.traits]


def _rows(site: Site, pieces: list[Publication], now: datetime) -> list[tuple[Publication, dict[str, Any]]]:
    """Newest first; the pieces of the 525 card stand inside the row of the newest of them."""
    out = [one for one in pieces if shown_at(one, now) > now - _REACH]
    out.sort(key=lambda one: shown_at(one, now), reverse=True)
    card = [one for one in out if "card" in one.traits]
    rows = [(one, _row(site, one, now)) for one in out if one not in card[1:]]
    for one, row in rows:
        if one in card[:1]:
            row |= {"articletype": "525", "sub_item": [_sub_item(site, each, now) for each in card[1:]]}
    return rows


def _row(site: Site, one: Publication, now: datetime) -> dict[str, Any]:
    article = site.article(one, now)
    name = name_of(one)
    picture = f"https://inews.gtimg.com/news_bt/O{name}_640360/0"
    row = {
        "id": name,
        "title": "" if "no_title" in one.traits else article.title,
        "articletype": "4" if "video" in one.traits else "0",
        "publish_time": beijing(one, now, site),
        "desc": article.lead[:60],
        "media_info": {"chl_name": article.author or site.data.title},
        "pic_info": {"big_img": [picture], "small_img": []},
        "link_info": {"url": f"https://new.qq.com/rain/a/{name}", "share_url": f"https://view.inews.qq.com/a/{name}"},
    }
    if "no_picture" in one.traits:
        del row["pic_info"]
    return row


def _sub_item(site: Site, one: Publication, now: datetime) -> dict[str, Any]:
    """A piece in the card: its id without the last two characters, and no link."""
    row = _row(site, one, now)
    title = row["title"]
    return {"id": row["id"][:14], "title": title, "short_title": title[:12], "publish_time": row["publish_time"]}


def _author_row(site: Site, one: Publication, now: datetime) -> dict[str, Any]:
    row, article = _row(site, one, now), site.article(one, now)
    return {
        "id": row["id"],
        "title": article.title,
        "url": one.url if "own_id" in one.traits else f"https://view.inews.qq.com/a/{row['id']}",
        "source": article.author or site.data.title,
        "abstract": row["desc"],
        "timestamp": int(shown_at(one, now).timestamp()),
        "articletype": row["articletype"],
    }


def name_of(one: Publication) -> str:
    """The last word of its address, which is its id."""
    return one.url.rpartition("/")[2].partition(".")[0]


def shown_at(one: Publication, now: datetime) -> datetime:
    """The time it shows: that of its present text."""
    return one.changes_at if one.changes_at is not None and one.changes_at <= now else one.at


def beijing(one: Publication, now: datetime, site: Site) -> str:
    """The time it shows, as the site spells it: no zone."""
    return f"{shown_at(one, now).astimezone(site.data.zone):%Y-%m-%d %H:%M:%S}"


def _json(document: dict[str, Any]) -> Content:
    body = json.dumps(document, ensure_ascii=False).encode()
    return Content(body=body, content_type="application/json; charset=utf-8")
