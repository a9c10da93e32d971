"""mp.weixin.qq.com: what the scripts of its pages say, in the markups of 2020 and 2025, and its six layouts."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from html import escape
from itertools import islice
from zoneinfo import ZoneInfo

from crawler.dates import read_date
from crawler.items import Dating, Precision
from crawler.markup import Element
from crawler.outcomes import Outcome
from crawler.text import clean
from pipelines.extract.scripts import MOST_TRIES, bracketed, formed, literal, operand, plain, script_text
from pipelines.extract.sites.said import NoArticle, Said
from pipelines.extract.tree import first_texts, fragment, holds_something, meta_contents

_ZONE = "Asia/Shanghai"
# The layouts whose text stands in the page itself. What looks like a body and is empty is filled by scripts.
_BODIES = (
    "//*[@id='js_content' or @id='js_text_desc' or @id='js_image_desc' or @id='js_common_share_desc_wrap' "
    "or contains(concat(' ', @class, ' '), ' original_page ')]"
)
_SHELL = "//*[@id='js_fullscreen_layout_padding' or @id='js_fullscreen_layout']"
_SWIPER = "//*[contains(@class, 'share_media_swiper_content')]//img"
_PICTURES = re.compile(r"picture_page_info_list[\"']?\s*[:=]\s*(?=\[)")
_PICTURE = re.compile(r"(?:[\[,]|^)\s*\{[^{}]*?\bcdn_url[\"']?\s*:")
_EPOCH, _DAY = r"\d{9,10}", r"20\d\d-\d.*"
# What parts of its identity look like. The first is a number in base64.
_BIZ, _MID, _IDX, _SIGN = r"[MNO][A-Za-z0-9+/]{7,}={0,2}", r"\d{6,}", r"[1-8]", r"[0-9a-f]{32}"
_LONGEST_TITLE = 40
_UNSUPPORTED = "unsupported: a short post of WeChat, whose text only scripts load"


def read(tree: Element) -> Said | NoArticle:
    scripts = script_text(tree)
    body = next((found for found in tree.xpath(_BODIES) if holds_something(found)), None)
    if body is None:
        body = _from_scripts(scripts)
    elif body.get("id") == "js_image_desc":
        pictures = fragment(_images(scripts))
        body.extend(tree.xpath(_SWIPER) or ([] if pictures is None else list(pictures)))
    if body is None and tree.xpath(_SHELL):
        return NoArticle(outcome=Outcome.NO_TEXT, reason=_UNSUPPORTED)
    return Said(
        title=_title(tree, scripts),
        account=clean(plain(literal(scripts, "nickname", "nick_name"))),
        published=tuple(_dates(scripts)),
        body=body,
        url=_address(tree, scripts),
    )


def _title(tree: Element, scripts: str) -> str:
    """A text post calls its whole text its title; its first line serves."""
    shown = first_texts(tree, "//*[@id='activity-name']")
    title = (shown or [plain(literal(scripts, "msg_title")) or meta_contents(tree).get("og:title", "")])[0]
    first = clean(re.split(r"\\n|\n", title.strip())[0])
    return first if len(title) <= 2 * _LONGEST_TITLE or len(first) <= _LONGEST_TITLE else f"{first[:_LONGEST_TITLE]}…"


def _dates(scripts: str) -> Iterator[Dating]:
    """The minute that the page shows, to the second where the scripts tell the same minute."""
    shown = read_date(formed(scripts, _DAY, "createTime", "create_time"), _ZONE, "page")
    epochs = (formed(scripts, _EPOCH, name) for name in ("ct", "oriCreateTime", "ori_create_time"))
    told = [_dating(int(epoch), epoch) for epoch in epochs if epoch]
    yield from (exact for exact in told if shown and timedelta(0) <= exact.at - shown.at < timedelta(minutes=1))
    if shown:
        yield shown
    yield from told


def _dating(epoch: int, text: str) -> Dating:
    at = datetime.fromtimestamp(epoch, ZoneInfo(_ZONE))
    return Dating(at=at, precision=Precision.SECOND, where="page", text=text)


def _from_scripts(scripts: str) -> Element | None:
    """The body where the page carries it in its scripts alone: as HTML, as plain lines, as a list of pictures."""
    text = literal(scripts, "content_noencode") or _text_post(scripts)
    if text and not re.search(r"<(?:p|section|div|img|span)\b", text):
        text = "".join(f"<p>{one}</p>" for one in text.split("\n"))
    return fragment(text + _images(scripts))


def _text_post(scripts: str) -> str:
    found = re.search(r"text_page_info[\"']?\s*[:=]\s*\{", scripts)
    return literal(scripts[found.end() :], "content") if found else ""


def _images(scripts: str) -> str:
    return "".join(f'<p><img src="{escape(address)}"></p>' for address in _pictures(scripts))


def _pictures(scripts: str) -> Iterator[str]:
    """The addresses of a picture set. A picture's other addresses (mark, cover) stand deeper in its record."""
    for found in islice(_PICTURES.finditer(scripts), MOST_TRIES):
        listed = bracketed(scripts, found.end())
        addresses = [plain(operand(listed, row.end())) for row in _PICTURE.finditer(listed)]
        if any(addresses):
            yield from filter(None, addresses)
            return


def _address(tree: Element, scripts: str) -> str:
    """The article's own address, however the page was asked for."""
    biz = formed(scripts, _BIZ, "biz", "bizuin")
    mid, idx, sign = formed(scripts, _MID, "mid"), formed(scripts, _IDX, "idx"), formed(scripts, _SIGN, "sn")
    if biz and mid and sign:
        return f"https://mp.weixin.qq.com/s?__biz={biz}&mid={mid}&idx={idx or 1}&sn={sign}"
    link = plain(literal(scripts, "msg_link")) or meta_contents(tree).get("og:url", "")
    return link if link.startswith(("http://mp.weixin.qq.com/s", "https://mp.weixin.qq.com/s")) else ""
