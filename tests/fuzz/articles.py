"""The readers of pages as targets: whole pages to articles, and the parts that read what scripts say."""

from dataclasses import replace

from pages import FEED, MARKDOWN_URL, MIRROR, URL, page

from crawler.config.models import ArticleRules, Source
from crawler.items import Article, Ended
from crawler.markup import ParseError, parse
from fuzz.laws import check_article, check_text
from fuzz.target import Target, taken_apart
from pipelines.extract.dates import page_dates
from pipelines.extract.extract import extract
from pipelines.extract.metadata import linked_data, page_authors
from pipelines.extract.scripts import bracketed, formed, json_after, literal, operand, plain
from pipelines.extract.sites import qq, weixin

_WEIXIN = "https://mp.weixin.qq.com/s?__biz=MzAwMDAwMDAwMg==&mid=2247000002&idx=1&sn=fedcba9876543210fedcba9876543210"
_QQ = "https://new.qq.com/rain/a/20250301A0123400"
_RULED = FEED.model_copy(
    update={"articles": ArticleRules(title=("h1",), body=(".post", "article"), drop=(".share",), published=("time",))}
)


def _page(data: bytes, url: str = URL, source: Source = FEED) -> Article | Ended:
    content_type, body = taken_apart(data)
    return extract(replace(page(body, content_type=content_type or "text/html", url=url), headers=()), source)


def _pages_of_data_sites(data: bytes) -> Article | Ended:
    return _page(data, "https://www.huxiu.com/article/1.html", _RULED)


def _scripts(data: bytes) -> list[str]:
    text = data.decode("utf-8", "surrogateescape")
    found = [
        literal(text, "nickname", "msg_title", "content_noencode"),
        formed(text, r"\d{9,10}", "ct", "createTime"),
        operand(text, 0),
        bracketed(text, max(0, text.find("["))),
    ]
    json_after(text, r"(?:window\.)?DATA")
    return [*found, *map(plain, found)]


def _scripts_laws(found: list[str], data: bytes) -> None:
    for text in found:
        assert len(text) <= 2 * len(data)


def _sites(data: bytes) -> list[object]:
    tree = parse(data.decode("utf-8", "replace"))
    return [] if tree is None else [qq.read(tree), weixin.read(tree)]


def _linked_data(data: bytes) -> list[str]:
    text = data.decode("utf-8", "replace")
    tree = parse(f"<html><body><script type='application/ld+json'>{text}</script></body></html>")
    found = linked_data(tree)
    page_dates(tree, found, "标题", "Asia/Shanghai")
    return list(page_authors(tree, found))


def _authors_laws(authors: list[str], _: bytes) -> None:
    for author in authors:
        check_text(author)


def _article(name, read, *more):
    return Target(name=name, read=read, laws=check_article, more=more)


ARTICLES = (
    _article("page", _page, "extract"),
    _article("page_by_rules", _pages_of_data_sites, "page", "extract"),
    _article("weixin", lambda data: _page(data, _WEIXIN)),
    _article("qq", lambda data: _page(data, _QQ)),
    _article("docsify_page", lambda data: _page(data, MARKDOWN_URL, MIRROR)),
    Target(name="scripts", read=_scripts, laws=_scripts_laws, more=("weixin", "qq")),
    Target(name="sites", read=_sites, laws=lambda *_: None, declared=(ParseError,), more=("weixin", "qq")),
    Target(name="linked_data", read=_linked_data, laws=_authors_laws, declared=(ParseError,)),
)
