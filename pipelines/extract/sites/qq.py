"""Tencent news: the JSON its pages carry, from the portals of 2019 to the pages of today."""

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from crawler.dates import read_date
from crawler.items import Dating
from crawler.markup import Element
from crawler.outcomes import Outcome
from crawler.text import clean
from pipelines.extract.scripts import json_after, literal, plain, script_text
from pipelines.extract.sites.said import NoArticle, Said
from pipelines.extract.tree import fragment

_ZONE = "Asia/Shanghai"
_IMAGE = re.compile(r"<!--\s*(IMG_\d+)\s*-->")
_CARD = re.compile(r"VERTICAL_CARD_(?:BEGIN|END)_\d+")  # inside a comment or bare
_ADDRESSES = ("imgurl", "url", "imgurl0", "bigOrigUrl")
_VIDEO_TYPES = frozenset(("4", "56", "118"))
_VIDEO = NoArticle(outcome=Outcome.NO_TEXT, reason="a video page without an article's text")
_VIDEO_ID = re.compile(r"\d{8}V")


def read(tree: Element) -> Said | NoArticle:
    scripts = script_text(tree)
    data = json_after(scripts, r"(?:window\.)?DATA")
    if not isinstance(data, dict):
        return Said(published=_dates(literal(scripts, "pubtime")), body=_gallery(scripts))
    if str(data.get("article_is_pay") or "0").lower() not in {"0", "false"}:
        return NoArticle(outcome=Outcome.BLOCKED, reason="a paywall: the page says article_is_pay")
    body = _body(data)
    if body is None:
        body = _gallery(scripts)
    if body is None and _is_video(data):
        return _VIDEO
    return Said(
        title=clean(plain(_text(data, "title"))),
        account=clean(plain(_text(data, "media"))),
        published=_dates(_text(data, "pubtime")),
        body=body,
        # An article of 2019 may hold a video, and its text stands in the page.
        bodiless=_VIDEO if data.get("videoArr") else None,
    )


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""


def _dates(text: str) -> tuple[Dating, ...]:
    found = read_date(text, _ZONE, "page")
    return (found,) if found else ()


def _body(data: Mapping[str, Any]) -> Element | None:
    content = data.get("originContent")
    text = _text(content, "text") if isinstance(content, dict) else ""
    attributes = data.get("originAttribute")
    images = attributes if isinstance(attributes, dict) else {}
    return fragment(_CARD.sub("", _IMAGE.sub(lambda found: _figure(images.get(found[1])), text)))


def _figure(image: Any) -> str:
    if not isinstance(image, dict):
        return ""
    address = next((image[key] for key in _ADDRESSES if isinstance(image.get(key), str) and image[key]), "")
    caption = _text(image, "desc")
    return _picture(address, caption) if address else ""


def _picture(address: str, caption: str) -> str:
    told = f"<figcaption>{escape(caption)}</figcaption>" if caption.strip() else ""
    return f'<figure><img src="{escape(address)}">{told}</figure>'


def _is_video(data: Mapping[str, Any]) -> bool:
    named = any(_VIDEO_ID.match(str(data.get(key, ""))) for key in ("article_id", "cms_id", "cmsId"))
    return named or str(data.get("article_type")) in _VIDEO_TYPES


def _gallery(scripts: str) -> Element | None:
    """The pictures of a gallery page of 2019, each with its words."""
    rows = json_after(scripts, r"(?:window\.|var\s+)?\w*IMGDATA")
    if not isinstance(rows, list):
        return None
    return fragment("".join(_slides(row for row in rows if isinstance(row, dict))))


def _slides(rows: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for row in rows:
        value, words = _text(row, "value"), _text(row, "desc")
        address = next((text for key in ("img", *_ADDRESSES) if (text := _text(row, key))), "")
        if value.startswith(("http://", "https://", "//")):
            yield _picture(value, words)
            continue
        yield _picture(address, "") if address else ""
        yield "".join(f"<p>{text}</p>" for text in (words, value) if text.strip())
