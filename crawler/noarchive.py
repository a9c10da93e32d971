"""The publisher's word that a page must not be kept: one rule, for the headers of an answer and its meta tags. Pure.

`noarchive` is that word, in any case, alone or among others, under whatever crawler's name: whoever does not want a
search engine to keep a copy does not want ours. `noindex`, `none`, `nosnippet` and `unavailable_after` speak of what
a public search engine shows; they stand on many a feed and many a page that is read with its publisher's blessing,
and say nothing about keeping it.
"""

import re
from collections.abc import Iterable, Iterator

HEADER_SAYS = "the X-Robots-Tag header says noarchive"
PAGE_SAYS = "the page's robots meta tag says noarchive"

_DIRECTIVE = "noarchive"
# Directives are parted by commas, by what names a crawler ("otherbot: noarchive"), and by many with spaces alone.
_BETWEEN = re.compile(r"[\s,;:]+")
_MARK = re.compile(rb"noarchive", re.IGNORECASE)
_BODY = re.compile(rb"<body[\s>]", re.IGNORECASE)
_META = re.compile(rb"<meta\s[^<>]{1,1000}>", re.IGNORECASE)
_NAME = re.compile(
    r"""(?<![\w-])name\s*=\s*["']?\s*(?:robots|presswatch|[\w-]*(?:bot|spider))(?![\w.-])""", re.IGNORECASE
)
_CONTENT = re.compile(r"""(?<![\w-])content\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)


def forbids_archiving(headers: Iterable[tuple[str, str]]) -> bool:
    """Whether an X-Robots-Tag says noarchive."""
    return any(name.lower() == "x-robots-tag" and _says(value) for name, value in headers)


def page_forbids_archiving(body: bytes) -> bool:
    """Whether a robots meta tag in the head of a page says noarchive.

    Read as bytes, so that no page is parsed for it alone: what matters is ASCII in every encoding of the web.
    """
    page = body.replace(b"\0", b"")  # UTF-16 becomes readable
    if not _MARK.search(page):
        return False
    head = b"".join(_uncommented(page))
    body_tag = _BODY.search(head)
    tags = (match[0].decode("latin-1") for match in _META.finditer(head[: body_tag.start()] if body_tag else head))
    return any(_NAME.search(tag) and any(map(_says, _contents(tag))) for tag in tags)


def _uncommented(page: bytes) -> Iterator[bytes]:
    """The page without its comments; one that never ends is none."""
    start = 0
    while (opened := page.find(b"<!--", start)) >= 0 and (closed := page.find(b"-->", opened + 4)) >= 0:
        yield page[start:opened]
        start = closed + 3
    yield page[start:]


def _says(value: str) -> bool:
    return _DIRECTIVE in _BETWEEN.split(value.lower())


def _contents(tag: str) -> list[str]:
    return ["".join(found) for found in _CONTENT.findall(tag)]
