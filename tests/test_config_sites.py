"""The rules of lists in a source's file, and what a site fills in by itself."""

import json
import re

import pytest
from config_faults import SUBSCRIPTIONS, THEMES, fill

from crawler.config.load import load_config
from crawler.config.models import EntryRules, Kind, Reader, Source
from crawler.config.report import ConfigError
from crawler.config.selectors import as_xpath, check_selector, is_xpath
from crawler.config.sites import expanded, faults_of_endpoints, site_of

LISTING = """\
name: alpha
kind: listing
endpoints:
  - url: https://alpha.example/news
"""
JSON = LISTING.replace("kind: listing", "kind: json")
QQ = LISTING.replace("kind: listing", "kind: qq").replace("alpha.example/news", "i.news.qq.com/other")
FEED = LISTING.replace("kind: listing", "kind: feed")

# What a source's file holds → the faults told of it.
BROKEN_RULES = {
    "a list page without rules": (LISTING, ["4: endpoints[0]: a listing needs entries: how its rows are found; …"]),
    "an endpoint of a feed that is a list page": (
        FEED + "  - url: https://alpha.example/more\n    kind: listing\n",
        ["5: endpoints[1]: a listing needs entries: how its rows are found; …"],
    ),
    "entries without items": (
        LISTING + "entries: {link: a}\n",
        ["5: entries.items: missing; this key must be given"],
    ),
    "no items": (LISTING + "entries: {items: []}\n", ["5: entries.items: expected at least 1 in the list"]),
    "an empty expression": (
        LISTING + "entries: {items: ['']}\n",
        ['5: entries.items[0] = "": String should have at least 1 character'],
    ),
    "CSS": (
        LISTING + "entries:\n  items: li\n  link: 'a['\n",
        ['7: entries.link = "a[": not a CSS selector: a name or * is missing at its end'],
    ),
    "CSS of an endpoint": (
        LISTING + "    entries:\n      items:\n        - li\n        - 'li >'\n",
        [
            (
                '8: endpoints[0].entries.items[1] = "li >": not a CSS selector: '
                "an element such as li or .title is missing at its end"
            ),
        ],
    ),
    "XPath": (
        LISTING + "entries:\n  items: li\n  title: './/h2['\n",
        ['7: entries.title = ".//h2[": not an XPath expression: Invalid expression'],
    ),
    "a function XPath does not have": (
        LISTING + "entries:\n  items: li\n  title: 'lower-case(.)'\n",
        ['7: entries.title = "lower-case(.)": not an XPath expression: Unregistered function'],
    ),
    "an XPath in a row that leaves the row": (
        LISTING + "entries:\n  items: //li\n  title: //h2\n",
        ['7: entries.title = "//h2": looks at the whole page, not at its row; write .//h2'],
    ),
    "JSON's rules in a list page": (
        LISTING + "entries:\n  items: li\n  ok: code\n",
        ['7: entries.ok = "code": is asked of JSON alone, and this is a list page; …'],
    ),
    "rules for a feed": (
        FEED + "    entries: {items: li}\n",
        ["5: endpoints[0].entries: a feed is read without rules; delete them, or change kind"],
    ),
    "JSON without link": (
        JSON + "entries: {items: data}\n",
        ["5: entries: entries of a json need link: where the address of a row stands; add link: url"],
    ),
    "JMESPath": (
        JSON + "entries:\n  items: 'data['\n  link: url\n",
        ['6: entries.items = "data[": not a JMESPath expression: …'],
    ),
    "JMESPath of ok": (
        JSON + "entries:\n  items: data\n  link: url\n  ok: 'code ='\n",
        ['8: entries.ok = "code =": not a JMESPath expression: …'],
    ),
    "XPath in JSON": (
        JSON + "entries:\n  items: //li\n  link: url\n",
        ['6: entries.items = "//li": not a JMESPath expression: …'],
    ),
    "JMESPath in an address": (
        JSON + "entries:\n  items: data\n  link: [url, 'https://alpha.example/{id[}']\n",
        ['7: entries.link[1] = "https://alpha.example/{id[}": not a JMESPath expression: …'],
    ),
    "empty braces in an address": (
        JSON + "entries:\n  items: data\n  link: 'https://alpha.example/{}'\n",
        ['7: entries.link = "https://alpha.example/{}": braces with nothing in them; …'],
    ),
    "an address for a title": (
        JSON + "entries:\n  items: data\n  link: url\n  title: 'https://alpha.example/{id}'\n",
        ['8: entries.title = "https://alpha.example/{id}": not a JMESPath expression: …'],
    ),
    "JMESPath in the HTML of JSON": (
        JSON + "entries:\n  items: 'data[?id == `1`]'\n  html: data.list\n",
        ['6: entries.items = "data[?id == `1`]": not a CSS selector: …'],
    ),
    "a brace without its partner": (
        JSON + "entries:\n  items: data\n  link: 'https://alpha.example/{id'\n",
        ['7: entries.link = "https://alpha.example/{id": a brace without its partner; …'],
    ),
    "a comparison as other languages write it": (
        JSON + "entries:\n  items: data\n  link: url\n  ok: code == 0\n",
        [
            (
                '8: entries.ok = "code == 0": not a JMESPath expression: '
                'invalid token: Parse error at column 8, token "0" (NUMBER), for expression: "code == 0"; '
                "compare with == and write the value in backquotes: code == `0`"
            )
        ],
    ),
    "an address where a list is due": (
        "name: alpha\nkind: feed\nendpoints: https://alpha.example/feed\n",
        ['3: endpoints = "https://alpha.example/feed": expected a list, got text; write [{url: …}]'],
    ),
    "the rules of a source are told once": (
        JSON + "  - url: https://alpha.example/more\nentries:\n  items: 'a ='\n  link: url\n",
        ['7: entries.items = "a =": not a JMESPath expression: …'],
    ),
    "a body that is no element": (
        FEED + "articles:\n  body: ['div.zw', 'div.zw::text']\n  drop: //img/@src\n",
        [
            '6: articles.body[1] = "div.zw::text": finds a text or an attribute, and an element is wanted; …',
            '7: articles.drop = "//img/@src": finds a text or an attribute, and an element is wanted; …',
        ],
    ),
    "a referer that is not visited": (
        FEED + "headers:\n  X-App: web\n  Referer: https://alpha.example/\n",
        [
            (
                '7: headers.Referer = "https://alpha.example/": '
                "a Referer may only name an address that this source polls; …"
            )
        ],
    ),
    "a header that is ours": (
        FEED + "headers:\n  X-App: web\n  User-Agent: Mozilla/5.0\n",
        ["7: headers.User-Agent: cannot be set: presswatch says who it is and logs in nowhere"],
    ),
    "a cookie": (
        FEED + "headers: {cookie: a=b}\n",
        ["5: headers.cookie: cannot be set: presswatch says who it is and logs in nowhere"],
    ),
    "no name of a header": (FEED + "headers: {'a b': c}\n", ["5: headers.a b: is not the name of a header"]),
    "a header of two lines": (
        FEED + 'headers: {X-App: "a\\nb"}\n',
        ['5: headers.X-App = "a\\nb": holds control characters, which no request header may carry'],
    ),
    "a charset that is none": (
        FEED + "charset: gbq\n",
        ['5: charset = "gbq": not a character encoding Python knows, such as gb18030'],
    ),
    "a codec that makes no text": (
        FEED + "charset: hex\n",
        ['5: charset = "hex": not a character encoding Python knows, such as gb18030'],
    ),
    "two bodies": (
        FEED + "    post_json: {a: 1}\n    post_form: {a: b}\n",
        ["4: endpoints[0]: give either post_json or post_form, not both"],
    ),
    "an address qq does not have": (
        QQ,
        [
            (
                '4: endpoints[0].url = "https://i.news.qq.com/other": a source of kind qq does not know how to read '
                "it; add kind: feed, sitemap, listing, json, docsify, mirror, mirror_index"
            )
        ],
    ),
    "a placeholder that stands for nothing": (
        FEED.replace("/news", "/news?page={p}"),
        [
            (
                '4: endpoints[0].url = "https://alpha.example/news?page={p}": {p} stands for nothing; '
                "known: {page}, {cursor}, {fragment}"
            )
        ],
    ),
    "placeholders of a body that stand for nothing": (
        JSON
        + "    post_json:\n      id: '{installation}'\n      a:\n        - b: '{pgae}-{page}'\n"
        + "entries: {items: d, link: u}\n",
        [
            (
                '8: endpoints[0].post_json.a[0].b = "{pgae}-{page}": {pgae} stands for nothing; '
                "known: {page}, {cursor}, {fragment}, {installation}"
            )
        ],
    ),
    "one of a form": (
        JSON + "    post_form:\n      p: '{Page}'\nentries: {items: d, link: u}\n",
        ['6: endpoints[0].post_form.p = "{Page}": {Page} stands for nothing; …'],
    ),
    "a cursor of a list page": (
        LISTING + "    pages:\n      cursor: next\nentries: {items: li}\n",
        [
            '6: endpoints[0].pages.cursor = "next": is asked of JSON alone; delete it, or change kind to json',
        ],
    ),
    "a link to the next page of JSON": (
        JSON + "    pages:\n      next: a.next\nentries: {items: d, link: u}\n",
        ['6: endpoints[0].pages.next = "a.next": is looked for in list pages alone; …'],
    ),
    "too many pages": (
        FEED + "    pages:\n      most: 9\n",
        ["6: endpoints[0].pages.most = 9: expected at most 5"],
    ),
    "the link to the next page": (
        FEED + "    pages:\n      next: 'a['\n",
        ['6: endpoints[0].pages.next = "a[": not a CSS selector: …'],
    ),
    "an unknown key of the rules": (
        LISTING + "entries:\n  items: li\n  titel: h2\n",
        ['7: entries.titel = "h2": unknown key; nearest known key: title'],
    ),
}


