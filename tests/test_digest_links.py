"""Links lead where they say, and carry nothing that names the click."""

import pytest
from archive_rows import NOON, build
from hypothesis import given
from hypothesis import strategies as st

from crawler.urls import article_key, without_tracking
from pipelines.digest.render import render_markdown
from pipelines.markdown import web_address


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/x?utm_source=rss&utm_medium=feed", "https://a.example/x"),
        ("https://a.example/x?b=2&utm_source=rss&a=1", "https://a.example/x?b=2&a=1"),
        ("https://a.example/x?id=5&spm=1.2#part", "https://a.example/x?id=5#part"),
        ("https://a.example/x?utm%5Fsource=rss#part", "https://a.example/x#part"),
        ("https://a.example/x?f=rss", "https://a.example/x"),
        ("https://a.example/x?f=12", "https://a.example/x?f=12"),
        ("https://a.example/x?%E4%B8%AD=+&&=&c", "https://a.example/x?%E4%B8%AD=+&&=&c"),
        ("https://a.example/#/read?utm_source=rss", "https://a.example/#/read?utm_source=rss"),
        ("https://a.example/x?", "https://a.example/x"),
        ("https://A.example:443/x/../y", "https://A.example:443/x/../y"),
        ("", ""),
    ],
)
def test_what_names_the_click_is_left_out_and_nothing_else_is_changed(url, shown):
    assert without_tracking(url) == shown


@given(st.lists(st.sampled_from(["utm_source=1", "a=1", "b=%E4", "spm", "f=rss", "from=x", "c=&amp;"]), max_size=5))
def test_a_link_without_what_names_the_click_is_that_of_the_same_article(pairs):
    url = "https://a.example/x?" + "&".join(pairs)
    assert article_key(without_tracking(url)) == article_key(url)
    assert without_tracking(without_tracking(url)) == without_tracking(url)


def test_all_links_of_a_digest_are_without_it(database, config, rows):
    original = rows.an_article(1, url="https://chenfeng.example/1?utm_source=a")
    rows.an_article(2, source="xinchao", url="https://xinchao.example/2?utm_source=b", copy_of=original)
    rows.an_entry(title="不让抓的", outcome="refused", ended=NOON, url="https://chenfeng.example/a?utm_source=c")
    rows.a_run(ended=NOON)
    text = render_markdown(build(database, config))
    assert "utm_source" not in text
    for url in ("https://chenfeng.example/1", "https://xinchao.example/2", "https://chenfeng.example/a"):
        assert f"]({url})" in text


def test_a_copy_leads_to_where_it_stands_though_it_names_an_original(database, config, rows):
    original = rows.an_article(1, url="https://mp.weixin.qq.com/s/abc")
    rows.an_article(2, source="xinchao", original_url="https://mp.weixin.qq.com/s/abc", copy_of=original)
    [line] = build(database, config).sections[0].lines
    assert [copy.url for copy in line.copies] == ["https://xinchao.example/2"]


@pytest.mark.parametrize(
    ("original_url", "url", "republished_at"),
    [
        ("", "https://chenfeng.example/1", ""),
        ("https://origin.example/9", "https://origin.example/9", "https://chenfeng.example/1"),
        ("https://chenfeng.example/1?utm_source=x", "https://chenfeng.example/1", ""),
    ],
    ids=["its own", "another's", "its own, spelled otherwise"],
)
def test_a_line_that_leads_to_the_original_says_where_it_was_seen(
    database, config, rows, original_url, url, republished_at
):
    rows.an_article(1, original_url=original_url)
    digest = build(database, config)
    [line] = digest.sections[0].lines
    assert (line.url, line.republished_at) == (url, republished_at)
    assert ("原文（见于 [晨风科技](https://chenfeng.example/1)）" in render_markdown(digest)) is bool(republished_at)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://a.example/x y", "https://a.example/x%20y"),
        ("https://a.example/\u202egnp.exe", "https://a.example/%E2%80%AEgnp.exe"),
        ("https://a.example/s?__biz=MzA=&a*[1]", "https://a.example/s?__biz=MzA=&a*[1]"),
        ("javascript:alert(1)", ""),
        (" https://a.example/", ""),
    ],
)
def test_an_address_of_the_web_can_stand_in_a_link(url, target):
    assert web_address(url) == target
