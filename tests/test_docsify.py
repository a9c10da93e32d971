"""The lists of docsify sites: a mirror's, its index, and any site's."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.docsify import parse_docsify_list, parse_mirror_index, parse_mirror_list
from crawler.items import Answer, PollFaultError
from crawler.urls import article_key, check_fetchable

ZONE = ZoneInfo("Asia/Shanghai")
URL = "https://mirror.example/gzh/观潮.md"
HEAD = "# 【观潮】文章列表\n\n[**返回列表页**](/gzh/gzh_list)\n\n## 文章列表\n"


def answer(text, url="https://mirror.example/gzh/gzh_list.md", charset=""):
    body = text if isinstance(text, bytes) else text.encode(charset or "utf-8")
    return Answer(url=url, body=body, at=datetime(2025, 3, 1, tzinfo=UTC), zone=ZONE, charset=charset)


def weixin(mid, scheme="http"):
    return f"{scheme}://mp.weixin.qq.com/s?__biz=MzAwMDAwMDAwMA==&mid={mid}&idx=1&sn={'a' * 32}&chksm=ff#rd"


def row(title="一篇文章", mid=1, *, label="", backup=None, date="2025-02-26", summary=""):
    link = f" |  [备份查看](/gzh/backup/观潮/{backup or title})" if backup != "" else ""
    return f"- {label}[{title}]({weixin(mid)}){link}\n    - 时间：{date}\n    - 摘要：{summary}\n\n"


def parse(rows):
    return parse_mirror_list(answer(HEAD + rows, URL)).entries


def test_a_row_gives_the_originals_key_the_backups_address_the_day_and_the_summary():
    [entry] = parse(row("芯片的账", 7, summary="算一笔账"))
    assert entry.key == f"wechat:MzAwMDAwMDAwMA:7:1:{'a' * 32}"
    assert entry.url == "https://mirror.example/gzh/backup/%E8%A7%82%E6%BD%AE/%E8%8A%AF%E7%89%87%E7%9A%84%E8%B4%A6.md"
    assert (entry.title, entry.summary, entry.original_url) == ("芯片的账", "算一笔账", weixin(7))
    assert (entry.published.at, entry.published.zone) == (datetime(2025, 2, 26, tzinfo=ZONE), "Asia/Shanghai")


@pytest.mark.parametrize(
    ("title", "path"),
    [
        (" 前有空格", "%20%E5%89%8D%E6%9C%89%E7%A9%BA%E6%A0%BC"),
        ("A | B [注]", "A%20%7C%20B%20%5B%E6%B3%A8%5D"),
        ("问吗?#1 100%", "%E9%97%AE%E5%90%97%3F%231%20100%25"),
        ("括号(上)", "%E6%8B%AC%E5%8F%B7%28%E4%B8%8A%29"),
        ("\u200b零宽", "%E2%80%8B%E9%9B%B6%E5%AE%BD"),
    ],
    ids=["leading space", "bar and brackets", "query and fragment marks", "parentheses", "zero width"],
)
def test_the_backups_file_name_is_the_title_as_it_is(title, path):
    [entry] = parse(row(title))
    assert entry.url.removeprefix("https://mirror.example/gzh/backup/%E8%A7%82%E6%BD%AE/") in (
        f"{path}.md",
        f"{path.replace('%28', '(').replace('%29', ')')}.md",
    )
    assert entry.title == title.replace("\u200b", "").strip()


def test_title_and_summary_are_one_visible_line():
    [entry] = parse(row("\x1b[2J芯片\u202e的\u3000账", backup="a", summary="\x07算\u200b一笔账"))
    assert (entry.title, entry.summary) == ("[2J芯片的 账", "算一笔账")


def test_a_paid_row_is_an_entry_like_any_other():
    assert [entry.title for entry in parse(row(label="(付费)") + row("另一篇", 2, label="（付费）"))] == [
        "一篇文章",
        "另一篇",
    ]


def test_a_row_without_backup_points_at_the_original():
    [entry] = parse(row(backup=""))
    assert entry.url == weixin(1)


def test_a_repeated_row_is_given_twice_with_one_key():
    first, second = parse(row() + row())
    assert first.key == second.key


@pytest.mark.parametrize("date", ["", "昨天", "2025-02-31"], ids=["none", "words", "no such day"])
def test_a_date_that_is_none_is_unknown(date):
    assert parse(row(date=date))[0].published is None


def test_details_of_the_next_row_are_not_taken():
    first, second = parse(f"- [甲]({weixin(1)}) |  [备份查看](/gzh/backup/观潮/甲)\n" + row("乙", 2, summary="乙的"))
    assert (first.published, first.summary, second.summary) == (None, "", "乙的")


@pytest.mark.parametrize("body", [b"<!DOCTYPE html><html></html>", b"", HEAD.encode()], ids=["html", "empty", "no row"])
def test_an_answer_without_rows_is_a_fault(body):
    with pytest.raises(PollFaultError):
        parse_mirror_list(answer(body, URL))


def test_list_items_that_are_no_row_are_counted():
    odd = f"- 一篇没有括号的文章 {weixin(8)}\n* [星号]({weixin(9)})\n> 推广：{weixin(10)}\n"
    read = parse_mirror_list(answer(HEAD + row() + odd, URL))
    assert ([entry.title for entry in read.entries], read.unread) == (["一篇文章", "星号"], 1)


# The index of a mirror, and the lists of any site.

INDEX = """# 公众号列表

