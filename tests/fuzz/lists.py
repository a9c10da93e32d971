"""The readers of lists as targets."""

from crawler.config.models import EntryRules, Pages
from crawler.docsify import parse_docsify_list, parse_mirror_index, parse_mirror_list
from crawler.feeds import parse_feed
from crawler.items import Announced, PollFaultError
from crawler.json_lists import parse_json_list
from crawler.listings import parse_listing
from crawler.sitemaps import parse_sitemap
from fuzz.laws import check_announced
from fuzz.target import Target, answer_of, taken_apart

_SITE = "https://news.chenfeng.example"
_MIRROR = "https://mirror.example/gzh/guanchao.md"
_ROWS = EntryRules(
    items=("li", "div.row", "//tr"), title=("h2", "a"), summary=("p",), author=(".by",), published=("time", ".date")
)
_JSON = EntryRules(
    items=("data.list[]", "data.items", "@"),
    link=("url", "link.href", _SITE + "/a/{id}.html"),
    title=("title", "join(' ', names)"),
    summary=("summary", "sum"),
    author=("author.name", "author"),
    published=("published", "time"),
    error=("message"),
)
_EMBEDDED = EntryRules(items=("list",), link=("url",), title=("title",), after=r"__STATE__\s*=\s*")
_HTML_INSIDE = EntryRules(items=("li",), html="data.html")


def _feed(data: bytes) -> Announced:
    content_type, body = taken_apart(data)
    return parse_feed(body, content_type, f"{_SITE}/feed")


def _listing(data: bytes) -> Announced:
    return parse_listing(answer_of(data, f"{_SITE}/list/"), _ROWS, Pages(next=("a.next",)))


def _json(data: bytes) -> Announced:
    return parse_json_list(answer_of(data, f"{_SITE}/api"), _JSON, Pages(cursor="data.cursor"))


def _json_in_page(data: bytes) -> Announced:
    return parse_json_list(answer_of(data, f"{_SITE}/"), _EMBEDDED, Pages())


def _html_in_json(data: bytes) -> Announced:
    return parse_json_list(answer_of(data, f"{_SITE}/api"), _HTML_INSIDE, Pages())


def _target(name, read, *more):
    return Target(name=name, read=read, laws=check_announced, declared=(PollFaultError,), more=more)


LISTS = (
    _target("feed", _feed),
    _target("sitemap", lambda data: parse_sitemap(answer_of(data, f"{_SITE}/sitemap.xml"))),
    _target("listing", _listing),
    _target("json_list", _json),
    _target("json_in_page", _json_in_page),
    _target("html_in_json", _html_in_json),
    _target("docsify_list", lambda data: parse_docsify_list(answer_of(data, "https://docs.example/site/README.md"))),
    _target("mirror_list", lambda data: parse_mirror_list(answer_of(data, _MIRROR))),
    _target("mirror_index", lambda data: parse_mirror_index(answer_of(data, "https://mirror.example/gzh/README.md"))),
)
