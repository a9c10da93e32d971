"""Feed bytes → entries. feedparser reads them; no request is made here. Pure."""

import calendar
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import feedparser

from crawler.items import Dating, Entry, Precision
from crawler.urls import UrlError, article_key, check_fetchable

_SUMMARY_LIMIT = 2000  # characters; some feeds carry the whole article here


class PollFaultError(Exception):
    """An endpoint's answer is not what its kind promises; the message says what it is instead."""


def parse_feed(body: bytes, content_type: str, url: str) -> tuple[tuple[Entry, ...], int | None]:
    """Entries in the feed's order, and the seconds it asks to be left alone (`ttl`), if any.

    Entries without a usable link are skipped: there is nothing to fetch.

    Raises:
        PollFaultError: an HTML page, an empty answer, something that is no feed, or one with XML entities of its own.
    """
    if not body.strip():
        raise PollFaultError("the answer is empty")
    # Entity declarations are what XML bombs are made of, and no feed needs them.
    if b"<!ENTITY" in body[:100_000]:
        raise PollFaultError("the feed declares XML entities, which are refused")
    # A URL given as content-location is what relative links resolve against; feedparser fetches nothing from bytes.
    parsed = feedparser.parse(body, response_headers={"content-type": content_type, "content-location": url})
    if not parsed.get("version") and not parsed.entries:
        raise PollFaultError(_what_it_is_instead(body, content_type, parsed))
    entries = [entry for entry in (_entry(item, url) for item in parsed.entries) if entry is not None]
    return tuple(entries), _ttl(parsed.feed)


def _what_it_is_instead(body: bytes, content_type: str, parsed: Mapping[str, Any]) -> str:
    head = body[:2000].lower()
    if b"<html" in head or b"<!doctype html" in head:
        return "an HTML page, not a feed; the address may have moved, or the site shows an error page"
    fault = parsed.get("bozo_exception")
    return f"not a feed ({content_type or 'no content type'}){f': {fault}' if fault else ''}"


def _entry(item: Mapping[str, Any], feed_url: str) -> Entry | None:
    link = str(item.get("link") or "").strip() or _guid_link(item)
    try:
        check_fetchable(link)
        key = article_key(link)
    except UrlError:
        return None
    return Entry(
        key=key,
        url=link,
        title=str(item.get("title", "")).strip(),
        summary=str(item.get("summary", ""))[:_SUMMARY_LIMIT].strip(),
        authors=tuple(name for name in [str(item.get("author", "")).strip()] if name),
        published=_published(item),
    )


def _guid_link(item: Mapping[str, Any]) -> str:
    guid = str(item.get("id") or "")
    return guid if guid.startswith(("http://", "https://")) else ""


def _published(item: Mapping[str, Any]) -> Dating | None:
    for name in ("published", "updated"):
        moment = item.get(f"{name}_parsed")
        if moment is not None:
            # feedparser's struct_time is in UTC.
            at = datetime.fromtimestamp(calendar.timegm(moment), UTC)
            return Dating(at=at, precision=Precision.SECOND, where="feed", text=str(item.get(name, "")))
    return None


def _ttl(feed: Mapping[str, Any]) -> int | None:
    minutes = str(feed.get("ttl", ""))
    return int(minutes) * 60 if minutes.isdigit() and len(minutes) < 7 else None
