"""Feed bytes → entries. feedparser reads them; no request is made here. Pure."""

import calendar
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import feedparser

from crawler.bounds import TooMuchError, check_feed
from crawler.items import Announced, Dating, Entry, PollFaultError, Precision
from crawler.markup import ParseError, holds_html, visible_text
from crawler.rows import entry
from crawler.text import clean

_HTML_TYPES = ("text/html", "application/xhtml+xml")
_CHARSET = re.compile(rb"charset=[\"']?([\w\-]+)", re.IGNORECASE)
# An ampersand that begins no reference, as old systems write it into titles; what stands in CDATA is passed over.
_BARE_AMPERSAND = re.compile(rb"(<!\[CDATA\[.*?(?:\]\]>|\Z))|&(?!#?\w{1,31};)", re.DOTALL)
# Places on a map, whose handlers in feedparser fail where one stands outside of `georss:where`.
_PLACES = re.compile(rb"</?(?:gml|georss):[^<>]*>?")
_PROLOG = re.compile(rb"\s*<\?xml[^>]*encoding=[\"']([\w\-]+)")


def parse_feed(body: bytes, content_type: str, url: str) -> Announced:
    """What the feed announces. Items whose link cannot be used are `unread`; those without one announce nothing.

    Raises:
        PollFaultError: an HTML page, an empty answer, something that is no feed, or one with XML entities of its own
            or with references to characters that do not exist.
    """
    if not body.strip():
        raise PollFaultError("the answer is empty")
    # Entity declarations are what XML bombs are made of, and no feed needs them.
    if b"<!ENTITY" in body.replace(b"\0", b""):  # UTF-16 writes NUL between the letters
        raise PollFaultError("the feed declares XML entities, which are refused")
    try:
        check_feed(body)
    except TooMuchError as error:
        raise PollFaultError(f"the feed has {error}") from error
    parsed = _parsed(_escaped(_relabelled(body, content_type)), content_type, url)
    if not parsed.get("version") and not parsed.entries:
        raise PollFaultError(_what_it_is_instead(body, content_type, parsed))
    entries = tuple(found for found in map(_entry, parsed.entries) if found is not None)
    linked = sum(bool(_link(item)) for item in parsed.entries)
    return Announced(entries=entries, unread=linked - len(entries), ttl=_ttl(parsed.feed))


def _parsed(body: bytes, content_type: str, url: str) -> Any:
    """What feedparser makes of it, which is tried without places on a map where it fails with them.

    Raises:
        PollFaultError: it fails.
    """
    # A URL given as content-location is what relative links resolve against; feedparser fetches nothing from bytes.
    headers = {"content-type": content_type, "content-location": url}
    try:
        # Only the visible text is kept. Both take time by the square of the tags in a summary: 25,000 a minute.
        return feedparser.parse(body, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
    except Exception as error:  # a fault of the library costs one feed, whatever it raises
        plain = _PLACES.sub(b"", body)
        if plain != body:
            return _parsed(plain, content_type, url)
        if isinstance(error, ValueError | OverflowError):  # &#xD800; and the like
            raise PollFaultError(f"the feed names a character that does not exist: {error}") from error
        raise PollFaultError(f"the feed cannot be read: {type(error).__name__}: {clean(str(error))[:200]}") from error


def _relabelled(body: bytes, content_type: str) -> bytes:
    """GBK that is labelled UTF-8, or not at all, as the UTF-8 it claims to be; everything else as it is.

    feedparser would fall back to Latin-1 and make every title unreadable.
    """
    label = _CHARSET.search(content_type.encode("latin-1", "replace")) or _PROLOG.match(body)
    if label and label[1].lower() not in {b"utf-8", b"utf8"}:
        return body
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return body.decode("gb18030").encode("utf-8")
        except UnicodeDecodeError:
            return body
    return body


def _escaped(body: bytes) -> bytes:
    """The body with its bare ampersands escaped: feedparser makes "A&B; C" of "A&B C"."""
    if b"\0" in body:  # UTF-16: an ampersand is two bytes there
        return body
    return _BARE_AMPERSAND.sub(lambda match: match[1] or b"&amp;", body)


def _what_it_is_instead(body: bytes, content_type: str, parsed: Mapping[str, Any]) -> str:
    head = body[:2000].lower()
    if b"<html" in head or b"<!doctype html" in head:
        return "an HTML page, not a feed; the address may have moved, or the site shows an error page"
    fault = parsed.get("bozo_exception")
    return f"not a feed ({content_type or 'no content type'}){f': {fault}' if fault else ''}"


def _entry(item: Mapping[str, Any]) -> Entry | None:
    try:
        title, summary = _plain(item, "title"), _plain(item, "summary")
    except (ValueError, ParseError):  # one broken item costs its feed nothing; it counts as unread
        return None
    author = clean(str(item.get("author") or ""))
    return entry(_link(item), title=title, summary=summary, author=author, published=_published(item))


def _plain(item: Mapping[str, Any], name: str) -> str:
    """A field as a reader sees it. Publishers put markup into titles and summaries, whatever the feed calls them."""
    value = clean(str(item.get(name) or ""))
    kind = (item.get(f"{name}_detail") or {}).get("type")
    return visible_text(value) if kind in _HTML_TYPES or holds_html(value) else value


def _link(item: Mapping[str, Any]) -> str:
    """The link, or a guid that is one; inner spaces encoded as browsers do."""
    guid = str(item.get("id") or "")
    link = str(item.get("link") or "").strip() or (guid if guid.startswith(("http://", "https://")) else "")
    return link.replace(" ", "%20")


def _published(item: Mapping[str, Any]) -> Dating | None:
    for name in ("published", "updated"):
        # Asked by `in`: for a missing `updated_parsed` feedparser gives `published_parsed`, and warns that it does.
        if f"{name}_parsed" not in item or (moment := item[f"{name}_parsed"]) is None:
            continue
        try:
            # feedparser's struct_time is in UTC.
            at = datetime.fromtimestamp(calendar.timegm(moment), UTC)
        except (ValueError, OverflowError, OSError):  # the year 0, or 10000: not a date, and no reason to lose a feed
            continue
        # The year 1 is .NET's "no date".
        if at.year > 1:
            return Dating(at=at, precision=Precision.SECOND, where="feed", text=clean(str(item.get(name, ""))))
    return None


def _ttl(feed: Mapping[str, Any]) -> int | None:
    minutes = str(feed.get("ttl", ""))
    return int(minutes) * 60 if minutes.isascii() and minutes.isdigit() and len(minutes) < 7 else None
