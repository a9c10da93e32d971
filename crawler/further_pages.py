"""Articles that stand on several pages: which page comes next, and whether an answer still belongs to them. Pure."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from urllib.parse import parse_qsl, urljoin

from crawler.charsets import decode
from crawler.config.models import Source
from crawler.config.selectors import found_in
from crawler.items import PagePart
from crawler.markup import Element, ParseError, parse
from crawler.urls import UrlError, article_key, canonical_url, former_key, host_of

# What a page's address has behind the first one's: /a/x.html → /a/x_2.html, /a/x-2.html, /a/x/2, /a/x/page/2. Where
# nothing parts the two (/a/12.html → /a/122.html) it must be the number that is due.
_NUMBERED = re.compile(r"[_\-/](?:p|page[_\-/]?)?\d{1,3}")
_NUMBERS = frozenset(("page", "p", "pg", "pn", "pageno", "page_no", "paged"))  # names of such a parameter
_FIRST = re.compile(r"[_\-]1$")
_EXTENSION = re.compile(r"\.\w{1,5}$")


def next_page(source: Source, pages: Sequence[PagePart]) -> str:
    """The address of the page behind the last of `pages`, or "" when there is none."""
    if not source.articles.next:
        return ""
    return next_address(pages[0].url, _read(pages), links(source, pages[-1]), number=len(pages) + 1)


def next_address(first: str, read: Collection[str], found: Iterable[str], *, number: int) -> str:
    """The first of the addresses `found` in a page that leads on to page `number`, or "".

    Only an address of the same article at the same host counts, and only one that was not read already: what
    `articles.next` finds may be the link to another article, or back to the first page.
    """
    spellings = {_spelling(url) for url in read}
    return next((url for url in found if _is_page_of(first, url, number) and _spelling(url) not in spellings), "")


def belongs(pages: Sequence[PagePart], answer: PagePart) -> bool:
    """Whether an answer is one more page, and not what a site answers behind the last one.

    That is another article's page, an empty one, or one that was there already.
    """
    if not answer.body.strip() or any(page.body == answer.body for page in pages):
        return False
    return _is_page_of(pages[0].url, answer.url, len(pages) + 1) and not _is_read(answer.url, pages)


def _read(pages: Sequence[PagePart]) -> list[str]:
    """The addresses of pages, and those that led to them."""
    return [url for page in pages for url in (page.url, *(before.url for before in page.redirects))]


def _is_read(url: str, pages: Sequence[PagePart]) -> bool:
    return _spelling(url) in map(_spelling, _read(pages))


def links(source: Source, page: PagePart) -> Iterator[str]:
    """The absolute addresses that `articles.next` finds in a page, in its order.

    Raises:
        TooSlowError: an expression took too long.
    """
    text, _ = decode(page.body, page.content_type, source.charset)
    tree = _tree(text)
    if tree is None:
        return
    try:
        base = urljoin(page.url, str(next(iter(tree.xpath("//base/@href")), "")).strip())
    except ValueError:  # a base that is no address
        base = page.url
    for expression in source.articles.next:
        for found in found_in(tree, expression):
            link = found if isinstance(found, str) else str(found.get("href") or "")
            try:
                yield urljoin(base, link.strip())
            except ValueError:  # a link that is no address
                continue


def _tree(text: str) -> Element | None:
    try:
        return parse(text)
    except ParseError:
        return None


def _is_page_of(first: str, url: str, number: int) -> bool:
    """Whether the address is that of page `number` of the article whose first page is `first`."""
    try:
        mine, other = article_key(first), article_key(url)
        if host_of(first) != host_of(url):
            return False
    except UrlError:
        return False
    if mine == other or not other.startswith("url:"):
        return mine == other
    # Nothing is known of the address: it must differ from the first by a page number alone.
    mine = mine if mine.startswith("url:") else former_key(first, mine)
    (path, query), (other_path, other_query) = (_parts(key) for key in (mine, other))
    if query != other_query:
        return False
    stem, rest = _FIRST.sub("", _EXTENSION.sub("", path)), _EXTENSION.sub("", other_path)
    behind = rest.removeprefix(stem) if rest.startswith(stem) else ""
    return path == other_path or behind == str(number) or _NUMBERED.fullmatch(behind) is not None


def _spelling(url: str) -> str:
    """One address for http and https."""
    return canonical_url(url).partition("://")[2]


def _parts(key: str) -> tuple[str, list[tuple[str, str]]]:
    """Path and query of a key, the query without the number of the page."""
    path, _, query = key.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    return path, [(name, value) for name, value in pairs if name.lower() not in _NUMBERS or not value.isdigit()]
