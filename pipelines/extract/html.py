"""An HTML page to an article."""

from importlib.metadata import version

from trafilatura import extract as main_text

from crawler.charsets import decode
from crawler.config.models import Source
from crawler.items import Article, Ended, Page
from crawler.markup import Element, ParseError, parse
from crawler.urls import article_key
from pipelines.extract.boilerplate import without_boilerplate
from pipelines.extract.dates import choose_date, page_dates
from pipelines.extract.metadata import linked_data, page_authors, page_language, page_title
from pipelines.extract.no_text import no_text
from pipelines.extract.plain import linked_images, plain_text
from pipelines.extract.tree import prepare, unmark_images
from pipelines.text import comparable

# Raise the last number when what is made of trafilatura's text changes.
EXTRACTOR = f"trafilatura {version('trafilatura')}-1"

_SHORTEST_TEXT = 20
# trafilatura's second opinions take time by the square of the paragraphs; articles have a few hundred elements.
_MOST_ELEMENTS = 5000


def extract_html(page: Page, source: Source) -> Article | Ended:
    """The article on an HTML page; Ended as no_text when there is none."""
    text, _ = decode(page.body, page.content_type)
    try:
        tree = parse(text)
    except ParseError as error:
        return no_text(page, f"the HTML parser gave up: {type(error).__name__}: {error}")
    if tree is None or not len(tree):
        return no_text(page, "the page is empty")
    prepare(tree, page.url)
    title = page_title(tree, page.pending.entry.title)
    markdown = without_boilerplate(_without_heading(body_markdown(tree, page.url), title))
    body = plain_text(markdown)
    if len(body) < _SHORTEST_TEXT:
        return no_text(page, f"{len(body)} characters of text were found, at least {_SHORTEST_TEXT} are expected")
    return _article(page, source, tree, title, markdown, body)


def body_markdown(tree: Element, url: str) -> str:
    """The main text of a prepared tree as Markdown with headings, emphasis, links and images; "" for none."""
    found = main_text(
        tree,
        url=url,
        output_format="markdown",
        include_comments=False,
        include_formatting=True,
        include_links=True,
        include_images=True,
        with_metadata=False,
        fast=sum(1 for _ in tree.iter()) > _MOST_ELEMENTS,
    )
    return unmark_images(found or "").strip()


def _without_heading(markdown: str, title: str) -> str:
    """The body without the title above it, which a reprint may change while the text stays the same."""
    first, _, rest = markdown.partition("\n")
    heading = first.startswith("#") and comparable(first) == comparable(title)
    return rest.strip() if heading else markdown


def _article(page: Page, source: Source, tree: Element, title: str, markdown: str, text: str) -> Article:
    entry = page.pending.entry
    data = linked_data(tree)
    shown = page_dates(tree, data, title, source.timezone)
    announced = (entry.published,) if entry.published else ()
    published, datings = choose_date((*announced, *shown), page.pending.first_seen)
    return Article(
        pending=page.pending,
        url=page.url,
        final_key=article_key(page.url),
        fetched_at=page.fetched_at,
        title=title,
        text=text,
        markdown=markdown,
        authors=entry.authors or page_authors(tree, data),
        published=published,
        datings=datings,
        language=page_language(tree) or source.language,
        images=linked_images(markdown),
        extractor=EXTRACTOR,
        etag=page.header("ETag"),
        last_modified=page.header("Last-Modified"),
    )