def load(folder, text, environ=None):
    fill(folder, {"themes.yaml": THEMES, "subscriptions.yaml": SUBSCRIPTIONS, "sources/alpha.yaml": text})
    [source] = load_config(folder, environ=environ or {}).sources
    return source


@pytest.mark.parametrize(("text", "told"), BROKEN_RULES.values(), ids=BROKEN_RULES)
def test_what_is_wrong_with_rules_is_told_at_its_line(tmp_path, text, told):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    lines = [str(fault).removeprefix("sources/alpha.yaml:") for fault in caught.value.faults]
    assert len(lines) == len(told)
    for line, expected in zip(lines, told, strict=True):
        # An ellipsis leaves out what a library or a hint says.
        assert line == expected or (expected.endswith("…") and line.startswith(expected.rstrip("…"))), line


def test_a_secret_in_a_rule_never_stands_in_a_report(tmp_path):
    text = JSON + "entries: {items: 'data[${SECRET}', link: url}\nheaders: {Referer: 'https://${SECRET}.example'}\n"
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text.replace("/news", "/${SECRET}{x}"), {"SECRET": "geheim-99"})
    assert "geheim" not in str(caught.value)
    assert len(caught.value.faults) == 3


def test_a_referer_may_name_a_list_that_is_polled(tmp_path):
    source = load(tmp_path, FEED.replace("/news", "/news#tech") + "headers: {referer: https://alpha.example/news}\n")
    assert source.headers == {"referer": "https://alpha.example/news"}


