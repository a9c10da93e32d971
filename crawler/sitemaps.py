"""Sitemaps and their indexes → entries and further lists. Pure.

https://www.sitemaps.org/protocol.html and Google's news extension. Of a page that is listed `lastmod` says when it last
changed, which is no time of publication; only `news:publication_date` is one.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from lxml import etree  # type: ignore[import-untyped]

from crawler.bounds import TooMuchError, check_xml
from crawler.charsets import decode
from crawler.dates import read_moment
from crawler.items import Announced, Answer, Entry, FurtherList, PollFaultError, Precision
from crawler.markup import Element, only_xml
from crawler.rows import MOST_ENTRIES, entry
from crawler.text import clean
from crawler.urls import UrlError, check_fetchable

_GZIP = b"\x1f\x8b"
_LARGEST = 50 * 1024 * 1024  # bytes; the protocol's own limit
# Sitemaps shrink to a tenth or twentieth; what shrinks to less than a two-hundredth is made to fill a disk.
_RATIO = 200
_SMALL = 1024 * 1024  # bytes that are no danger, however well they shrink
_LAST_ZONE = timezone(timedelta(hours=-12))  # where a day ends last
_FEEDS = ("rss", "feed", "rdf")
_BARE_AMPERSAND = re.compile(r"&(?!(?:[A-Za-z][A-Za-z0-9]*|#\d+|#[xX][0-9A-Fa-f]+);)")
_XML_PROLOG = re.compile(r"\A\s*<\?xml[^>]*\?>")


def parse_sitemap(answer: Answer) -> Announced:
    """What a sitemap lists: of an index further lists, else entries. XML or plain text, gzipped or not.

    Addresses that are relative or cannot be used are `unread`.

    Raises:
        PollFaultError: neither a sitemap nor a list of addresses, a feed, XML with entities of its own, or a gzip
            body that is broken or too large.
    """
    text, _ = decode(unzipped(answer.body), answer.content_type, answer.charset)
    text = text.replace("\0", "").strip()
    if not text:
        raise PollFaultError("the answer is empty")
    if not text.startswith("<"):
        return _plain(text)
    if "<!ENTITY" in text:
        raise PollFaultError("the sitemap declares XML entities, which are refused")
    return _read(_root(text), answer)


def unzipped(body: bytes) -> bytes:
    """A body as it is, or what a gzipped one holds.

    Raises:
        PollFaultError: see `parse_sitemap`.
    """
    if not body.startswith(_GZIP):
        return body
    unpacker = zlib.decompressobj(wbits=31)
    try:
        whole = unpacker.decompress(body, _LARGEST + 1)
    except zlib.error as error:
        raise PollFaultError(f"the gzip body is broken: {error}") from error
    if len(whole) > _LARGEST:
        raise PollFaultError(f"the gzip body holds more than {_LARGEST // 1024 // 1024} MB")
    if len(whole) > max(_SMALL, _RATIO * len(body)):
        raise PollFaultError(f"the gzip body grows to more than {_RATIO} times its size, as no sitemap does")
    if not unpacker.eof:
        raise PollFaultError("the gzip body is cut off")
    return whole


def _plain(text: str) -> Announced:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    entries = tuple(found for found in map(entry, lines[:MOST_ENTRIES]) if found is not None)
    if not entries:
        raise PollFaultError(f"neither XML nor one address a line; it begins with {clean(text[:60])!r}")
    return Announced(entries=entries, unread=len(lines) - len(entries))


def _root(text: str) -> Element:
    parser = etree.XMLParser(
        encoding="utf-8",
        recover=True,  # a bare & or a control character in one address must not cost the others
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    tidy = _BARE_AMPERSAND.sub("&amp;", _XML_PROLOG.sub("", only_xml(text)))
    try:
        check_xml(tidy)
        root = etree.fromstring(tidy.encode("utf-8", "replace"), parser)
    except TooMuchError as error:
        raise PollFaultError(f"the sitemap has {error}") from error
    except etree.XMLSyntaxError as error:
        raise PollFaultError(f"not XML: {error}") from error
    if root is None:
        raise PollFaultError("not XML, and no list of addresses")
    return root


def _read(root: Element, answer: Answer) -> Announced:
    name = _name(root)
    if name == "sitemapindex":
        return _index(root, answer)
    if name == "urlset":
        listed = [*_children(root, "url")]
        read = (_entry(element, answer) for element in listed[:MOST_ENTRIES])
        entries = tuple(found for found in read if found is not None)
        return Announced(entries=entries, unread=len(listed) - len(entries))
    if name in _FEEDS:
        raise PollFaultError("an RSS or Atom feed, not a sitemap; use kind: feed")
    if name == "html":
        raise PollFaultError("an HTML page, not a sitemap; the address may have moved, or the site shows an error page")
    raise PollFaultError(f"XML with the root <{name}>, not a sitemap")


def _index(root: Element, answer: Answer) -> Announced:
    listed = [_further(element, answer) for element in _children(root, "sitemap")]
    lists = tuple(found for found in listed if found is not None)
    return Announced(entries=(), lists=lists, unread=len(listed) - len(lists))


def _further(element: Element, answer: Answer) -> FurtherList | None:
    url = _text(element, "loc")
    try:
        check_fetchable(url)
    except UrlError:
        return None
    return FurtherList(url=url, changed=_changed(element, answer))


def _changed(element: Element, answer: Answer) -> datetime | None:
    """When it changed at the latest: at a day's end where only the day is given, in the last zone where none is."""
    changed = read_moment(_text(element, "lastmod"), answer.zone, "sitemap", answer.at)
    if changed is None:
        return None
    latest = changed.at
    if changed.zone:  # was assumed; most sites write UTC
        latest = latest.replace(tzinfo=_LAST_ZONE).astimezone(answer.zone)
    return latest + timedelta(days=1) if changed.precision is Precision.DAY else latest


def _entry(element: Element, answer: Answer) -> Entry | None:
    news = next(_children(element, "news"), None)
    title, date = (_text(news, "title"), _text(news, "publication_date")) if news is not None else ("", "")
    published = read_moment(date, answer.zone, "sitemap", answer.at)
    found = entry(_text(element, "loc"), title=title, published=published)
    return found and replace(found, changed=_changed(element, answer))


def _children(element: Element, name: str) -> Iterator[Element]:
    return (child for child in element if _name(child) == name)


def _text(element: Element, name: str) -> str:
    """The text of the first child of that name; those of images and videos lie deeper."""
    return next((clean("".join(child.itertext())) for child in _children(element, name)), "")


def _name(element: Element) -> str:
    """The name without namespace or prefix: sites misspell the one and leave the other undeclared."""
    tag = element.tag
    return tag.rpartition("}")[2].rpartition(":")[2].lower() if isinstance(tag, str) else ""
