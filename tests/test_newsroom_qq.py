"""Tencent news in the newsroom: its lists and its pages, each oddity where its trait says."""

import json
from datetime import timedelta
from urllib.parse import urlsplit

import lxml.etree
import lxml.html
import pytest
from newsroom_visits import END, LATE, SECOND, START, ask, fetch, visit, with_trait

from crawler.newsroom import Newsroom, SiteRequest
from crawler.newsroom.shapes.qq_lists import ALONE

QQ, API = "news.qq.com", "i.news.qq.com"
FEED = "/web_feed/getPCList"
DELETED = "https://www.qq.com/babygohome/?pgv_ref=404"


@pytest.fixture(scope="module")
def newsroom() -> Newsroom:
    return Newsroom(start=START)


def feed(newsroom, number=1, now=END, *, channel="tech", count=20, **more):
    sent = {"flush_num": number, "channel_id": f"news_news_{channel}", "item_count": count, **more}
    asked = SiteRequest(host=API, path=FEED, method="POST", body=json.dumps(sent).encode())
    return json.loads(newsroom.respond(asked, now).body)


def without(newsroom, *traits, now=END):
    return [one for one in newsroom.published_until(now, QQ) if not {*traits} & {*one.traits}]


def ids(rows):
    return [row["id"] for row in rows]


def name_of(one):
    return urlsplit(one.url).path.rpartition("/")[2].removesuffix(".html")


def data_of(page: str) -> dict:
    return json.JSONDecoder().raw_decode(page[page.index("{", page.index("window.DATA")) :])[0]


def locations(answer) -> list[str]:
    return lxml.etree.fromstring(answer.body).xpath("//*[local-name()='loc']/text()")


def test_robots_name_the_sitemap_at_every_name(newsroom):
    for host in (QQ, "new.qq.com", "view.inews.qq.com", API):
        robots = ask(newsroom, host, "/robots.txt").body.decode()
        assert "Sitemap: https://news.qq.com/sitemap/index.xml" in robots


def test_the_sitemaps_hold_everything_once_in_no_order_and_one_is_missing(newsroom):
    maps = locations(ask(newsroom, QQ, "/sitemap/index.xml"))
    answers = [fetch(newsroom, url, END) for url in maps]
    assert sorted(answer.status for answer in answers) == [200, 200, 200, 404]
    found = [url for answer in answers if answer.status == 200 for url in locations(answer)]
    published = [one.url for one in without(newsroom, "hot", "morning")]
    assert sorted(found) == sorted(published)
    assert found not in (published, published[::-1])
    assert [b"<lastmod>" in answer.body for answer in answers if answer.status == 200] == [True, False, False]


def test_the_channel_links_with_noise_and_a_second_channel_shows_what_has_its_word(newsroom):
    def links(path):
        page = lxml.html.fromstring(ask(newsroom, QQ, path).body)
        return [link.get("href") for link in page.cssselect('a[href*="?adChannelId"]')]

    tech, finance = links("/ch/tech"), links("/ch/finance/")
    published = without(newsroom, *ALONE)
    assert {url.partition("?")[0] for url in tech} == {one.url for one in published}
    assert {url.partition("?")[0] for url in finance} == {one.url for one in published if "finance" in one.traits}
    assert all(url.endswith("?adChannelId=tech") for url in tech)
    assert ask(newsroom, QQ, "/ch/nothing").status == 404


def test_the_pages_of_the_feed_overlap_and_end_without_a_word(newsroom):
    pages = [feed(newsroom, number)["data"] for number in range(1, 6)]
    distinct = [list(dict.fromkeys(ids(page))) for page in pages]
    assert len(distinct[0]) == 4
    assert distinct[0][-1] == distinct[1][0]
    assert distinct[1][-1] == distinct[2][0]
    assert pages[-1] == []
    assert len(feed(newsroom, 1, count=2)["data"]) == 2


