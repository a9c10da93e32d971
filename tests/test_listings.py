"""List pages in HTML → entries by rules, and what is said of pages that are no list."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.config.models import EntryRules, Pages
from crawler.items import Answer, NoRowsError, PollFaultError, Precision
from crawler.listings import parse_listing
from crawler.urls import article_key, check_fetchable

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2025, 2, 14, 10, 0, tzinfo=UTC)
URL = "https://news.chenfeng.example/list/"


def answer(body, url=URL, content_type="text/html; charset=utf-8", charset=""):
    body = body if isinstance(body, bytes) else body.encode()
    return Answer(url=url, body=body, content_type=content_type, at=AT, zone=ZONE, charset=charset)


def read(body, pages=None, url=URL, **rules):
    return parse_listing(answer(body, url), EntryRules(**{"items": "li", **rules}), Pages(next=pages or ()))


def urls(read):
    return [entry.url for entry in read.entries]


def titles(read):
    return [entry.title for entry in read.entries]


# The rules.


def test_a_row_gives_what_its_rules_find():
    page = """<ul><li><h2><a href="/a/1">人形机器人<em>进厂</em></a></h2><p>一家工厂<br>开始试用。</p>
    <span class="by">林晓</span><time datetime="2025-02-13T09:30:00+08:00">昨天</time></li></ul>"""
    rules = {"title": "h2", "summary": "p", "author": ".by", "published": "time::attr(datetime)"}
    [entry] = read(page, **rules).entries
    assert (entry.url, entry.key) == ("https://news.chenfeng.example/a/1", "url:news.chenfeng.example/a/1")
    assert (entry.title, entry.summary, entry.authors) == ("人形机器人进厂", "一家工厂 开始试用。", ("林晓",))
    assert (entry.published.at, entry.published.where) == (datetime(2025, 2, 13, 1, 30, tzinfo=UTC), "list")


@pytest.mark.parametrize(
    ("row", "title"),
    [
        ('<li><a href="/a/1">甲</a><a href="/a/2">乙</a></li>', "甲"),
        ('<li><a>目录</a><a href="/a/1">甲</a></li>', "甲"),
        ('<li><a href="/a/1" title="甲的全名"><img></a></li>', "甲的全名"),
        ('<li><a href="javascript:void(0)">分享</a><a href="#top">顶</a><a href="/a/1">甲</a></li>', "甲"),
        ('<li><a href="/a/1"> 甲 <script>x()</script><b>乙</b>\n</a></li>', "甲 乙"),
    ],
    ids=[
        "the first link",
        "no address",
        "the title attribute",
        "links to no page",
        "visible text alone",
    ],
)
def test_without_rules_a_row_is_its_first_link_and_its_text(row, title):
    found = read(row)
    assert (urls(found), titles(found)) == (["https://news.chenfeng.example/a/1"], [title])


def test_a_row_may_be_the_link_itself():
    page = '<a href="/about">我们</a><a href="/rain/a/1">甲</a><a href="//news.chenfeng.example/rain/a/2">乙</a>'
    found = read(page, items='a[href*="/rain/a/"]')
    assert urls(found) == ["https://news.chenfeng.example/rain/a/1", "https://news.chenfeng.example/rain/a/2"]
    assert titles(found) == ["甲", "乙"]


@pytest.mark.parametrize("link", ["a.t", "a.t::attr(href)", ".//a[2]", ".//a[2]/@href", ["i", "a.t"]])
def test_the_link_may_be_an_element_or_its_attribute_in_css_or_xpath(link):
    found = read('<li><i></i><a href="/x">图</a><a class=t href="/a/1">甲</a></li>', link=link)
    assert (urls(found), titles(found)) == (["https://news.chenfeng.example/a/1"], ["甲"])


def test_the_first_expression_that_finds_rows_is_taken():
    page = '<dl><a href="/a/1">甲</a></dl><li><a href="/a/2">乙</a></li>'
    assert titles(read(page, items=["div.gone", "//li", "dl"])) == ["乙"]


def test_in_a_row_the_first_expression_that_finds_text_is_taken():
    found = read('<li><h2> </h2><b></b><b>甲</b><a href="/a/1">乙</a></li>', title=["h3", "h2", "b", "a"])
    assert titles(found) == ["甲"]


def test_a_date_is_the_first_text_that_is_one():
    found = read('<li><a href="/a/1">甲</a><i>作者</i><i>3 小时前</i></li>', published=["b", "i"])
    assert (found.entries[0].published.text, found.entries[0].published.precision) == ("3 小时前", Precision.HOUR)


def test_a_computed_text_is_a_text():
    found = read('<li><a href="/a/1">甲</a><i>2025</i><i>-02-01</i></li>', published="concat(./i[1], ./i[2])")
    assert found.entries[0].published.text == "2025-02-01"


def test_one_article_is_announced_once_with_its_title():
    page = """<li><a href="/a/1?utm_source=top"><img></a></li><li><a href="/a/2">乙</a></li>
    <li><a href="/a/1">甲</a></li><li><a href="/a/1">甲，置顶</a></li>"""
    found = read(page)
    assert (urls(found), titles(found)) == ([f"https://news.chenfeng.example/a/{n}" for n in (1, 2)], ["甲", "乙"])


def test_rows_without_a_link_announce_nothing_and_unusable_ones_are_unread():
    page = """<li>广告</li><li><a href="mailto:a@b.example">信</a></li><li><a href="">空</a></li>
    <li><a href="ftp://f.example/a">档</a></li><li><a href="http://[broken">坏</a></li><li><a href="/a/1">甲</a></li>"""
    found = read(page)
    assert (titles(found), found.unread) == (["甲"], 2)


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ('<base href="https://www.chenfeng.example/">', "https://www.chenfeng.example/a/1.html"),
        ('<base href="/sub/">', "https://news.chenfeng.example/sub/a/1.html"),
        ('<base target="_blank">', "https://news.chenfeng.example/list/a/1.html"),
        ('<base href="javascript:x">', "https://news.chenfeng.example/list/a/1.html"),
        ("", "https://news.chenfeng.example/list/a/1.html"),
    ],
)
def test_relative_links_count_from_the_base(base, expected):
    assert urls(read(f'<head>{base}</head><li><a href="a/1.html">甲</a></li>')) == [expected]


@pytest.mark.parametrize(
    ("href", "expected"),
    [("/a/一 二", "/a/一%20二"), (" /a/1\n", "/a/1"), ("/a/\t1", "/a/1"), ("?a=1&amp;b=2", "/list/?a=1&b=2")],
)  # fmt: skip
def test_links_are_read_as_browsers_do(href, expected):
    assert urls(read(f'<li><a href="{href}">甲</a></li>')) == [f"https://news.chenfeng.example{expected}"]


NEXT = {
    "a link": ('<a class=nxt href="?page=2">', ["a.nxt"], f"{URL}?page=2"),
    "its attribute": ('<a class=nxt href="?page=2">', [".//a[@class='nxt']/@href"], f"{URL}?page=2"),
    "an offset by the name of a click's": ('<a class=nxt href="?from=20">', ["a.nxt"], f"{URL}?from=20"),
    "the second expression": ('<a class=nxt href="?page=2">', ["a.gone", "a.nxt::attr(href)"], f"{URL}?page=2"),
    "a sister of the host": (
        '<a class=nxt href="http://m.chenfeng.example/2">',
        ["a.nxt"],
        "http://m.chenfeng.example/2",
    ),
    "another host": ('<a class=nxt href="https://other.example/2">', ["a.nxt"], ""),
    "a script": ('<a class=nxt href="javascript:next()">', ["a.nxt"], ""),
    "the page itself": (f'<a class=nxt href="{URL}#2">', ["a.nxt"], ""),
    "no address at all": ('<a class=nxt href="http://[x">', ["a.nxt"], ""),
    "not there": ("", ["a.nxt"], ""),
    "not asked for": ('<a class=nxt href="?page=2">', [], ""),
}


@pytest.mark.parametrize(("link", "rules", "expected"), NEXT.values(), ids=NEXT)
def test_the_next_page(link, rules, expected):
    assert read(f'<li><a href="/a/1">甲</a></li>{link}2</a>', rules).next_url == expected


def test_the_charset_of_the_config_goes_before_what_a_page_declares():
    page = '<meta charset="utf-8"><li><a href="/a/1">芯片</a></li>'.encode("gb18030")
    found = parse_listing(answer(page, charset="gb18030"), EntryRules(items="li"), Pages())
    assert titles(found) == ["芯片"]


# What is no list.

INSTEAD = {
    "empty": (b"", NoRowsError, "the answer is empty"),
    "JSON": (b'{"code": 1}', PollFaultError, r"something that is not HTML \(text/html; charset=utf-8\)"),
    "another page": (
        "<title>芯片 - 晨风</title><p>x".encode(),
        NoRowsError,
        'no row was found by li, .//dl; a page titled "芯片 - 晨风"$',
    ),
    "an untitled page": (b"<p>x", NoRowsError, "a page without a title"),
    "Alibaba's wall": (
        "<title>405</title>很抱歉，由于您访问的URL有可能对网站造成安全威胁，您的访问被阻断。".encode(),
        NoRowsError,
        'a page titled "405" that asks visitors to prove themselves',
    ),
    "a script's wall": (b"<script>document.cookie='_waftokenid=1'</script>", NoRowsError, "prove themselves"),
    "no links": (b"<li>a<li>b", NoRowsError, r"no link in any row was found by a\[href\]"),
}


@pytest.mark.parametrize(("body", "fault", "says"), INSTEAD.values(), ids=INSTEAD)
def test_what_is_no_list_is_told_as_what_it_is(body, fault, says):
    with pytest.raises(fault, match=says):
        read(body, items=["li", ".//dl"])


def test_rows_that_are_all_unreadable_are_no_empty_list():
    found = read('<li><a href="ftp://f.example/a">档</a></li>')
    assert (found.entries, found.unread) == ((), 1)


# Whatever comes.

RULES = [
    EntryRules(items="li", title="h2", published="i", summary="p", author="b"),
    EntryRules(items=("div", "//a"), link=("a::attr(href)", "@href")),
    EntryRules(items="*"),
]
PIECES = """<li>|</li>|<div>|<a href="/a/1">|<a href="http://[x">|<a href=ftp://x>|<a href=?a=1>|</a>|<h2>|<!--|<svg>
|<base href="//y.example/">|<i>3小时前</i>|<i>02-30</i>|芯片|&#0;|&#xd800;|&amp;|<![CDATA[|<script>|\x00|\ud800"""
HTML = st.lists(st.sampled_from(PIECES.split("|")) | st.text(max_size=5), max_size=20).map("".join)


@given(st.binary(max_size=200) | HTML.map(lambda text: text.encode("utf-8", "surrogatepass")), st.sampled_from(RULES))
def test_any_bytes_give_entries_that_can_be_fetched_or_one_fault(body, rules):
    try:
        found = parse_listing(answer(body), rules, Pages(next="a"))
    except PollFaultError:
        return
    for entry in found.entries:
        check_fetchable(entry.url)
        assert entry.key == article_key(entry.url)
        assert "\n" not in entry.title + entry.summary
    assert len({entry.key for entry in found.entries}) == len(found.entries)
