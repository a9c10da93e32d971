"""A list page in HTML → entries, by the rules of a config. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urldefrag

from crawler.bounds import Steps, TooMuchError
from crawler.charsets import decode
from crawler.config.models import EntryRules, Pages
from crawler.config.selectors import found_in
from crawler.dates import read_moment
from crawler.items import Announced, Answer, Dating, Entry, NoRowsError, PollFaultError
from crawler.markup import Element, ParseError, begin_of, parse, text_of
from crawler.rows import MOST_ENTRIES, absolute, entry, same_host
from crawler.text import clean

# What the pages say that stand between a visitor and a site; the first is Alibaba Cloud's, the fourth ByteDance's.
_CHALLENGES = (
    "您的访问被阻断", "环境异常", "完成验证", "_waftokenid", "_wafchallengeid", "安全验证", "人机验证",
    "checking your browser", "just a moment", "enable javascript and cookies",
)  # fmt: skip


_LONGEST = 20_000  # characters of a text as it stands on the page; of the longest a tenth is kept


@dataclass(frozen=True, kw_only=True)
class _ListPage:
    tree: Element
    base: str  # what its links are relative to
    answer: Answer
    steps: Steps = field(default_factory=Steps)


def parse_listing(answer: Answer, rules: EntryRules, pages: Pages) -> Announced:
    """What a list page announces, a key once: of several rows for one article the first with a title.

    Rows without a link announce nothing; those whose link cannot be used are `unread`.

    Raises:
        NoRowsError: no row was found, or none with a link; a page after the first may well be empty.
        PollFaultError: no HTML, more than is read, or an expression that cannot be asked of this page.
        TooSlowError: an expression took too long.
    """
    text, _ = decode(answer.body, answer.content_type, answer.charset)
    tree = _tree(text)
    if tree is None:
        raise (PollFaultError if text.strip() else NoRowsError)(_what_it_is(answer, text, None))
    page = _ListPage(tree=tree, base=_base(tree, answer.url), answer=answer)
    try:
        rows = _first_rows(tree, rules.items)
        linked = [(row, url) for row in rows[:MOST_ENTRIES] if (url := _row_url(page, row, rules))]
        read = [_entry(page, row, url, rules) for row, url in linked]
        next_url = _next_url(page, pages)
    except TooMuchError as error:
        raise PollFaultError(f"the page has {error}") from error
    except ValueError as error:  # an expression that fails only on this page
        raise PollFaultError(str(error)) from error
    if not linked:
        what = "row" if not rows else "link in any row"
        tried = ", ".join(rules.items if not rows else rules.link or ("a[href]",))
        raise NoRowsError(f"no {what} was found by {tried}; {_what_it_is(answer, text, tree)}")
    found = [item for item in read if item is not None]
    unread = len(read) - len(found) + len(rows[MOST_ENTRIES:])
    return Announced(entries=_each_once(found), unread=unread, next_url=next_url)


def _tree(text: str) -> Element | None:
    if "<" not in text:
        return None
    try:
        return parse(text)
    except TooMuchError as error:
        raise PollFaultError(f"the page has {error}") from error
    except ParseError:
        return None


def _base(tree: Element, url: str) -> str:
    for base in tree.iter("base"):
        address = absolute(base.get("href") or "", url)
        if address.startswith(("http://", "https://")):
            return address
    return url


def _first_rows(tree: Element, expressions: Iterable[str]) -> list[Element]:
    for expression in expressions:
        rows = [row for row in found_in(tree, expression) if not isinstance(row, str)]
        if rows:
            return rows
    return []


def _row_url(page: _ListPage, row: Element, rules: EntryRules) -> str:
    """The absolute address a row links to, or "" where it links to no page."""
    links = _texts(page, row, rules.link, "href") if rules.link else (_href(link) for link in _links(page, row))
    return next((url for url in (absolute(link, page.base) for link in links) if url), "")


def _links(page: _ListPage, row: Element) -> Iterator[Element]:
    for element in row.iter("a"):
        page.steps.take()
        if element.get("href"):
            yield element


def _href(element: Element) -> str:
    return str(element.get("href") or "")


def _entry(page: _ListPage, row: Element, url: str, rules: EntryRules) -> Entry | None:
    return entry(
        url,
        title=_text(page, row, rules.title) if rules.title else _text_of_link(page, row, url),
        summary=_text(page, row, rules.summary),
        author=_text(page, row, rules.author),
        published=_published(page, row, rules.published),
    )


def _text_of_link(page: _ListPage, row: Element, url: str) -> str:
    """The text of the row's link, else its title attribute."""
    link = next((link for link in _links(page, row) if absolute(_href(link), page.base) == url), row)
    return _seen(page, link) or clean(link.get("title") or "")


def _published(page: _ListPage, row: Element, expressions: Iterable[str]) -> Dating | None:
    for text in _texts(page, row, expressions):
        found = read_moment(text, page.answer.zone, "list", page.answer.at)
        if found is not None:
            return found
    return None


def _text(page: _ListPage, row: Element, expressions: Iterable[str]) -> str:
    return next(_texts(page, row, expressions), "")


def _texts(page: _ListPage, row: Element, expressions: Iterable[str], attribute: str = "") -> Iterator[str]:
    """What the expressions find, in their order; of an element its `attribute` or the visible text. Never empty."""
    for expression in expressions:
        for found in found_in(row, expression):
            text = _value(page, found, attribute)
            if text:
                yield text


def _value(page: _ListPage, found: Any, attribute: str) -> str:
    if isinstance(found, str):
        return clean(found[:_LONGEST])
    return str(found.get(attribute) or "") if attribute else _seen(page, found)


def _seen(page: _ListPage, element: Element) -> str:
    return begin_of(element, _LONGEST, page.steps)


def _each_once(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """A list shows an article by its picture, by its title and by a sticky row as well."""
    first: dict[str, Entry] = {}
    for item in entries:
        known = first.setdefault(item.key, item)
        if item.title and not known.title:
            first[item.key] = replace(item, published=item.published or known.published)
    return tuple(first.values())


def _next_url(page: _ListPage, pages: Pages) -> str:
    """The address of the list's next page, on its own host."""
    for link in _texts(page, page.tree, pages.next, "href"):
        url = absolute(link, page.base)
        # Not by its key: what tells pages of a list apart (?from=20) may say of an article only where it was clicked.
        if same_host(url, page.answer.url) and urldefrag(url)[0] != urldefrag(page.answer.url)[0]:
            return url
    return ""


def _what_it_is(answer: Answer, text: str, tree: Element | None) -> str:
    if not text.strip():
        return "the answer is empty"
    if tree is None:
        return f"something that is not HTML ({answer.content_type or 'no content type'})"
    title = next((text_of(element) for element in tree.iter("title")), "")
    named = f'a page titled "{title}"' if title else "a page without a title"
    seen = next((words for words in _CHALLENGES if words in text.lower()), "")
    return f'{named} that asks visitors to prove themselves ("{seen}")' if seen else named