def test_the_feed_holds_everything_some_of_it_inside_the_card(newsroom):
    rows = [row for number in range(1, 5) for row in feed(newsroom, number)["data"]]
    cards = {row["id"]: row for row in rows if row["articletype"] == "525"}
    inside = [item for card in cards.values() for item in card["sub_item"]]
    published = without(newsroom, *ALONE)
    assert {name[:14] for name in (*ids(rows), *ids(inside))} == {name_of(one)[:14] for one in published}
    assert len(cards) == 1
    assert {len(item["id"]) for item in inside} == {14}
    assert all(item["short_title"] and item["title"].startswith(item["short_title"]) for item in inside)


def test_rows_have_the_oddities_their_traits_say(newsroom):
    rows = [row for number in range(1, 5) for row in feed(newsroom, number)["data"]]
    named = {row["id"]: row for row in rows}
    assert named[name_of(with_trait(newsroom, "no_title", QQ))]["title"] == ""
    assert "pic_info" not in named[name_of(with_trait(newsroom, "no_picture", QQ))]
    twice = name_of(with_trait(newsroom, "twice", QQ))
    assert max(ids(feed(newsroom, number)["data"]).count(twice) for number in range(1, 5)) == 2
    assert named[name_of(with_trait(newsroom, "video", QQ))]["articletype"] == "4"


def test_a_row_has_the_shape_of_the_real_one(newsroom):
    one = with_trait(newsroom, "no_picture", QQ)
    row = next(row for row in feed(newsroom, 1, one.at)["data"] if row["id"] == name_of(one))
    assert row["publish_time"] == f"{one.at.astimezone(START.tzinfo):%Y-%m-%d %H:%M:%S}"
    assert row["link_info"]["url"] == f"https://new.qq.com/rain/a/{row['id']}"
    assert row["media_info"]["chl_name"] == newsroom.article(one.article_id).author


@pytest.mark.parametrize(
    "sent", [{"channel": "cooking"}, {"flush_num": "1"}, {"flush_num": 0}, {"item_count": None}, {"item_count": -1}]
)
def test_a_wrong_question_is_an_error_at_200(newsroom, sent):
    assert feed(newsroom, **sent) == {"ret": 404, "msg": "参数错误"}


def test_the_feed_is_asked_by_post_alone_and_is_busy_for_two_hours(newsroom):
    assert json.loads(ask(newsroom, API, FEED).body)["ret"] == 404
    busy = START + timedelta(hours=21)
    assert feed(newsroom, now=busy) == {"code": 99998, "desc": "系统繁忙"}
    assert ask(newsroom, QQ, "/ch/tech", busy).status == 200


def test_the_authors_feed_holds_his_pieces_and_a_row_that_is_none(newsroom):
    query = "guestSuid=8QMf3nZd4ocbujo&tabId=om_index"
    rows = json.loads(ask(newsroom, API, "/getSubNewsMixedList", query=query).body)["newslist"]
    mine = [one for one in newsroom.published_until(END, QQ) if "author" in one.traits][::-1]
    assert [row["articletype"] for row in rows] == ["123", "4", "0"]
    assert [row["timestamp"] for row in rows[1:]] == [int(one.at.timestamp()) for one in mine]
    assert json.loads(ask(newsroom, API, "/getSubNewsMixedList", query="guestSuid=x").body)["ret"] == 404


def test_a_page_has_its_text_twice_and_pictures_as_marks(newsroom):
    one = with_trait(newsroom, "video_inside", QQ)
    article, page = newsroom.article(one.article_id), visit(newsroom, one).body.decode()
    data, tree = data_of(page), lxml.html.fromstring(page)
    line = next(line for line in page.splitlines() if "window.DATA" in line)
    assert line.rstrip().endswith("};</script>")
    assert data["title"] == article.title
    assert data["originContent"]["text"].count("<!--IMG_0-->") == 1
    assert "<!--VIDEO_0--><!--VERTICAL_CARD_BEGIN_0-->" in data["originContent"]["text"]
    assert data["originAttribute"]["IMG_0"]["url"].startswith("https://inews.gtimg.com/")
    body = lxml.html.fromstring(data["originContent"]["text"])
    assert [block.text_content() for block in body.iter("p")] == list(article.blocks)
    shown = tree.cssselect(".content-article #article-content div.rich_media_content > p")
    assert [block.text_content() for block in shown if block.text_content()] == list(article.blocks)
    assert tree.cssselect(".qnt-link-list a")
    assert tree.cssselect("aside a")
    assert tree.cssselect("title")[0].text == f"{article.title}_腾讯新闻"