def test_a_body_may_hold_braces_that_are_no_placeholder(tmp_path):
    body = "{query: '{ posts { title } }', page: '{page}'}"
    source = load(tmp_path, JSON + f"    post_json: {body}\nentries: {{items: d, link: u}}\n")
    assert source.endpoints[0].post_json["query"] == "{ posts { title } }"


def test_one_expression_needs_no_list(tmp_path):
    rules = load(tmp_path, LISTING + "entries: {items: li, title: [h2, .//h3]}\n")
    assert rules.entries == rules.endpoints[0].entries == EntryRules(items=("li",), title=("h2", ".//h3"))


def test_rules_of_an_endpoint_go_before_those_of_its_source(tmp_path):
    source = load(tmp_path, LISTING + "    entries: {items: dl}\nentries: {items: li}\n")
    assert source.endpoints[0].entries.items == ("dl",)


# What a site fills in.


def a_source(kind, url, **more):
    return Source(name="x", kind=kind, endpoints=({"url": url, **more},))


READERS = {
    "https://news.qq.com/sitemap/index.xml": Reader.SITEMAP,
    "https://i.news.qq.com/web_feed/getPCList#tech": Reader.JSON,
    "https://r.inews.qq.com/web_feed/getPCList#finance": Reader.JSON,
    "https://r.inews.qq.com/gw/event/hot_ranking_list?page_size=50": Reader.JSON,
    "https://i.news.qq.com/gw/event/pc_hot_ranking_list?rank_id=ent&page_size=51": Reader.JSON,
    "https://i.news.qq.com/getSubNewsMixedList?guestSuid=8QMf&tabId=om_index": Reader.JSON,
    "https://i.news.qq.com/web_backend/v2/getTagInfo?tagId=aEWqxLtdgmQ%3D": Reader.JSON,
    "https://news.qq.com/ch/tech": Reader.LISTING,
    "https://i.news.qq.com/i/getUserHomepageInfo?chlid=1": None,
    "https://i.news.qq.com/web_feed/getPCList": None,
}