[**返回首页**](/)

> 共 3 个

- [观潮](/gzh/观潮)
- [L先生说](/gzh/L先生说)
- [旧文](/gzh/backup/观潮/旧文)

| 账号 | 篇数 |
| --- | --- |
| [晨风科技](/gzh/晨风科技.md) | 12 |
| [**观潮**](#/gzh/观潮) | 3 |

[本页](/gzh/gzh_list) [作者](https://author.example/gzh/x) [坏](http://[x)
"""
SHELL = "<!DOCTYPE html><html><body><div id=app>加载中...</div></body></html>"


def test_the_index_names_its_accounts_lists_once():
    found = parse_mirror_index(answer(INDEX))
    assert [further.url for further in found.lists] == [
        "https://mirror.example/gzh/%E8%A7%82%E6%BD%AE.md",
        "https://mirror.example/gzh/L%E5%85%88%E7%94%9F%E8%AF%B4.md",
        "https://mirror.example/gzh/%E6%99%A8%E9%A3%8E%E7%A7%91%E6%8A%80.md",
    ]
    assert (found.entries, found.unread) == ((), 1)


LINKS = {
    "a route": ("/a/b", "a/b.md"),
    "its file": ("/a/b.md", "a/b.md"),
    "a route of the address line": ("#/a/b", "a/b.md"),
    "behind the shell": ("/#/a/b", "a/b.md"),
    "with an anchor": ("/a/b?id=三", "a/b.md"),
    "with an anchor behind the shell": ("#/a/b?id=3", "a/b.md"),
    "beside the list": ("b.md", "posts/b.md"),
    "above the list": ("../b", "b.md"),
    "a folder": ("/a/", "a/README.md"),
    "a whole address": ("https://site.example/a/b", "a/b.md"),
    "a whole route": ("https://site.example/#/a/b", "a/b.md"),
    "Chinese": ("/文章/一", "%E6%96%87%E7%AB%A0/%E4%B8%80.md"),
    "percent-encoded": ("/%E6%96%87%E7%AB%A0/%E4%B8%80", "%E6%96%87%E7%AB%A0/%E4%B8%80.md"),
    "a dot in its name": ("/a/v1.5", "a/v1.5.md"),
}


def listed(text, url="https://site.example/posts/list.md"):
    return parse_docsify_list(answer(text, url))


@pytest.mark.parametrize(("link", "file"), LINKS.values(), ids=LINKS)
def test_a_link_is_the_file_it_shows(link, file):
    [entry] = listed(f"- [甲]({link})\n").entries
    assert (entry.url, entry.title) == (f"https://site.example/{file}", "甲")
    assert entry.key == f"docsify:site.example/{file}"


@pytest.mark.parametrize(
    "link",
    [
        "https://other.example/a", "//other.example/a", "mailto:a@site.example", "javascript:x", "#anchor",
        "?id=anchor", "/", "/posts/list", "list.md", "/a.png", "/a.PDF", "/a.html",
    ],
)  # fmt: skip
def test_a_link_to_another_place_announces_nothing(link):
    found = listed(f"- [甲]({link})\n- [乙](/b)\n")
    assert ([entry.title for entry in found.entries], found.unread) == (["乙"], 0)


ROWS = {
    "a list item": ("- 2025-02-28 [甲](/a)", (2025, 2, 28)),
    "a numbered item": ("1. [甲](/a) — 2025/2/28", (2025, 2, 28)),
    "a line of a table": ("| 标题 | 日期 |\n|---|---|\n| [甲](/a) | 2025年2月28日 |\n| [乙](/b) | |", (2025, 2, 28)),
    "without a year": ("* [甲](/a) 02-28", (2025, 2, 28)),
    "an age": ("* [甲](/a)（3 天前）", (2025, 2, 26)),
    "with a label": ("* 发布于：昨天 [甲](/a)", (2025, 2, 28)),
    "a label and an age": ("* [甲](/a) — Posted 2 days ago", (2025, 2, 27)),
    "a whole date among words": ("* [甲](/a) 张三 2025-02-28 原创", (2025, 2, 28)),
    "now among words": ("- [机器人](/a) 介绍：刚刚上市的公司，2019 年成立", None),
    "an age among words": ("- [甲](/a) 讲一家 3天前倒闭的公司的旧事", None),
    "an age before words": ("- [甲](/a) 3天前倒闭", None),
    "numbers": ("- [第一章](/a) 第03-04节", None),
    "a day among words": ("- [甲](/a) 昨天的世界", None),
    "a month among words": ("- [甲](/a) 5月4日运动", None),
    "in the title alone": ("- [甲](/a)\n\n2025-02-28", None),
    "in the item above": ("- 2025-02-28\n- [甲](/a)", None),
}


@pytest.mark.parametrize(("text", "day"), ROWS.values(), ids=ROWS)
def test_a_date_beside_a_link_is_its_own(text, day):
    first = listed(text).entries[0]
    assert (first.published and first.published.at) == (datetime(*day, tzinfo=ZONE) if day else None)


BELOW = {
    "a route": ("/a/b", "repo/a/b.md"),
    "a route of the address line": ("#/a/b", "repo/a/b.md"),
    "a folder": ("/a/", "repo/a/README.md"),
    "beside it": ("b.md", "repo/b.md"),
    "its folder named": ("/repo/a", "repo/a.md"),
    "a whole address": ("https://user.example/repo/#/a", "repo/a.md"),
    "Chinese": ("/文章/一", "repo/%E6%96%87%E7%AB%A0/%E4%B8%80.md"),
}


@pytest.mark.parametrize("name", ["README.md", "_sidebar.md"])
@pytest.mark.parametrize(("link", "file"), BELOW.values(), ids=BELOW)
def test_a_site_below_a_folder_is_that_folder(link, file, name):
    found = listed(f"- [首页](/)\n- [甲]({link})\n- [另一处](//other.example/x)\n", f"https://user.example/repo/{name}")
    assert [entry.url for entry in found.entries] == [f"https://user.example/{file}"]


def test_the_readme_of_a_folder_with_a_chinese_name_names_it():
    [entry] = listed("- [甲](/文章/一)\n", "https://site.example/%E6%96%87%E7%AB%A0/README.md").entries
    assert entry.url == "https://site.example/%E6%96%87%E7%AB%A0/%E4%B8%80.md"


@pytest.mark.parametrize("charset", ["gb18030", "utf-16", "utf-8", "utf-8-sig"])
def test_a_charset_that_the_source_names_is_read(charset):
    linked = answer("- [機器](/gzh/a)\n", "https://mirror.example/gzh/gzh_list.md", charset)
    assert parse_docsify_list(linked).entries[0].title == "機器"
    assert parse_mirror_index(linked).lists[0].url == "https://mirror.example/gzh/a.md"
    assert parse_mirror_list(answer(row("機器"), URL, charset)).entries[0].title == "機器"


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig"])
def test_the_encoding_of_a_list_is_told_by_its_bytes(encoding):
    rows = row("这是一篇关于中国的机器人的文章，说的是我们的人和他们的时代")
    assert [entry.title[:3] for entry in parse_mirror_list(answer(rows.encode(encoding), URL)).entries] == ["这是一"]


def test_a_title_is_the_text_of_its_link():
    found = listed("- [**芯片** `GPU` ![图](/x.png) &amp; [云]](/a)\n- [](/b)\n")
    assert [entry.title for entry in found.entries] == ["芯片 GPU & [云]", ""]


def test_a_side_bar_is_read_in_order():
    found = listed("* 技术\n  * [甲](/a)\n  * [乙](/b)\n\n* [丙](c.md)", "https://site.example/_sidebar.md")
    assert [entry.url.rpartition("/")[2] for entry in found.entries] == ["a.md", "b.md", "c.md"]


@pytest.mark.parametrize("parse", [parse_docsify_list, parse_mirror_index])
@pytest.mark.parametrize(
    ("text", "says"),
    [
        (SHELL, "an HTML page, not the Markdown file"),
        ("", "no link to"),
        ("# 空\n\n[外](https://other.example/)", "no link to"),
    ],
)
def test_what_is_no_list_is_told(parse, text, says):
    with pytest.raises(PollFaultError, match=says):
        parse(answer(text))


PIECES = "- |[|](|](/a)|](http://[x)|)|(|**|`|/b|#/c|\n|\n\n|| x |\n|---|\n|2025-02-28|<p>|<html>|\\|&amp;|![|\x00|芯"
MARKDOWN = st.lists(st.sampled_from(PIECES.split("|")) | st.text(max_size=4), max_size=25).map("".join)


@given(st.binary(max_size=200) | MARKDOWN.map(str.encode), st.sampled_from([parse_docsify_list, parse_mirror_index]))
def test_any_bytes_give_what_can_be_fetched_or_one_fault(body, parse):
    try:
        found = parse(answer(body))
    except PollFaultError:
        return
    for entry in found.entries:
        check_fetchable(entry.url)
        assert entry.key == article_key(entry.url)
    assert all(further.url.endswith(".md") for further in found.lists)
