"""An HTML page, or the several pages of one article, to an article."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from crawler.bounds import TooMuchError
from crawler.charsets import decode
from crawler.config.models import Kind, Source
from crawler.items import Article, Ended, Page, PagePart
from crawler.markup import ParseError, parse
from crawler.outcomes import Outcome
from crawler.urls import UrlError, article_key, host_of
from pipelines.extract.bounds import check_page
from pipelines.extract.dates import choose_date
from pipelines.extract.failures import failure_at
from pipelines.extract.narrow import narrowed
from pipelines.extract.no_text import SHORTEST_TEXT, no_text
from pipelines.extract.plain import linked_images, plain_text
from pipelines.extract.reading import Reading, read_page
from pipelines.extract.sites.said import NoArticle
from pipelines.text import comparable


def extract_html(page: Page, source: Source) -> Article | Ended:
    """The article on an HTML page and its further pages; how its entry ended when there is none."""
    first = _read(page, page.pending.entry.title, source, page.fetched_at)
    if isinstance(first, NoArticle):
        return _ended(page, first)
    further = [_read(part, first.title, source, page.fetched_at) for part in page.parts]
    barred = _barred(page, further)
    if barred is not None:
        return _ended(page, barred)
    markdown = "\n\n".join((first.markdown, *_bodies(further, first)))
    text = plain_text(markdown)
    if len(text) < SHORTEST_TEXT:
        return no_text(page, f"{len(text)} characters of text were found, at least {SHORTEST_TEXT} are expected")
    return _article(page, source, first, markdown, text)


def _read(page: Page | PagePart, announced: str, source: Source, now: datetime) -> Reading | NoArticle:
    text, _ = decode(page.body, page.content_type, source.charset)
    try:
        tree = parse(text)
        if tree is None or not len(tree):
            return NoArticle(outcome=Outcome.NO_TEXT, reason="the page is empty")
        return read_page(narrowed(tree, check_page), page.url, announced, source, now)
    except TooMuchError as error:
        return NoArticle(outcome=Outcome.NO_TEXT, reason=f"the page has {error}, as no article has")
    except ParseError as error:
        reason = f"the HTML parser gave up: {type(error).__name__}: {error}"
        return NoArticle(outcome=Outcome.NO_TEXT, reason=reason)


def _ended(page: Page, found: NoArticle) -> Ended:
    return Ended(
        pending=page.pending,
        outcome=found.outcome,
        reason=found.reason,
        at=page.fetched_at,
        hold_host=found.hold_host,
    )


def _barred(page: Page, further: Iterable[Reading | NoArticle]) -> NoArticle | None:
    """Why the site does not let the rest of the article be read: it is not stored in part."""
    ends = [read for read in further if isinstance(read, NoArticle)]
    if page.beyond is not None:
        at = failure_at(page.beyond.url)
        ends.extend([at] if at else ())
    return next((end for end in ends if end.outcome is Outcome.BLOCKED), None)


def _bodies(further: Iterable[Reading | NoArticle], first: Reading) -> Iterator[str]:
    """The bodies of the article's further pages. What all pages begin with was told on the first."""
    told = {comparable(first.title), comparable(first.markdown.partition("\n\n")[0])}
    for read in further:
        # A page of another make is what the site answers beyond the end.
        if not isinstance(read, Reading) or read.extractor != first.extractor:
            continue
        blocks = read.markdown.split("\n\n")
        while blocks and comparable(blocks[0]) in told:
            del blocks[0]
        if blocks:
            yield "\n\n".join(blocks)


def _article(page: Page, source: Source, read: Reading, markdown: str, text: str) -> Article:
    entry = page.pending.entry
    announced = (entry.published,) if entry.published else ()
    published, datings = choose_date((*announced, *read.datings), page.pending.first_seen)
    return Article(
        pending=page.pending,
        url=page.url,
        final_key=_final_key(page, source, read),
        fetched_at=page.fetched_at,
        title=read.title,
        text=text,
        markdown=markdown,
        authors=entry.authors or read.authors,
        account=read.account,
        published=published,
        datings=datings,
        language=read.language or source.language,
        images=linked_images(markdown),
        extractor=read.extractor,
        # What the first page says of itself holds for no other: they are all looked at again.
        etag="" if page.parts else page.header("ETag"),
        last_modified="" if page.parts else page.header("Last-Modified"),
    )


def _final_key(page: Page, source: Source, read: Reading) -> str:
    """A page's word for which article it shows is taken from that article's own site, and from a mirror its operator
    calls one; from anybody else it could put a false text in an article's place.
    """
    try:
        believed = source.kind is Kind.WECHAT_MIRROR or host_of(read.original_url) == host_of(page.url)
        return article_key(read.original_url if believed else page.url)
    except UrlError:  # what scripts say need not be an address
        return article_key(page.url)
