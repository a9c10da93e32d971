"""亿欧 in the newsroom: lists in both markups, ages in words, pages of both eras."""

import json
import re
from datetime import timedelta

import lxml.html
import pytest
from newsroom_visits import END, LATE, START, ask, fetch, visit, with_trait

from crawler.newsroom import Newsroom

HOST = "www.iyiou.com"
SWITCH = START + timedelta(days=1)


@pytest.fixture(scope="module")
def newsroom() -> Newsroom:
    return Newsroom(start=START)


def page_of(newsroom, path, now=END):
    return lxml.html.fromstring(ask(newsroom, HOST, path, now).body.decode())


def rows(newsroom, path, selector, now):
    return [
        (row.cssselect("a")[0].get("href"), row.text_content())
        for row in page_of(newsroom, path, now).cssselect(selector)
    ]


@pytest.mark.parametrize(
    ("now", "selector", "prefix"),
    [
        (SWITCH - timedelta(seconds=1), ".list-container > .eo-article-column > .eo-hover-child", "/news/"),
        (SWITCH, "div.info-wrap li", "https://www.iyiou.com/news/"),
    ],
)
def test_the_list_changes_its_markup_and_its_links(newsroom, now, selector, prefix):
    found = rows(newsroom, "/news", selector, now)
    published = [one for one in newsroom.published_until(now, HOST) if not {"old", "briefing"} & set(one.traits)][::-1]
    assert len(found) == len(published) > 2
    for (href, text), one in zip(found, published, strict=True):
        assert href.startswith(prefix)
        assert one.url.endswith(href)
        assert one.title in text


@pytest.mark.parametrize(
    ("age", "shown"),
    [
        (30, "1 分钟前"),
        (59 * 60 + 59, "59 分钟前"),
        (3600, "1 小时前"),
        (3 * 3600 + 5, "3 小时前"),
        (86399, "23 小时前"),
    ],
)
def test_ages_are_told_in_words_from_the_time_it_is(newsroom, age, shown):
    one = newsroom.published_until(SWITCH, HOST)[-1]
    text = page_of(newsroom, "/news", one.at + timedelta(seconds=age)).text_content()
    assert shown in text
    day = f"{one.at.astimezone(START.tzinfo):%Y-%m-%d}"
    assert day in page_of(newsroom, "/news", one.at + timedelta(days=1)).text_content()


def test_briefings_have_relative_links_and_one_has_1970_in_its_address(newsroom):
    found = rows(newsroom, "/briefing", "div.brief-item li", END)
    assert [bool(re.fullmatch(r"/briefing/\d{15}", href)) for href, _ in found] == [True, True]
    one = with_trait(newsroom, "epoch", HOST)
    assert "/briefing/19700121" in one.url
    assert visit(newsroom, one).status == 200


def test_an_article_has_its_body_and_what_is_none_of_it(newsroom):
    one = with_trait(newsroom, "wechat_image", HOST)
    page = lxml.html.fromstring(visit(newsroom, one).body.decode())
    blocks = [block.text_content() for block in page.cssselect(".post-body > p") if block.text_content()]
    assert blocks[:-1] == list(newsroom.article(one.article_id).blocks)
    assert blocks[-1].startswith("本文来源于")
    assert page.cssselect(".post-body .copyrightState")
    assert re.fullmatch(
        r"https://diting-hetu\.iyiou\.com/async/weixin/\w{20}", page.cssselect(".post-body img")[0].get("src")
    )
    assert f"{one.at.astimezone(START.tzinfo):%Y-%m-%d %H:%M}" in page.cssselect(".post-info")[0].text_content()


def test_an_article_of_before_2020_stands_at_two_addresses_with_its_date_in_a_script(newsroom):
    one = with_trait(newsroom, "old", HOST)
    assert re.fullmatch(r"https://www\.iyiou\.com/p/\d+", one.url)
    assert fetch(newsroom, one.url).body == fetch(newsroom, f"{one.url}.html").body
    page = lxml.html.fromstring(visit(newsroom, one).body.decode())
    script = json.loads(page.cssselect('script[type="application/ld+json"]')[0].text)
    assert script["pubDate"] == f"{one.at.astimezone(START.tzinfo):%Y-%m-%dT%H:%M:%S}"
    blocks = [block.text_content() for block in page.cssselect("#post_description > p")]
    assert blocks[:-1] == list(newsroom.article(one.article_id).blocks)
    assert page.cssselect("#post_brief > b")
    assert page.cssselect("#machineContainer")
    found = rows(newsroom, "/AI/", "ul.newestArticleList > li.thinkTankTag", END)
    assert [one.url in f"https://{HOST}{href}" for href, _ in found] == [True]
    assert one not in newsroom.announced(["https://www.iyiou.com/news"], LATE)
    assert one in newsroom.announced(["https://www.iyiou.com/AI/"], LATE)


def test_a_page_may_tell_its_age(newsroom):
    one = with_trait(newsroom, "ago", HOST)
    page = lxml.html.fromstring(visit(newsroom, one, one.at + timedelta(hours=5)).body.decode())
    assert page.cssselect(".date")[0].text == "5 小时前"


def test_a_refusal_comes_at_200(newsroom):
    one = with_trait(newsroom, "block_page", HOST)
    for answer in (visit(newsroom, one), ask(newsroom, HOST, "/news", START + timedelta(hours=27))):
        assert answer.status == 200
        assert "您的访问被阻断" in answer.body.decode()
    assert one.ends == "blocked"
