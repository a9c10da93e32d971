"""How much a tree may hold that an article is looked for in. Pure.

The rules for main text take time and memory by elements and characters, some by their square. Within these bounds no
shape of tests/hostile_pages.py took more than 3.4 s; articles have a few hundred elements and some thousand characters.
"""

from crawler.bounds import TooMuchError
from crawler.markup import Element

MOST_ELEMENTS = 20_000
MOST_CHARACTERS = 300_000  # of text outside scripts

MOST_BRACKETS = 5_000  # of Markdown: where none closes, each costs a look at all that follow

_UNSEEN = ("script", "style")


def check_tree(tree: Element) -> None:
    """Refuse what no article is.

    Raises:
        TooMuchError: more elements or text than an article has.
    """
    characters = 0
    for elements, element in enumerate(tree.iter(), start=1):
        characters += len(element.tail or "") + (0 if element.tag in _UNSEEN else len(element.text or ""))
        if elements > MOST_ELEMENTS:
            raise TooMuchError(f"more than {MOST_ELEMENTS} elements")
        if characters > MOST_CHARACTERS:
            raise TooMuchError(f"more than {MOST_CHARACTERS} characters of text")


def check_markdown(text: str) -> None:
    """Refuse what no article is.

    Raises:
        TooMuchError: more text or links than an article has.
    """
    if len(text) > MOST_CHARACTERS:
        raise TooMuchError(f"more than {MOST_CHARACTERS} characters of text")
    if text.count("[") > MOST_BRACKETS:
        raise TooMuchError(f"more than {MOST_BRACKETS} opening brackets")
