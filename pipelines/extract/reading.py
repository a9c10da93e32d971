"""One HTML page, read: what it says of its article."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from crawler.config.models import ArticleRules, Source
from crawler.config.selectors import found_in
from crawler.dates import read_date, read_moment
from crawler.items import Dating
from crawler.markup import Element
from crawler.rows import LONGEST_TITLE
from crawler.text import clean
from pipelines.extract.body import markdown_of
from pipelines.extract.boilerplate import without_boilerplate
from pipelines.extract.bounds import check_tree
from pipelines.extract.dates import page_dates
from pipelines.extract.failures import failure_of
from pipelines.extract.generic import EXTRACTOR, main_markdown
from pipelines.extract.metadata import bylines, linked_data, page_authors, page_language, page_title
from pipelines.extract.narrow import narrowed
from pipelines.extract.sites.by_site import account_named, said_by
from pipelines.extract.sites.rules import Site, site_of
from pipelines.extract.sites.said import NoArticle, Said
from pipelines.extract.tree import holds_something, prepare, take_out, visible_text
from pipelines.text import comparable

# Raise the number when what is made of the same body changes.
BY_RULES = "rules 2"

_LONGEST_NAME = 100  # characters of an account
_PAGE_NUMBER = re.compile(r"第?\d{1,2}页?")
# A last paragraph that is one link: to the article's source, or to what the article tells of.
_LAST_LINK = re.compile(r"\n\n\[(?P<words>[^\[\]\n]{1,12})\]\([a-z]+://(?P<host>[^()\s/]*)[^()\s]*\)\s*\Z")
_TO_SOURCE = re.compile(
    r"(?:阅读|查看|点击)?原文(?:链接|地址)?|(?:文章|新闻|信息)?(?:来源|出处)|source|original", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a page says of its article."""

    title: str
    markdown: str
    authors: tuple[str, ...]
    account: str
    datings: tuple[Dating, ...]  # most trusted first
    language: str
    original_url: str  # of the first publication, where the page names it
    extractor: str


def read_page(tree: Element, url: str, announced: str, source: Source, now: datetime) -> Reading | NoArticle:
    """The article on a page, or what the page is where it has none.

    Args:
        tree: of the page, fresh from `parse`. It is used up.
        url: of the page.
        announced: the title in feed or list.
        source: whose rules win over what is known of the page's site.
        now: when the page was fetched; "3 小时前" is reckoned from here.

    Raises:
        ParseError: the parser gave up on HTML that the page's scripts carry.
        TooMuchError: where the article stands is more than an article.
    """
    site = site_of(tree, url)
    zone = site.timezone or source.timezone
    told = said_by(tree, site, zone, now)
    said = Said() if isinstance(told, NoArticle) else _less(told, source.articles)
    rules = site.with_rules_of(source.articles)
    bodies = list(_bodies(tree, rules, said))
    failure = failure_of(tree, url, site.name, bodies)
    if failure is not None:
        return failure
    if isinstance(told, NoArticle):
        return told
    if said.bodiless is not None and not any(map(visible_text, bodies)):
        return said.bodiless
    data = linked_data(tree)
    title = (said.title or next(_texts(tree, rules.title), "") or page_title(tree, announced))[:LONGEST_TITLE]
    shown = (*said.published, *_shown(tree, rules, zone, now), *page_dates(tree, data, title, zone))
    account = account_named(said.account or next(_texts(tree, rules.account), ""))[:_LONGEST_NAME]
    # Where a site has no authors its meta tags name the medium.
    named = [author for author in page_authors(tree, data) if author != account]
    reading = Reading(
        title=title,
        markdown="",
        authors=bylines(_texts(tree, rules.author)) or tuple(named),
        account=account,
        datings=shown,
        language=page_language(tree),
        original_url=said.url,
        extractor="",
    )
    return _with_body(reading, tree, url, bodies, rules)


def _less(said: Said, articles: ArticleRules) -> Said:
    """What a site says, less what the source has rules of its own for."""
    return replace(
        said,
        title="" if articles.title else said.title,
        published=() if articles.published else said.published,
        body=None if articles.body else said.body,
    )


def _bodies(tree: Element, rules: Site, said: Said) -> Iterator[Element]:
    """Where the body may stand, most trusted first; of what an expression finds the first, replies follow it."""
    if said.body is not None:
        yield said.body
    for expression in rules.body:
        yield from [found for found in found_in(tree, expression) if not isinstance(found, str)][:1]


def _with_body(reading: Reading, tree: Element, url: str, bodies: list[Element], rules: Site) -> Reading:
    prepare(tree, url)
    filled = any(map(holds_something, bodies))
    for body in bodies:
        if body.getroottree().getroot() is not tree:
            prepare(body, url)
        for unwanted in [found for expression in rules.drop for found in found_in(body, expression)]:
            if not isinstance(unwanted, str):
                take_out(unwanted)
        check_tree(body)
        markdown = _article_of(markdown_of(body), reading)
        if markdown:
            return replace(reading, markdown=markdown, extractor=BY_RULES)
    # Round a body of pictures or of dropped parts stands no article; an empty one is a leftover of another template.
    if filled:
        return replace(reading, extractor=BY_RULES)
    for body in bodies:
        take_out(body)
    return replace(
        reading, markdown=_article_of(main_markdown(narrowed(tree, check_tree), url), reading), extractor=EXTRACTOR
    )


def _article_of(markdown: str, reading: Reading) -> str:
    """The body without what stands round every article, without the link to its source below it, and without the
    title above it, which a reprint may change while the text stays the same.
    """
    first, _, rest = markdown.partition("\n")
    told = _is_title(first, reading.title)
    return _without_source(without_boilerplate(rest.strip() if told else markdown), reading.account)


def _without_source(markdown: str, account: str) -> str:
    """Without a last paragraph that is a link called after the source: 原文, the account, qq for new.qq.com."""
    link = _LAST_LINK.search(markdown)
    if link is None:
        return markdown
    words = link["words"].strip()
    named = comparable(words) in {comparable(account), *link["host"].split(".")}
    return markdown[: link.start()] if named or _TO_SOURCE.match(words) else markdown


def _is_title(first: str, title: str) -> bool:
    """Whether a line is the title above a body; a portal counts its pages behind it: 标题（2）."""
    words, name = comparable(first), comparable(title)
    if not name or not words.startswith(name):
        return False
    rest = words.removeprefix(name)
    return _PAGE_NUMBER.fullmatch(rest) is not None or (not rest and first.startswith("#"))


def _texts(tree: Element, expressions: tuple[str, ...]) -> Iterator[str]:
    """The texts that the first expression finds which finds any."""
    for expression in expressions:
        found = (clean(one if isinstance(one, str) else visible_text(one)) for one in found_in(tree, expression))
        texts = [text for text in found if text]
        if texts:
            yield from texts
            return


def _shown(tree: Element, rules: Site, zone: str, now: datetime) -> Iterator[Dating]:
    """The first date where the rules say that it is shown."""
    shown = (one for expression in rules.published for one in found_in(tree, expression))
    yield from [dating for one in shown if (dating := _dating(one, zone, now))][:1]


def _dating(one: Element | str, zone: str, now: datetime) -> Dating | None:
    """Themes that write 昨天 have the whole date in an attribute beside it."""
    if isinstance(one, str):
        return read_moment(one, ZoneInfo(zone), "page", now)
    told = (inner.get(name) for inner in one.iter() for name in ("datetime", "title", "content"))
    whole = (read_date(text, zone, "page") for text in told if text)
    return next(filter(None, whole), None) or read_moment(visible_text(one), ZoneInfo(zone), "page", now)
