"""Text out of HTML as a reader sees it: a whole page's tree, one element of it, a field that holds markup. Pure."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

from lxml import etree, html  # type: ignore[import-untyped]

from crawler.bounds import Steps, check_markup
from crawler.text import clean

Element = Any
ParseError = etree.LxmlError

# Characters that no XML tree can hold, written out or as a reference: the parser takes some of them in, and whoever
# then touches the text gets an error.
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_REFERENCE = re.compile(r"&#(?:[xX]0*(?P<hexadecimal>[0-9a-fA-F]{1,6})|0*(?P<decimal>\d{1,7}));?")
# The parser stops at </html> (libxml2 2.14), where browsers read on: pages put together of parts have several.
_ENDS = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)
_XML_PROLOG = re.compile(r"\A\s*<\?xml[^>]*\?>")
_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)(?=[\s/>])")
_PIECE = 100  # characters, which take as long as an element
_UNSEEN = ("script", "style")


def parse(text: str) -> Element | None:
    """The tree of an HTML document, or None when the text holds no element.

    Raises:
        ParseError: the parser gave up, or the text holds too much (`crawler.bounds`).
    """
    tidy = _ENDS.sub("", _XML_PROLOG.sub("", only_xml(text)))
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False)
    # Bytes, because a str with an odd first tag parses to nothing.
    data = tidy.encode("utf-8", "replace")
    if not data.strip():
        return None
    check_markup(data)
    return html.document_fromstring(data, parser=parser)


def only_xml(text: str) -> str:
    """The text without the characters that no tree can hold, and without references to them."""
    return _REFERENCE.sub(_only_xml, _NO_XML.sub("", text))


def text_of(element: Element) -> str:
    """The visible text inside an element on one line, blocks parted by a space."""
    return clean("".join(_pieces(element)))


def begin_of(element: Element, longest: int, steps: Steps) -> str:
    """As `text_of`, of no more than the first `longest` characters, spaces included.

    Raises:
        TooMuchError: the steps are used up.
    """
    taken = []
    for piece in _pieces(element):
        steps.take(1 + len(piece) // _PIECE)
        taken.append(piece[:longest])
        longest -= len(piece)
        if longest <= 0:
            break
    return clean("".join(taken))


def visible_text(markup: str) -> str:
    """The visible text of a piece of HTML on one line.

    Raises:
        ParseError: the parser gave up, or the text holds too much (`crawler.bounds`).
    """
    wrapped = f"<div>{markup}</div>"
    check_markup(wrapped.encode("utf-8", "replace"))
    parser = html.HTMLParser(remove_comments=True, remove_pis=True)
    return text_of(html.document_fromstring(wrapped, parser=parser))


def holds_html(text: str) -> bool:
    """Whether a text holds tags: "a<b" is no tag of HTML, and feedparser on its part misses a lone <img>."""
    return any(tag.lower() in html.defs.tags for tag in _TAG.findall(text))


def plain_text(text: str) -> str:
    """One visible line of a text that may hold tags and entities, whatever says so.

    Raises:
        ParseError: the parser gave up.
    """
    line = clean(text)
    return visible_text(line) if holds_html(line) else clean(unescape(line))


def _only_xml(reference: re.Match[str]) -> str:
    """The character reference as it stands, or nothing when no tree can hold what it names."""
    hexadecimal = reference["hexadecimal"]
    code = int(hexadecimal, 16) if hexadecimal else int(reference["decimal"])
    return "" if code > 0x10FFFF or _NO_XML.match(chr(code)) else reference[0]


def _pieces(tree: Element) -> Iterator[str]:
    """The tree's text in order, blocks parted by a space. (Collected, not set: lxml refuses to set some characters.)"""
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        if element.tag in html.defs.block_tags or element.tag == "br":
            yield " "
        if event == "start":
            yield "" if element.tag in _UNSEEN else element.text or ""
        elif element is not tree:  # what follows the tree is not in it
            yield element.tail or ""
