"""A page that is too large to look for its article in, less what certainly is none of it. Pure."""

from collections.abc import Callable

from lxml import etree  # type: ignore[import-untyped]

from crawler.bounds import TooMuchError
from crawler.markup import Element

# What no visitor sees as words of the article.
_UNSEEN = ("template", "noscript", "textarea", "svg", "iframe", "select")
_CONTAINERS = ("article", "main")


def narrowed(tree: Element, check: Callable[[Element], None]) -> Element:
    """The tree where the check lets it pass, else without what nobody sees, else its head and only article or main.

    Args:
        tree: of a page. It is used up.
        check: raises TooMuchError.

    Raises:
        TooMuchError: none of them passes.
    """
    if _passes(tree, check):
        return tree
    etree.strip_elements(tree, *_UNSEEN, with_tail=False)
    if not _passes(tree, check):
        tree = _page_of(tree)
        check(tree)
    return tree


def _passes(tree: Element, check: Callable[[Element], None]) -> bool:
    try:
        check(tree)
    except TooMuchError:
        return False
    return True


def _page_of(tree: Element) -> Element:
    only = next((found[0] for name in _CONTAINERS if len(found := list(tree.iter(name))) == 1), None)
    body = tree.find("body")
    if only is None or body is None:
        return tree
    only.tail = None
    body[:] = [only]
    body.text = None
    return tree
