"""The sites of the newsroom that are made by data alone: each form of list, and the pages behind it."""

import gzip
import json
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import feedparser
import lxml.etree
import lxml.html
import pytest
from newsroom_visits import END, START

from crawler.newsroom import Newsroom, Press, SiteRequest, load_press
from crawler.newsroom.loading import PressError

OUTLETS = [site for site in load_press().sites if site.shape == "outlet"]


@pytest.fixture(scope="module")
def newsroom() -> Newsroom:
    return Newsroom(start=START)


def get(newsroom, url, now=END, **headers):
    parts = urlsplit(url)
    asked = SiteRequest(host=parts.netloc, path=parts.path, query=parts.query, headers=headers)
    return newsroom.respond(asked, now)


def post(newsroom, url, form, now=END):
    parts = urlsplit(url)
    body = urlencode(form).encode()
    return newsroom.respond(SiteRequest(host=parts.netloc, path=parts.path, method="POST", body=body), now)


def newest(newsroom, host, now=END):
    return newsroom.published_until(now, host)[::-1]


def outlet(options, articles=3):
    """A newsroom with one site of `options` that has published `articles` articles."""
    drafts = [
        {
            "id": f"a{n}",
            "theme": "off",
            "title": f"茶与鱼 {n}",
            "lead": "导语。",
            "paragraphs": ["正文。"],
            "author": "甲",
        }
        for n in range(articles)
    ]
    site = {
        "host": "one.example", "shape": "outlet", "title": "一站", "options": options,
        "backlog": {"articles": articles, "days": 35}, "articles": [draft["id"] for draft in drafts],
    }  # fmt: skip
    return Newsroom(start=START, press=Press.model_validate({"articles": drafts, "sites": [site]}))


@pytest.mark.parametrize("site", OUTLETS, ids=lambda site: site.host)
def test_every_publication_has_its_page_from_its_time_on(newsroom, site):
    published = newsroom.published_until(END, site.host)
    assert len(published) >= 2
    for one in published:
        page = get(newsroom, one.url)
        shown = lxml.html.fromstring(page.body).text_content()
        assert page.status == 200
        assert all(block in shown for block in newsroom.article(one.article_id).blocks)
        assert get(newsroom, one.url, one.at - timedelta(seconds=1)).status == 404


@pytest.mark.parametrize("dialect", ["rss", "atom"])
def test_a_feed_speaks_two_dialects_and_may_hold_the_whole_text(dialect):
    press = outlet({"lists": [{"url": "https://one.example/feed", "feed": {"dialect": dialect, "whole": True}}]})
    feed = feedparser.parse(get(press, "https://one.example/feed").body)
    assert not feed.bozo
    assert feed.version == {"rss": "rss20", "atom": "atom10"}[dialect]
    assert [(entry.title, entry.link) for entry in feed.entries] == [
        (one.title, one.url) for one in newest(press, "one.example")
    ]
    assert all("<p>正文。</p>" in entry.content[0].value for entry in feed.entries)


def test_a_feed_may_be_written_as_badly_as_an_old_system_does():
    options = {"bare_ampersand": True, "beside": "https://one.example/ad", "ttl": 0}
    press = outlet({"lists": [{"url": "https://one.example/feed", "feed": options}]}, articles=1)
    text = get(press, "https://one.example/feed").body.decode()
    assert "<ttl>" not in text
    assert text.index("https://one.example/ad") < text.index(press.truth[0].url)


def test_the_gbk_feed_has_a_bare_ampersand_in_it(newsroom):
    with pytest.raises(lxml.etree.XMLSyntaxError):
        lxml.etree.fromstring(get(newsroom, "https://www.donews.com/rss.xml").body)
    assert "A&B" in get(newsroom, "https://www.donews.com/rss.xml").body.decode("gbk")


def test_a_list_page_has_its_rows_and_what_stands_beside_them(newsroom):
    page = lxml.html.fromstring(get(newsroom, "https://www.ithome.com/list/").body)
    rows = page.cssselect("#list > div.fl > ul > li")
    links = [row.cssselect("a.t")[0].get("href") for row in rows]
    published = newest(newsroom, "www.ithome.com")
    assert [link for link in links if "lapin" not in link] == [one.url for one in published]
    assert any("lapin" in link for link in links)
    assert rows[0].cssselect("i")[0].text == f"{published[0].at.astimezone(END.tzinfo):%Y-%m-%d %H:%M:%S}"


