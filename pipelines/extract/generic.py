"""The main text of a page whose body nobody knows, found by trafilatura."""

from copy import deepcopy
from importlib.metadata import version

from trafilatura import extract as main_text
from trafilatura.settings import DEFAULT_CONFIG

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


def main_markdown(tree: Element, url: str) -> str:
    """The main text of a prepared tree as Markdown with headings, emphasis, links and images; "" for none."""
    flat = without_layout(tree)
    return (_read(flat, url) if flat is not None else "") or _read(tree, url)


def _read(tree: Element, url: str) -> str:
    found = main_text(
        tree,
        url=url,
        output_format="markdown",
        include_comments=False,
        include_formatting=True,
        include_links=True,
        include_images=True,
        with_metadata=False,
        config=_CONFIG,
        fast=sum(1 for _ in tree.iter()) > _MOST_ELEMENTS,
    )
    return unmark_images(found or "").strip()
