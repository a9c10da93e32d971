"""How much a tree may hold that an article is looked for in. Pure.

The rules for main text take time and memory by elements and marks, some by their square; plain words cost little, a
million of them in paragraphs one second. Articles have a few hundred elements and some thousand characters.
"""

import re

from lxml import etree  # type: ignore[import-untyped]

from crawler.bounds import TooMuchError
from crawler.markup import Element

MOST_NODES = 100_000  # of a whole page: elements, attributes and texts, of no more an expression may be asked
MOST_ELEMENTS = 20_000
MOST_CHARACTERS = 1_000_000  # of text outside scripts
MOST_MARKS = 50_000  # among them

MOST_BRACKETS = 5_000  # of Markdown: where none closes, each costs a look at all that follow
MOST_MARKDOWN = 300_000  # characters of it

_UNSEEN = ("script", "style")
_MARK = re.compile(r"[*_`~\[\]!\\<>#|]")  # what Markdown may take for a sign of its own

_NODES = etree.XPath("count(descendant::node()) + count(descendant::*/@*)")


def check_page(tree: Element) -> None:
    """Refuse a page of which nothing can be asked, wherever its article may stand.

    Raises:
        TooMuchError: more elements, attributes and texts than a page has.
    """
    if _NODES(tree) > MOST_NODES:
        raise TooMuchError(f"more than {MOST_NODES} elements, attributes and texts")


def check_tree(tree: Element) -> None:
    """Refuse to look for an article in what is none.

    Raises:
        TooMuchError: more elements, text or marks than an article has.
    """
    characters = marks = 0
    for elements, element in enumerate(tree.iter(), start=1):
        for text in (element.tail, None if element.tag in _UNSEEN else element.text):
            characters += len(text or "")
            marks += len(_MARK.findall(text or ""))
        if elements > MOST_ELEMENTS:
            raise TooMuchError(f"more than {MOST_ELEMENTS} elements")
        if characters > MOST_CHARACTERS:
            raise TooMuchError(f"more than {MOST_CHARACTERS} characters of text")
        if marks > MOST_MARKS:
            raise TooMuchError(f"more than {MOST_MARKS} marks such as * and [ in its text")


def check_markdown(text: str) -> None:
    """Refuse what no article is.

    Raises:
        TooMuchError: more text or links than an article has.
    """
    if len(text) > MOST_MARKDOWN:
        raise TooMuchError(f"more than {MOST_MARKDOWN} characters of text")
    if text.count("[") > MOST_BRACKETS:
        raise TooMuchError(f"more than {MOST_BRACKETS} opening brackets")