def test_json_rows_carry_numbers_as_numbers_and_dates_as_the_site_spells_them(newsroom):
    rows = json.loads(get(newsroom, "https://mainssl.geekpark.net/api/v2").body)["homepage_posts"]
    one = newest(newsroom, "www.geekpark.net")[0]
    assert rows[0]["post"]["published_timestamp"] == one.at.timestamp()
    assert one.url.endswith(f"/news/{rows[0]['post']['id']}")
    rows = json.loads(get(newsroom, "https://cache.thepaper.cn/contentapi/wwwIndex/rightSidebar").body)
    assert rows["data"]["hotNews"][0]["pubTimeLong"] == newest(newsroom, "www.thepaper.cn")[0].at.timestamp() * 1000


ROWS = {"document": {"data": "{rows}"}, "row": "{title}|", "length": 2}


@pytest.mark.parametrize(
    ("paging", "query", "count"),
    [
        ({"field": "page"}, "", 2),
        ({"field": "page"}, "page=2", 1),
        ({"field": "page"}, "page=3", 0),
        ({"field": "from", "by": "offset"}, "from=0", 2),
        ({"field": "from", "by": "offset"}, "from=2", 1),
        ({"field": "from", "by": "offset"}, "from=20", 0),
        (None, "page=2", 2),
    ],
)
def test_json_is_paged_by_page_or_offset(paging, query, count):
    press = outlet({"lists": [{"url": "https://one.example/api", "rows": {**ROWS, "paging": paging}}]})
    assert json.loads(get(press, f"https://one.example/api?{query}").body)["data"].count("|") == count


def test_a_form_is_answered_when_it_is_whole(newsroom):
    url, form = "https://www.latepost.com/site/index", {"page": "1", "limit": "10", "programa": "1"}
    rows = json.loads(post(newsroom, url, form).body)["data"]
    one = newest(newsroom, "www.latepost.com")[0]
    assert (rows[0]["title"], rows[0]["release_time"]) == (one.title, f"{one.at.astimezone(END.tzinfo):%m月%d日}")
    assert one.url == f"https://www.latepost.com{rows[0]['detail_url']}"
    assert json.loads(post(newsroom, url, {**form, "page": "2"}).body)["data"] == []
    assert json.loads(post(newsroom, url, {"page": "1"}).body) == {"code": 0, "msg": "参数错误"}


def test_html_in_json_is_given_to_who_names_the_page_it_is_for(newsroom):
    url, home = "https://www.pingwest.com/api/state/list?page=1", "https://www.pingwest.com/"
    rows = lxml.html.fromstring(json.loads(get(newsroom, url, Referer=home).body)["data"]["list"])
    one = newest(newsroom, "www.pingwest.com")[0]
    assert rows.cssselect(".title")[0].text_content() == one.title
    assert rows.cssselect("section.item")[0].get("data-t") == str(int(one.at.timestamp()))
    assert json.loads(get(newsroom, url).body)["code"] == 403


def test_sitemaps_are_an_index_the_news_and_a_packed_one_of_each_month():
    press = outlet({"sitemaps": {}}, articles=12)
    places = locations(get(press, "https://one.example/sitemap.xml").body)
    assert places[0] == "https://one.example/sitemap-news.xml"
    packed = [gzip.decompress(get(press, place).body) for place in places[1:]]
    assert len(packed) > 1
    assert sorted(url for body in packed for url in locations(body)) == sorted(one.url for one in press.truth)
    recent = [one.url for one in newest(press, "one.example") if START - one.at < timedelta(days=2)]
    assert recent
    assert locations(get(press, places[0], START).body) == recent
    assert get(press, "https://one.example/sitemap-190001.xml.gz").status == 404


def locations(body):
    return [element.text for element in lxml.etree.fromstring(body).iter("{*}loc")]


def test_a_list_without_a_form_is_told():
    with pytest.raises(PressError, match="needs one of feed, page and rows"):
        outlet({"lists": [{"url": "https://one.example/feed"}]})