@pytest.mark.parametrize(("url", "reader"), READERS.items())
def test_qq_knows_its_lists(url, reader):
    source = expanded(a_source(Kind.QQ, url))
    assert source.endpoints[0].kind is reader
    assert bool(list(faults_of_endpoints(source))) == (reader is None)


@pytest.mark.parametrize(
    ("kind", "url", "reader"),
    [
        (Kind.IYIOU, "https://www.iyiou.com/feed", Reader.FEED),
        (Kind.IYIOU, "https://www.iyiou.com/news", Reader.LISTING),
        (Kind.IYIOU, "https://www.iyiou.com/AI/", Reader.LISTING),
        (Kind.DISCUZ, "https://bbs.example/portal.php?mod=list&catid=2", Reader.LISTING),
        (Kind.DISCUZ, "https://bbs.example/portal.php?mod=rss&catid=2", Reader.FEED),
        (Kind.WECHAT_MIRROR, "https://m.example/#/gzh/gzh_list", Reader.MIRROR_INDEX),
        (Kind.WECHAT_MIRROR, "https://m.example/gzh/gzh_list.md", Reader.MIRROR_INDEX),
        (Kind.WECHAT_MIRROR, "https://m.example/#/gzh/%E4%B9%9D%E8%BE%B9", Reader.MIRROR),
    ],
)
def test_a_site_knows_its_lists(kind, url, reader):
    source = expanded(a_source(kind, url))
    assert source.endpoints[0].kind is reader
    assert not list(faults_of_endpoints(source))


@pytest.mark.parametrize("kind", [kind for kind in Kind if site_of(kind) is not None])
def test_what_is_known_of_a_site_has_no_fault_and_is_read_once(kind):
    site = site_of(kind)
    assert site_of(kind) is site
    for preset in site.endpoints:
        endpoint = {**preset.model_dump(exclude_unset=True, exclude={"match"}), "url": "https://site.example/"}
        source = Source(name="x", kind=Kind.LISTING, endpoints=(endpoint,))
        assert not list(faults_of_endpoints(source)), preset.match


