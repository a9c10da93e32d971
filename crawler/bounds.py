"""How much a text may hold that a tree is made of: what holds more is refused before it costs minutes. Pure.

The body's size (`safety.max_body_mb`) bounds neither time nor memory: 10 MB are room for millions of elements, and
libxml2 takes two hundred bytes for each, Python's JSON as many for an empty object. No page or list that anybody reads
comes near these figures.
"""

import re
import xml.parsers.expat
from collections.abc import Mapping

from lxml import etree  # type: ignore[import-untyped]

# libxml2 looks each attribute of a tag up among all before it: 40,000 take 1.7 s, 500,000 minutes. At 500 a body of
# 10 MB full of them takes one second.
MOST_ATTRIBUTES = 500
MOST_NODES = 500_000  # elements and their attributes: 120 MB of tree
MOST_XML_TAGS = 200_000  # of a feed, whose reader takes 20 µs for each; its items are a few hundred
MOST_XML_MARKS = 1_000_000  # of a sitemap, opening and closing: 50,000 addresses with date and frequency have 500,000
MOST_STEPS = 2_000_000  # over the elements of a list's rows, four times all of a page; three seconds
MOST_JSON = 200_000  # lists and objects: 50 MB
DEEPEST_JSON = 100  # lists and objects inside one another; what walks them goes down by calls

_HARMLESS = 32 * 1024  # bytes, which hold no more than a tenth of a second
_VALUE = re.compile(r"=\s*+[\"']")
# A string that is not closed takes the rest of the text: otherwise each quote in it would be looked for anew.
_BRACKET_OR_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


class TooMuchError(etree.LxmlError):  # type: ignore[misc]
    """More than a tree is made of. One of the parser's own errors, so that nobody forgets to catch it."""


class TooMuchJsonError(ValueError):
    """More than is read as JSON. A ValueError, as everything is that is no JSON."""


class Steps:
    """What is looked at in the rows of one list: of rows inside one another all that the inner ones hold, each time."""

    def __init__(self, most: int = MOST_STEPS) -> None:
        self._left = most

    def take(self, steps: int = 1) -> None:
        """
        Raises:
            TooMuchError: they are used up.
        """
        self._left -= steps
        if self._left < 0:
            raise TooMuchError("rows inside one another, or one text in many of them, beyond what is looked at")


class _Counter:
    """Told of each tag by the parser, which makes no tree meanwhile."""

    def __init__(self) -> None:
        self._nodes = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if len(attributes) > MOST_ATTRIBUTES:
            raise TooMuchError(f"a tag with more than {MOST_ATTRIBUTES} attributes")
        self._nodes += 1 + len(attributes)
        if self._nodes > MOST_NODES:
            raise TooMuchError(f"more than {MOST_NODES} tags and attributes")

    def close(self) -> None:
        """The parser asks for it."""


def check_markup(markup: bytes) -> None:
    """Refuse HTML, in UTF-8, whose tree would take minutes or gigabytes.

    Raises:
        TooMuchError: see there.
        LxmlError: the parser gave up.
    """
    if len(markup) > _HARMLESS:
        # By the parser itself: whatever else tells tags from text can be led to see none where it sees thousands.
        etree.fromstring(markup, etree.HTMLParser(target=_Counter(), encoding="utf-8"))


def check_feed(body: bytes) -> None:
    """Refuse a feed that would take its reader minutes.

    Raises:
        TooMuchError: more tags, or a tag with more attributes.
    """
    plain = body.replace(b"\0", b"")  # what UTF-16 writes between the letters of a tag
    if plain.count(b"<") > MOST_XML_TAGS:
        raise TooMuchError(f"more than {MOST_XML_TAGS} tags")
    # Tags look the same in all other encodings, and Latin-1 has a letter for each byte.
    parser = xml.parsers.expat.ParserCreate(encoding="iso-8859-1")
    parser.StartElementHandler = _Counter().start
    try:
        parser.Parse(plain, True)  # noqa: FBT003 - positional only
    except xml.parsers.expat.ExpatError:  # the rest of a feed that is no XML is read another way, which is linear
        return


def check_xml(text: str) -> None:
    """Refuse XML whose tree would take gigabytes.

    Raises:
        TooMuchError: see there.
    """
    if text.count("<") + sum(1 for _ in _VALUE.finditer(text)) > MOST_XML_MARKS:
        raise TooMuchError(f"more than {MOST_XML_MARKS} tags and attributes")


def check_json(text: str, start: int = 0) -> None:
    """Refuse JSON that begins at a position and is too much; what follows its end is not looked at.

    Raises:
        TooMuchJsonError: see there.
    """
    depth = opened = 0
    for found in _BRACKET_OR_STRING.finditer(text, start):
        if found[0] in "[{":
            depth, opened = depth + 1, opened + 1
        elif found[0] in "]}":
            depth -= 1
            if depth <= 0:
                return
        if depth > DEEPEST_JSON or opened > MOST_JSON:
            what = f"more than {DEEPEST_JSON} deep" if depth > DEEPEST_JSON else f"more than {MOST_JSON} of them"
            raise TooMuchJsonError(f"lists and objects {what}")
