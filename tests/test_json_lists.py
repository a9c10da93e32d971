"""Lists in JSON → entries by rules, further sites by config alone, and what is said of answers that are no list."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.config.models import EntryRules, Pages
from crawler.items import Answer, NoRowsError, PollFaultError, Precision
from crawler.json_lists import parse_json_list
from crawler.urls import article_key, check_fetchable

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2025, 2, 14, 10, 0, tzinfo=UTC)
URL = "https://api.chenfeng.example/v1/list"


def answer(body, url=URL):
    text = body if isinstance(body, bytes | str) else json.dumps(body, ensure_ascii=False)
    raw = text if isinstance(text, bytes) else text.encode()
    return Answer(url=url, body=raw, content_type="application/json", at=AT, zone=ZONE)


def read(body, pages=None, url=URL, **rules):
    return parse_json_list(answer(body, url), EntryRules(**{"items": "data", "link": "url", **rules}), pages or Pages())


def urls(read):
    return [entry.url for entry in read.entries]


def titles(read):
    return [entry.title for entry in read.entries]


# The rules.


def test_a_row_gives_what_its_rules_find():
    row = {
        "url": "/a/1",
        "title": " <b>人形</b>机器人 &amp; 进厂",
        "note": "一家工厂<br>开始试用。",
        "ctime": 1739440800,
    }
    row["by"] = {"name": "林晓"}
    [entry] = read({"data": [row]}, title="title", summary="note", author="by.name", published="ctime").entries
    assert (entry.url, entry.key) == ("https://api.chenfeng.example/a/1", "url:api.chenfeng.example/a/1")
    assert (entry.title, entry.summary, entry.authors) == ("人形机器人 & 进厂", "一家工厂 开始试用。", ("林晓",))
    assert (entry.published.at, entry.published.where) == (datetime(2025, 2, 13, 10, tzinfo=UTC), "list")


def test_the_first_expression_that_finds_something_is_taken():
    body = {"list": [], "data": {"rows": [{"url": "", "surl": "/a/1", "title": None, "short": 2025}]}}
    found = read(body, items=["list", "data.rows"], link=["url", "surl"], title=["title", "gone.there", "short"])
    assert (urls(found), titles(found)) == (["https://api.chenfeng.example/a/1"], ["2025"])


@pytest.mark.parametrize(
    ("row", "url"),
    [
        ({"id": 7, "kind": "a"}, "https://www.chenfeng.example/a/7.html"),
        ({"id": "七 /?#", "kind": "a"}, "https://www.chenfeng.example/a/%E4%B8%83%20%2F%3F%23.html"),
        ({"id": 7, "kind": "", "url": "/a/8"}, "https://api.chenfeng.example/a/8"),
        ({"id": 0, "kind": "a"}, None),
        ({"id": True, "kind": "a"}, None),
        ({"id": {"x": 1}, "kind": "a"}, None),
    ],
    ids=[
        "a number",
        "a text that must be quoted",
        "the next expression",
        "no id",
        "yes for an id",
        "an object for an id",
    ],
)
def test_an_address_may_be_made_of_what_a_row_holds(row, url):
    other = {"id": 1, "kind": "b"}
    found = read({"data": [row, other]}, link=["https://www.chenfeng.example/{kind}/{id}.html", "url"])
    assert (urls(found)[:-1], found.unread) == ([url] if url else [], 0)


def test_rows_none_of_which_has_a_link_are_told_with_the_keys_that_are_there():
    told = r"2 rows, none with a link: https://a.example/\{newsid\} gives nothing; the keys of a row are id, headline"
    with pytest.raises(PollFaultError, match=told):
        read({"data": [{"id": 1, "headline": "x"}] * 2}, link="https://a.example/{newsid}")


def test_a_zero_that_means_well_is_told_from_an_error():
    with pytest.raises(PollFaultError, match=r"code is 0, which counts as an error; write code == `0`"):
        read({"code": 0, "data": []}, ok="code")


def test_rows_that_are_none_or_lead_nowhere_are_unread_and_containers_announce_nothing():
    rows = ["text", 7, ["/a/1"], {"url": "ftp://f.example/1"}, {"url": "http://[x"}, {"sub": []}, {"url": "/a/1"}]
    found = read({"data": rows})
    assert (urls(found), found.unread) == (["https://api.chenfeng.example/a/1"], 5)


def test_a_key_that_stands_twice_is_told_twice():
    assert len(read({"data": [{"url": "/a/1"}, {"url": "/a/1?utm_source=x"}]}).entries) == 2


def test_a_function_that_fails_on_one_row_finds_nothing_in_it():
    rows = [{"url": "/a/1", "tags": None, "name": "甲"}, {"url": "/a/2", "tags": ["乙", "丙"]}]
    assert titles(read({"data": rows}, title=["join('、', tags)", "name"])) == ["甲", "乙、丙"]


@pytest.mark.parametrize("text", ["\ud800芯片", "芯\u0000片\n", "芯片\u200b", "&#0;芯片", "<img src=x>芯片"])
def test_a_title_is_one_visible_line(text):
    assert titles(read(json.dumps({"data": [{"url": "/a/1", "t": text}]}), title="t")) in (["芯片"], ["\ufffd芯片"])


@pytest.mark.parametrize("title", ["x<y 与 y>z", "R&D", "AT&T 的 5<6"])
def test_what_only_looks_like_markup_stays(title):
    assert titles(read({"data": [{"url": "/a/1", "t": title}]}, title="t")) == [title]


def test_an_empty_list_is_no_fault():
    assert read({"data": []}).entries == ()


@pytest.mark.parametrize(
    ("value", "cursor"),
    [("abc", "abc"), (1739440800, "1739440800"), (None, ""), ("", ""), (False, "")],
)
def test_the_cursor_of_the_next_page(value, cursor):
    assert read({"data": [], "next": value}, Pages(cursor="next")).cursor == cursor
    assert read({"data": []}, Pages(cursor="next")).cursor == ""
    assert read({"data": [], "next": value}).cursor == ""


def test_half_a_character_in_a_cursor_is_left_out():
    assert read(json.dumps({"data": [], "next": "a\ud800"}), Pages(cursor="next")).cursor == "a"


# What is no list.

INSTEAD = {
    "empty": (b" \n", "the answer is empty"),
    "HTML": (b"<!DOCTYPE html><p>x", "an HTML or XML page, not JSON"),
    "JSONP": ('callback({"data": []})', "not JSON: Expecting value, at 'callback"),
    "cut off": ('{"data": [', "not JSON: "),
    "something behind it": ('{"data": []} x', "something follows it at character 12"),
    "too deep": ("[" * 100_000, "lists and objects more than 100 deep"),
    "an endless number": ("9" * 5000, "not JSON: Exceeds the limit"),
    "no such key": ({"code": 1, "list": []}, "no list of items: data gives nothing; its keys are code, list$"),
    "no keys": ({}, "its keys are none"),
    "many keys": ({f"k{n}": n for n in range(20)}, r"k11 …$"),
    "an object for a list": ({"data": {"x": 1}}, "data gives an object"),
    "a list for an object": ([1], "data gives nothing; the answer is a list"),
    "a number": (7, "the answer is a number"),
}


@pytest.mark.parametrize(("body", "says"), INSTEAD.values(), ids=INSTEAD)
def test_what_is_no_list_is_told_as_what_it_is(body, says):
    with pytest.raises(PollFaultError, match=says):
        read(body)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"code": 99998, "desc": "系统繁忙"}, r"the answer is an error \(code == `0` does not hold\): 系统繁忙$"),
        ({"code": 10001, "message": "x" * 999}, "x{200}$"),
        ({"ret": 0, "data": []}, r"does not hold\)$"),
    ],
)
def test_an_error_with_status_200_is_told_in_its_own_words(body, says):
    with pytest.raises(PollFaultError, match=says):
        read(body, ok="code == `0`", error="desc || message")


def test_a_function_that_fails_on_the_whole_answer_is_a_fault():
    with pytest.raises(PollFaultError, match="sort_by"):
        read({"data": [{"t": 1}, {"t": "x"}]}, items="sort_by(data, &t)")


# JSON inside a page, and a page inside JSON.

EMBEDDED = (
    """<html><script>window.initialState={{"navigator":[],"itemList":{items},"pageCallback":"x"}}</script></html>"""
)
KR_RULES = {
    "after": r'"itemList":',
    "items": "@",
    "link": "https://36kr.example/p/{itemId}",
    "title": "templateMaterial.widgetTitle",
    "published": "templateMaterial.publishTime",
}


def test_json_embedded_in_a_page():
    items = [{"itemId": 31001, "templateMaterial": {"widgetTitle": "车企}造芯]", "publishTime": 1739440800123}}]
    found = read(EMBEDDED.format(items=json.dumps(items)), **KR_RULES)
    assert (urls(found), titles(found)) == (["https://36kr.example/p/31001"], ["车企}造芯]"])
    assert found.entries[0].published.at == datetime(2025, 2, 13, 10, tzinfo=UTC)


def test_embedded_json_may_hold_raw_line_breaks_and_spaces_before_it():
    body = '<script>var list = \n {"data": [{"url": "/a/1", "t": "芯\n片"}]}\n</script>'
    assert titles(read(body, after=r"var list =", title="t")) == ["芯 片"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("<html>_wafchallengeid</html>", 'nothing on the page matches after: "itemList":'),
        ('<script>{"itemList": undefined}</script>', "not JSON: Expecting value"),
        ('{"itemList":', "not JSON"),
    ],
)
def test_a_page_without_its_json_is_told(body, says):
    with pytest.raises(PollFaultError, match=says):
        read(body, **KR_RULES)


SECTION = (
    '<section class="item" data-t="{t}"><p class=title><a href="//www.pingwest.example/a/{n}">{title}</a></p></section>'
)
PINGWEST = {"html": "data.list", "items": "section.item", "link": (), "title": ".title", "published": "./@data-t"}


def test_html_inside_json():
    html = SECTION.format(t=1739440800, n=1, title="芯片 &amp; 云") + SECTION.format(
        t=1739437200, n=2, title="\ud800机器人"
    )
    found = read(json.dumps({"data": {"list": html, "last": 9}}), Pages(cursor="data.last"), **PINGWEST)
    assert urls(found) == ["https://www.pingwest.example/a/1", "https://www.pingwest.example/a/2"]
    assert titles(found) == ["芯片 & 云", "?机器人"]
    assert found.entries[0].published.at == datetime(2025, 2, 13, 10, tzinfo=UTC)
    assert found.cursor == "9"


def test_the_end_of_html_inside_json_is_no_fault():
    assert read({"data": {"list": " "}}, **PINGWEST).entries == ()


@pytest.mark.parametrize(
    ("data", "fault", "says"),
    [
        ({"list": None}, PollFaultError, "html: data.list gives nothing, not text; its keys are data"),
        ({"list": []}, PollFaultError, "html: data.list gives a list"),
        ({"list": "<p>x"}, NoRowsError, "no row was found by section.item"),
    ],
)
def test_html_that_is_not_there_is_told(data, fault, says):
    with pytest.raises(fault, match=says):
        read({"data": data}, **PINGWEST)


# Further sites by config alone.


@pytest.mark.parametrize(
    ("shown", "at"),
    [("02月13日", datetime(2025, 2, 13, tzinfo=ZONE)), ("12月31日", datetime(2024, 12, 31, tzinfo=ZONE))],
)
def test_dates_without_a_year(shown, at):
    """As latepost shows them."""
    rows = [{"id": 2801, "title": "晚", "detail_url": "/news/dj_detail?id=2801", "release_time": shown}]
    found = read(
        {"code": 1, "data": rows}, ok="code == `1`", link="detail_url", title="title", published="release_time"
    )
    [entry] = found.entries
    assert entry.url == "https://api.chenfeng.example/news/dj_detail?id=2801"
    assert (entry.published.at, entry.published.precision, entry.published.text) == (at, Precision.DAY, shown)


def test_milliseconds_and_an_address_from_an_id():
    """As thepaper gives them."""
    rows = [{"contId": "30140001", "name": "港口", "pubTimeLong": 1739440800500}]
    link = "https://www.thepaper.example/newsDetail_forward_{contId}"
    found = read({"data": {"hotNews": rows}}, items="data.hotNews", link=link, title="name", published="pubTimeLong")
    assert urls(found) == ["https://www.thepaper.example/newsDetail_forward_30140001"]
    assert found.entries[0].published.at == datetime(2025, 2, 13, 10, tzinfo=UTC)


def test_advertisements_are_left_out_and_an_empty_title_has_its_stand_in():
    """As cls marks them."""
    rows = [{"id": 1, "is_ad": 1, "title": "广告"}, {"id": 2, "is_ad": 0, "title": "", "brief": "简讯"}]
    link = "https://www.cls.example/detail/{id}"
    found = read(
        {"data": {"roll_data": rows}}, items="data.roll_data[?is_ad == `0`]", link=link, title=["title", "brief"]
    )
    assert (urls(found), titles(found)) == (["https://www.cls.example/detail/2"], ["简讯"])


# Whatever comes.

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.just("/a/1")
    | st.just("http://[x"),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["data", "url", "id", "t", "next"]) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=20,
)
RULES = [
    EntryRules(items="data", link="url", title="t", published="id"),
    EntryRules(items=("data", "@"), link=("https://x.example/{id}", "@.t"), title="t", summary="url", ok="data"),
    EntryRules(items="*", html="t"),
    EntryRules(items="[]", link="url", after=":"),
]


@given(st.binary(max_size=100) | JSON_VALUES.map(lambda value: json.dumps(value).encode()), st.sampled_from(RULES))
def test_any_bytes_give_entries_that_can_be_fetched_or_one_fault(body, rules):
    try:
        found = parse_json_list(answer(body), rules, Pages(cursor="next"))
    except PollFaultError:
        return
    for entry in found.entries:
        check_fetchable(entry.url)
        assert entry.key == article_key(entry.url)
        assert "\n" not in entry.title + entry.summary