@pytest.mark.parametrize("kind", [Kind.FEED, Kind.SITEMAP, Kind.LISTING, Kind.JSON, Kind.DOCSIFY])
def test_a_general_kind_is_no_site(kind):
    assert site_of(kind) is None
    assert expanded(a_source(kind, "https://a.example/")).endpoints[0].kind == kind.value


def test_what_the_config_says_goes_before_what_is_known():
    endpoint = {
        "url": "https://i.news.qq.com/web_feed/getPCList#tech",
        "post_form": {"a": "b"},
        "pages": {"most": 1},
        "entries": {"items": "rows", "link": "u"},
    }
    given = Source(name="x", kind=Kind.QQ, endpoints=(endpoint,), articles={"url": "/x/"})
    [endpoint] = expanded(given).endpoints
    assert (endpoint.post_form, endpoint.post_json, endpoint.pages.most) == ({"a": "b"}, None, 1)
    assert endpoint.entries == EntryRules(items=("rows",), link=("u",))
    articles = expanded(given).articles
    assert (articles.url, articles.gone_at) == ("/x/", r"qq\.com/babygohome")


# Expressions.


@pytest.mark.parametrize(
    "expression",
    [
        "//li", "/html/body", ".//a/@href", "..", ".", "(//li)[1]", "@href", "self::a", "descendant::h2",
        "parent::li/a", "following-sibling::dd", "string(.)", "normalize-space(.//h2)", "./a",
    ],
)  # fmt: skip
def test_these_are_xpath(expression):
    assert is_xpath(expression)
    assert check_selector(expression) == as_xpath(expression) == expression


@pytest.mark.parametrize(
    "expression",
    [
        "li", ".title", "#ct dl", "a:not(.x)", "a::attr(href)", "a::text", "*", "[href]", "following", "self > a",
        'a[href*="/rain/a/"]', "ul.x > li.y, .swiper a", "li:nth-child(2)", "descendant", "h2:contains('x')",
    ],
)  # fmt: skip
def test_these_are_css(expression):
    assert not is_xpath(expression)
    assert as_xpath(check_selector(expression)).startswith("descendant-or-self::")


def test_the_body_may_be_found_by_its_attributes(tmp_path):
    body = ["div[data-a='@b']", "//div[@class]", "//p[text()]", "//p[not(@class)]/.."]
    source = load(tmp_path, FEED + f"articles: {{body: {json.dumps(body)}}}\n")
    assert source.articles.body == tuple(body)


@pytest.mark.parametrize("expression", ["re:test(., 'x')", ".//p[re:match(., 'x')]", "p:has(re:replace(., 'x'))"])
def test_what_extends_xpath_elsewhere_is_named_with_what_to_write_instead(expression):
    with pytest.raises(ValueError, match=r"EXSLT's re: is not understood; write \.//p\[contains"):
        check_selector(expression)


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("div[[x]]", 'a name or * is missing before character 5, "["'),
        ("a..b", 'a name is missing before character 3, "."'),
        ("a]", 'an element such as li or .title is missing before character 2, "]"'),
        ("a[b=]", 'a name or a text in quotes is missing before character 5, "]"'),
        ("a[b?c]", '= or ] is missing before character 4, "?"'),
        ("a[b=c", "] is missing at its end"),
        ("a[b='c]", "the quote at character 5 is not closed"),
        ("a::attr(", "what belongs between the brackets is missing at its end"),
        ("a:foo", "The pseudo-class :foo is unknown"),
    ],
)
def test_a_slip_in_css_is_told_in_plain_words_with_its_place(expression, told):
    with pytest.raises(ValueError, match=re.escape(f"not a CSS selector: {told}") + "$"):
        check_selector(expression)