def test_one_text_holds_the_signs_at_which_a_lazy_pattern_stops(newsroom):
    one = with_trait(newsroom, "video_inside", QQ)
    page = visit(newsroom, one).body.decode()
    assert "};" in data_of(page)["originContent"]["text"]


def test_the_page_of_2019_has_many_lines_no_semicolon_and_another_time(newsroom):
    one = with_trait(newsroom, "form_2019", QQ)
    page = visit(newsroom, one).body.decode()
    data, tree = data_of(page), lxml.html.fromstring(page)
    script = page[page.index("window.DATA") : page.index("</script>")]
    assert script.count("\n") > 10
    assert script.rstrip().endswith("}")
    assert (len(data["article_id"]), len(data["cms_id"])) == (14, 16)
    assert "originContent" not in data
    assert data["pubtime"] == f"{one.at.astimezone(START.tzinfo):%Y-%m-%d %H:%M:%S}"
    touched = tree.cssselect('meta[name="apub:time"]')[0].get("content")
    assert touched.startswith("2025-2-26 ")
    assert touched.split()[1] != data["pubtime"].split()[1]
    blocks = tree.cssselect(".qq_conent .content-article > p.one-p")
    assert [block.text_content() for block in blocks if block.text_content()] == list(
        newsroom.article(one.article_id).blocks
    )
    assert tree.cssselect(".introduction")[0].text == data["desc"]
    assert tree.cssselect("#Status .statement")


def test_a_page_stands_at_every_form_of_its_address(newsroom):
    for one in without(newsroom, "own_id", "portal"):
        if not one.ends:
            bodies = {fetch(newsroom, url).body for url in (one.url, *one.aliases)}
            assert len(bodies) == 1
            assert len(one.aliases) == 5
            assert {urlsplit(url).netloc for url in one.aliases} >= {"new.qq.com", "view.inews.qq.com"}


def test_a_film_has_a_page_without_text(newsroom):
    one = with_trait(newsroom, "video", QQ)
    page = visit(newsroom, one).body.decode()
    assert name_of(one)[8] == "V"
    assert "originContent" not in data_of(page)
    assert one.ends == "no_text"


def test_a_deleted_piece_moves_to_a_page_on_another_subject(newsroom):
    one = with_trait(newsroom, "moved_to_charity", QQ)
    answer = visit(newsroom, one)
    assert (answer.status, answer.headers["Location"], one.ends) == (302, DELETED, "gone")
    assert fetch(newsroom, DELETED).status == 200


def test_too_many_requests_once(newsroom):
    one = with_trait(newsroom, "rate_567", QQ)
    assert [visit(newsroom, one, nth=nth).status for nth in (1, 2)] == [567, 200]
    assert one.ends == ""


def test_a_standing_card_changes_under_an_old_id(newsroom):
    one = with_trait(newsroom, "changes", QQ)
    assert name_of(one).startswith("20240124")
    assert one.changes_at - one.at == timedelta(hours=9)
    for now, wanted in ((one.changes_at - SECOND, one.article_id), (one.changes_at, one.becomes)):
        article = newsroom.article(wanted)
        data = data_of(visit(newsroom, one, now).body.decode())
        row = next(row for row in feed(newsroom, 1, now, count=9)["data"] if row["id"] == name_of(one))
        assert data["title"] == row["title"] == article.title == newsroom.shown(one, now).title
        assert data["pubtime"] == row["publish_time"]
        assert article.lead in data["originContent"]["text"]


def test_the_truth_says_which_list_announces_what(newsroom):
    found = {
        url: newsroom.announced((url,), LATE)
        for url in ("https://i.news.qq.com/getSubNewsMixedList", "https://new.qq.com/ch/finance")
    }
    authors, finance = found.values()
    assert {"author" in one.traits for one in authors} == {"finance" in one.traits for one in finance} == {True}
    assert (len(authors), len(finance)) == (2, 2)
    tech = newsroom.announced(("https://news.qq.com/web_feed/getPCList#tech",), LATE)
    assert list(tech) == without(newsroom, *ALONE, now=LATE)
