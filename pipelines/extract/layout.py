"""Pages laid out in tables, as all were before style sheets: their cells hold the page, not values.

What looks for the main text takes a table for data, writes the whole page as its rows, and drops words in a cell that
stand in no paragraph. So these tables become divisions, and long runs of loose words paragraphs.
"""

import re
from copy import deepcopy

from lxml.html import builder  # type: ignore[import-untyped]

from crawler.markup import Element
from pipelines.extract.body import is_block, is_data
from pipelines.extract.tree import visible_text

_PARTS = ("table", "caption", "colgroup", "thead", "tbody", "tfoot", "tr", "td", "th")
_HOLD_WORDS = ("td", "th", "div", "center", "font", "blockquote")
# Characters outside links. On the 126 labelled pages shorter runs are mostly navigation: at 50 an F1 of .942, at 100
# of .946.
_LONG = 100
_SENTENCE = re.compile(r"[，。！？]|[,.!?](?=\s)")


def without_layout(tree: Element) -> Element | None:
    """A copy of the page whose tables for layout are divisions; None where it has no such table."""
    if not any(_is_layout(table) for table in tree.iter("table")):
        return None
    page = deepcopy(tree)
    layout = {table for table in page.iter("table") if _is_layout(table)}
    kept = {part for table in page.iter("table") if table not in layout for part in table.iter()}
    inside = [part for part in page.iter(*_PARTS, *_HOLD_WORDS) if part not in kept and _is_in(part, layout)]
    for holder in inside:
        if holder.tag in _HOLD_WORDS and is_block(holder):
            _put_in_paragraphs(holder)
    for part in inside:
        if part.tag in _PARTS:
            part.tag = "div"
    return page


def _is_in(part: Element, tables: set[Element]) -> bool:
    return part in tables or any(table in tables for table in part.iterancestors("table"))


def _is_layout(table: Element) -> bool:
    """Whether its cells are no values. A list of links in cells has none either."""
    linked = sum(len(visible_text(link)) for link in table.iter("a"))
    return not is_data(table) or linked > len(visible_text(table)) / 2


def _put_in_paragraphs(holder: Element) -> None:
    """Make a paragraph of every long run of words that stands loose among the blocks of an element."""
    before: Element | None = None
    run: list[Element] = []
    for child in (*holder, None):
        if child is not None and isinstance(child.tag, str) and not is_block(child):
            run.append(child)
            continue
        _put_in_paragraph(holder, before, run)
        before, run = child, []


def _put_in_paragraph(holder: Element, before: Element | None, run: list[Element]) -> None:
    """Make a paragraph of the words behind `before`, or the first in `holder`, and of the elements that follow them."""
    first = (holder.text if before is None else before.tail) or ""
    words = "".join([first, *(text for inline in run for text in (_unlinked(inline), inline.tail or ""))])
    if len("".join(words.split())) < _LONG or not _SENTENCE.search(words):
        return
    paragraph = builder.P(first)
    if before is None:
        holder.text = None
        holder.insert(0, paragraph)
    else:
        before.tail = None
        before.addnext(paragraph)
    paragraph.extend(run)


def _unlinked(inline: Element) -> str:
    return "" if inline.tag == "a" else visible_text(inline)
