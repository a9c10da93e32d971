"""An article page of Tencent news: the text stands in window.DATA and again in the page."""

import json
from datetime import datetime, timedelta
from typing import Any

from crawler.newsroom.loading import PressArticle
from crawler.newsroom.records import Content, Publication
from crawler.newsroom.shapes.base import Site, markup, render
from crawler.newsroom.shapes.qq_lists import beijing, name_of, shown_at

_RELATED = 12
_OLD = frozenset(("form_2019", "gallery"))
_TOUCHED = timedelta(hours=2, minutes=28, seconds=24)  # by so much a 2019 page's meta was later than its pubtime


def article_page(site: Site, one: Publication, now: datetime) -> Content:
    """The page as it stands at `now`."""
    article, old, name = site.article(one, now), bool(_OLD & {*one.traits}), name_of(one)
    data = _data(site, one, article, now, name)
    touched = (shown_at(one, now) + _TOUCHED).astimezone(site.data.zone)
    text = render(
        "qq_portal.html.j2" if "portal" in one.traits else "qq_2019.html.j2" if old else "qq_article.html.j2",
        data=data,
        script=_script(data, old=old),
        one=one,
        article=article,
        touched=f"{touched.year}-{touched.month}-{touched.day} {touched:%H:%M:%S}",
        gallery=_gallery(article, name) if "gallery" in one.traits else "",
        related=[each for each in site.newest_first(one.at) if each is not one][:_RELATED],
    )
    # The portals left it to the page to name its charset, and the page named another one than it was in.
    charset = "" if "portal" in one.traits else "; charset=utf-8"
    return Content(body=text.encode(), content_type=f"text/html{charset}", modified=shown_at(one, now))


def _data(site: Site, one: Publication, article: PressArticle, now: datetime, name: str) -> dict[str, Any]:
    data: dict[str, Any] = {
        "url": f"https://new.qq.com/rain/a/{name}",
        "article_id": name[:14],
        "cms_id" if _OLD & {*one.traits} else "cmsId": name,
        "title": article.title,
        "desc": article.lead[:60],
        "catalog1": "tech",
        "media": article.author or site.data.title,
        "media_id": "5107513",
        "pubtime": beijing(one, now, site),
        "comment_id": str(int(one.at.timestamp())),
        "article_type": "4" if "video" in one.traits else "0",
        "article_is_pay": int("paid" in one.traits),
        "interationCount": {"like": 3, "collect": 1, "share": 2},
    }
    if not {*_OLD, "video"} & {*one.traits}:
        data |= {"originContent": {"text": _text(article, one), "version": "1"}, "originAttribute": _attributes(name)}
    return data


def _text(article: PressArticle, one: Publication) -> str:
    """The body in HTML, with marks where pictures and films stand."""
    blocks = [f"<p>{markup(block)}</p>" for block in article.blocks[: 1 if "paid" in one.traits else None]]
    blocks.insert(1, "<!--IMG_0-->")
    if "video_inside" in one.traits:
        blocks[3:3] = ["<!--VIDEO_0-->", "<!--VERTICAL_CARD_BEGIN_0-->", "<!--VERTICAL_CARD_END_0-->"]
    return "".join(blocks)


def _gallery(article: PressArticle, name: str) -> str:
    """A picture with the first paragraph as its words, and the others as rows of words."""
    picture = {"type": 1, "value": f"//inews.gtimg.com/newsapp_bt/0/{name}/1000", "desc": article.lead}
    rows = [picture, *({"type": 2, "value": block, "desc": ""} for block in article.paragraphs)]
    return json.dumps(rows, ensure_ascii=False).replace("</", "<\\/")


def _attributes(name: str) -> dict[str, Any]:
    url = f"https://inews.gtimg.com/news_bt/O{name}/641"
    image = {"url": url, "imgurl0": url, "bigOrigUrl": f"https://inews.gtimg.com/news_bt/O{name}/1000"}
    return {
        "IMG_0": {**image, "width": 641, "height": 427, "desc": "资料图", "islong": 0},
        "VIDEO_0": {"vid": f"v{name[8:14].lower()}", "img": f"https://inews.gtimg.com/newsapp_bt/0/{name}/640"},
    }


def _script(data: dict[str, Any], *, old: bool) -> str:
    """One line that ends in a semicolon, or as in 2019 many lines without any."""
    text = json.dumps(data, ensure_ascii=False, indent=4 if old else None).replace("</", "<\\/")
    return text if old else f"{text};"
