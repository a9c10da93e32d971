"""The main text of a page whose body nobody knows, found by trafilatura."""

from copy import deepcopy
from importlib.metadata import version

from trafilatura import extract as main_text
from trafilatura.settings import DEFAULT_CONFIG
from trafilatura.utils import line_processing, trim

from crawler.markup import Element
from pipelines.extract.layout import without_layout
from pipelines.extract.tree import unmark_images

# Raise the last number when what is made of trafilatura's text changes.
EXTRACTOR = f"trafilatura {version('trafilatura')}-3"

# Characters of a text that trafilatura believes in by itself. Its own figure of 250 is meant for alphabets: a Chinese
# brief has fewer, and what is taken in its place is the whole page on one line. On the 126 labelled
# pages nothing is lost down to 100, and one page at 80.
_SHORTEST = 100
_CONFIG = deepcopy(DEFAULT_CONFIG)
_CONFIG.set("DEFAULT", "MIN_EXTRACTED_SIZE", str(_SHORTEST))
# trafilatura's second opinions take time by the square of the paragraphs; articles have a few hundred elements.
_MOST_ELEMENTS = 5000
# It joins marked words that stand side by side one after the other, and keeps what it had after each: 5,000 words in
# bold in 300,000 characters cost 2.1 GB. An article of 30,000 characters has room for 1,600 marks.
_MARKS = ("b", "strong", "i", "em", "u", "kbd", "samp", "tt", "var", "sub", "sup")
_MOST_MARKS_BY_CHARACTERS = 50_000_000


def main_markdown(tree: Element, url: str) -> str:
    """The main text of a prepared tree as Markdown with headings, emphasis, links and images; "" for none."""
    flat = without_layout(tree)
    return (_read(flat, url) if flat is not None else "") or _read(tree, url)


def _read(tree: Element, url: str) -> str:
    try:
        found = main_text(
            tree,
            url=url,
            output_format="markdown",
            include_comments=False,
            include_formatting=_few_marks(tree),
            include_links=True,
            include_images=True,
            with_metadata=False,
            config=_CONFIG,
            fast=sum(1 for _ in tree.iter()) > _MOST_ELEMENTS,
        )
    finally:
        # Whole texts are held in both, a thousand of them, until the process ends.
        line_processing.cache_clear()
        trim.cache_clear()
    return unmark_images(found or "").strip()


def _few_marks(tree: Element) -> bool:
    characters = sum(map(len, tree.itertext()))
    return sum(1 for _ in tree.iter(*_MARKS)) * characters <= _MOST_MARKS_BY_CHARACTERS
