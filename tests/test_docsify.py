"""The mirror's list pages → entries."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from crawler.docsify import parse_mirror_list
from crawler.items import PollFaultError

ZONE = ZoneInfo("Asia/Shanghai")
URL = "https://mirror.example/gzh/观潮.md"
HEAD = "# 【观潮】文章列表\n\n[**返回列表页**](/gzh/gzh_list)\n\n## 文章列表\n"


def weixin(mid, scheme="http"):
    return f"{scheme}://mp.weixin.qq.com/s?__biz=MzAwMDAwMDAwMA==&mid={mid}&idx=1&sn={'a' * 32}&chksm=ff#rd"


def row(title="一篇文章", mid=1, *, label="", backup=None, date="2025-02-26", summary=""):
    link = f" |  [备份查看](/gzh/backup/观潮/{backup or title})" if backup != "" else ""
    return f"- {label}[{title}]({weixin(mid)}){link}\n    - 时间：{date}\n    - 摘要：{summary}\n\n"


def parse(rows):
    return parse_mirror_list((HEAD + rows).encode(), URL, ZONE).entries


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
        parse_mirror_list(body, URL, ZONE)


def test_list_items_that_are_no_row_are_counted():
    odd = f"- 一篇没有括号的文章 {weixin(8)}\n* [星号]({weixin(9)})\n> 推广：{weixin(10)}\n"
    read = parse_mirror_list((HEAD + row() + odd).encode(), URL, ZONE)
    assert ([entry.title for entry in read.entries], read.unread) == (["一篇文章", "星号"], 1)
