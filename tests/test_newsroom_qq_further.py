"""Tencent news: the hot list and the morning digest, and pages that are unlike the others."""

import json
from datetime import timedelta

import lxml.html
import pytest
from newsroom_visits import END, SECOND, START, ask, fetch, visit, with_trait

from crawler.newsroom import Newsroom
from crawler.newsroom.shapes.qq_lists import HOT_LIST, TAG_INFO
from crawler.urls import article_key

QQ = "news.qq.com"


@pytest.fixture(scope="module")
def newsroom() -> Newsroom:
    return Newsroom(start=START)


def in_script(page: str, name: str, opens: str):
    return json.JSONDecoder().raw_decode(page[page.index(opens, page.index(name)) :])[0]


def test_the_hot_list_begins_with_a_notice_and_holds_what_no_other_list_has(newsroom):
    document = json.loads(ask(newsroom, "r.inews.qq.com", HOT_LIST, query="page_size=50").body)
    notice, *rows = document["idlist"][0]["newslist"]
    hot = [one for one in newsroom.published_until(END, QQ) if "hot" in one.traits]
    assert (document["ret"], notice["articletype"], notice["id"][:3]) == (0, "560", "TIP")
    assert {article_key(row["url"]) for row in rows} == {one.key for one in hot}
    assert tuple(hot) == newsroom.announced((f"https://r.inews.qq.com{HOT_LIST}",), END)


def test_the_hot_list_meets_the_firewall_in_the_last_hour(newsroom):
    last = START + timedelta(hours=47)
    answers = [ask(newsroom, QQ, path, now).status for now in (last - SECOND, last) for path in (HOT_LIST, "/ch/tech")]
    assert answers == [200, 200, 501, 200]


def test_the_morning_digest_has_pieces_without_a_time(newsroom):
    document = json.loads(ask(newsroom, "i.news.qq.com", TAG_INFO, query="tagId=x%3D").body)
    rows = document["data"]["tabs"][0]["articleList"]
    morning = [one for one in newsroom.published_until(END, QQ) if "morning" in one.traits]
    assert [article_key(row["link_info"]["url"]) for row in rows] == [one.key for one in morning] != []
    assert {name for row in rows for name in row} == {"id", "title", "desc", "link_info"}


def test_a_page_of_the_portal_is_not_in_the_charset_it_names(newsroom):
    one = with_trait(newsroom, "portal", QQ)
    answer = visit(newsroom, one)
    assert (answer.headers["Content-Type"], one.url[:25]) == ("text/html", "https://finance.qq.com/a/")
    assert b"charset=gb2312" in answer.body
    page = answer.body.decode("utf-8")
    assert all(block in page for block in newsroom.article(one.article_id).blocks)
    assert fetch(newsroom, one.aliases[0]).body == answer.body
    assert article_key(one.aliases[0]) == one.key


def test_a_gallery_has_its_words_in_a_script(newsroom):
    one = with_trait(newsroom, "gallery", QQ)
    page, article = visit(newsroom, one).body.decode(), newsroom.article(one.article_id)
    rows = in_script(page, "FULLIMGDATA", "[")
    assert [row["desc"] or row["value"] for row in rows] == list(article.blocks)
    assert not any(block.text_content().strip() for block in lxml.html.fromstring(page).cssselect("p.one-p"))


def test_an_id_of_the_mobile_site_opens_no_other_address(newsroom):
    one = with_trait(newsroom, "own_id", QQ)
    assert (visit(newsroom, one).status, one.key) == (200, f"qq:k/{one.url.rpartition('/')[2]}")
    assert fetch(newsroom, f"https://view.inews.qq.com/a/{one.url.rpartition('/')[2]}").status == 404


def test_a_paid_piece_has_its_beginning_alone(newsroom):
    one = with_trait(newsroom, "paid", QQ)
    blocks = newsroom.article(one.article_id).blocks
    data = in_script(visit(newsroom, one).body.decode(), "window.DATA", "{")
    assert (data["article_is_pay"], one.ends) == (1, "blocked")
    assert blocks[0] in data["originContent"]["text"]
    assert blocks[1] not in data["originContent"]["text"]
