"""The two portals made with Discuz! in the newsroom."""

import re
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

import feedparser
import lxml.html
import pytest
from newsroom_visits import END, LATE, START, ask, fetch, visit, with_trait

from crawler.newsroom import Newsroom

DYNAMIC, GBK = "www.yanta.example", "bbs.gushu.example"
LISTS = {
    DYNAMIC: "https://www.yanta.example/portal.php?mod=list&catid=1",
    GBK: "https://bbs.gushu.example/list-2-1.html",
}


@pytest.fixture(scope="module")
def newsroom() -> Newsroom:
    return Newsroom(start=START)


def tree_of(answer):
    return lxml.html.fromstring(answer.body, parser=lxml.html.HTMLParser(encoding=charset_of(answer)))


def charset_of(answer) -> str:
    return re.search(rb"charset=([\w-]+)", answer.body)[1].decode()


def pages_from(newsroom, url, inside):
    """The page at `url` and those behind it, by the link to the next one."""
    trees = []
    while url and len(trees) < 9:
        trees.append(tree_of(fetch(newsroom, url, END)))
        base = trees[-1].cssselect("base")[0].get("href")
        following = trees[-1].cssselect(f"{inside} div.pg a.nxt")
        url = urljoin(base, following[0].get("href")) if following else ""
    return trees


@pytest.mark.parametrize("host", LISTS)
def test_the_list_goes_on_over_pages_and_repeats_what_is_highlighted(newsroom, host):
    trees = pages_from(newsroom, LISTS[host], "#ct")
    base = trees[0].cssselect("base")[0].get("href")
    links = [urljoin(base, link.get("href")) for tree in trees for link in tree.cssselect("#ct dl.bbda dt a.xi2")]
    published = newsroom.published_until(END, host)[::-1]
    again = [one.url for one in published if "highlighted" in one.traits]
    assert len(trees) == -(-len(published) // 3)
    assert sorted(links) == sorted([*(one.url for one in published), *again])
    dates = [date.text for tree in trees for date in tree.cssselect("dl.bbda span.xg1")]
    assert all(re.fullmatch(r" 2025-[1-9]\d?-[1-9]\d? \d\d:\d\d", date) for date in dates)
    assert any(re.search(r"-\d ", date) for date in dates)


def test_charsets_are_told_by_the_page_alone(newsroom):
    for host, charset in ((DYNAMIC, "utf-8"), (GBK, "gbk")):
        answer = fetch(newsroom, LISTS[host])
        assert answer.headers["Content-Type"] == "text/html"
        assert charset_of(answer) == charset
        assert newsroom.published_until(END, host)[-1].title in answer.body.decode(charset)


@pytest.mark.parametrize("host", LISTS)
def test_an_article_over_three_pages_is_whole_when_they_are_joined(newsroom, host):
    one = with_trait(newsroom, "pages", host)
    trees = pages_from(newsroom, one.url, "#ct .d")
    blocks = [block.text_content() for tree in trees for block in tree.cssselect("td#article_content > p")]
    assert len(trees) == 3
    assert blocks == list(newsroom.article(one.article_id).blocks)
    assert [tree.cssselect("#ct .d .pg strong")[0].text for tree in trees] == ["1", "2", "3"]
    assert all(len(tree.cssselect("#inner_nav li a")) == 3 for tree in trees)
    assert [fetch(newsroom, url).status for url in one.pages] == [200, 200]


@pytest.mark.parametrize(
    ("host", "address"), [(DYNAMIC, "portal.php?mod=view&aid={}&page=9"), (GBK, "article-{}-9.html")]
)
def test_behind_the_last_page_there_is_an_empty_body(newsroom, host, address):
    one = with_trait(newsroom, "pages", host)
    aid = re.search(r"aid=(\d+)|article-(\d+)", one.url)
    answer = fetch(newsroom, f"https://{host}/{address.format(aid[1] or aid[2])}")
    tree = tree_of(answer)
    assert answer.status == 200
    assert tree.cssselect("td#article_content")[0].text_content().strip() == ""
    assert tree.cssselect("#ct .d .pg a.nxt") == []


def test_a_page_has_the_tree_of_the_real_one(newsroom):
    one = with_trait(newsroom, "image", DYNAMIC)
    tree = tree_of(visit(newsroom, one))
    at = one.at.astimezone(START.tzinfo)
    line = tree.cssselect("div.h > p.xg1")[0].text_content()
    assert line.startswith(f"{at.year}-{at.month}-{at.day} {at:%H:%M}|发布者: ")
    assert tree.cssselect("h1.ph")[0].text == one.title
    assert tree.cssselect("title")[0].text.endswith(" - Powered by Discuz!")
    assert tree.cssselect("td#article_content img")[0].get("src").startswith("data/attachment/portal/2025")
    assert tree.cssselect("#toptb, #pt, #related_article, #click_div, #comment, #ft")
    lazy = tree_of(visit(newsroom, with_trait(newsroom, "lazy_image", GBK))).cssselect("td#article_content img")[0]
    assert lazy.get("file").startswith("data/attachment/")


def test_the_links_before_and_behind_are_fused(newsroom):
    one = newsroom.published_until(END, DYNAMIC)[2]
    links = tree_of(visit(newsroom, one)).cssselect("div.pren")[0].text_content()
    assert re.fullmatch(r"上一篇：\S.*下一篇：\S.*", links)
    assert " 下一篇" not in links


def test_the_counter_is_another_at_every_visit(newsroom):
    one = with_trait(newsroom, "image", DYNAMIC)
    first, second = (visit(newsroom, one, nth=nth) for nth in (1, 2))
    views = [tree_of(answer).cssselect("#_viewnum")[0].text for answer in (first, second)]
    assert views[0] != views[1]
    assert first.headers["ETag"] != second.headers["ETag"]
    assert "Last-Modified" not in first.headers


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://www.yanta.example/portal.php?mod=view&aid=1", "不存在或正在审核"),
        ("https://bbs.gushu.example/article-1-1.html", "不存在或正在审核"),
        ("https://www.yanta.example/portal.php?mod=list&catid=77", "尚未正确指定要查看的分类"),
    ],
)
def test_errors_are_a_box_at_200(newsroom, url, told):
    answer = fetch(newsroom, url)
    assert answer.status == 200
    assert told in tree_of(answer).cssselect("div#messagetext.alert_error > p")[0].text


@pytest.mark.parametrize(("host", "trait", "ends"), [(DYNAMIC, "withdrawn", "gone"), (GBK, "login", "blocked")])
def test_what_is_listed_may_be_a_box(newsroom, host, trait, ends):
    one = with_trait(newsroom, trait, host)
    answer = visit(newsroom, one)
    assert (answer.status, len(tree_of(answer).cssselect("#messagetext")), one.ends) == (200, 1, ends)


def test_an_external_piece_leads_to_the_site_it_is_from(newsroom):
    one = with_trait(newsroom, "external", DYNAMIC)
    answer = visit(newsroom, one)
    original = next(other for other in newsroom.truth if other.key == one.copy_of)
    assert (answer.status, answer.headers["Location"], one.ends) == (302, original.url, "")
    assert urlsplit(original.url).netloc == "news.chenfeng.example"


def test_a_spun_copy_has_other_words_and_the_same_numbers(newsroom):
    spun = [one for one in newsroom.published_until(LATE, DYNAMIC) if "spun" in one.traits]
    assert len(spun) == 2
    for one in spun:
        original, shown = newsroom.article(one.article_id), newsroom.shown(one)
        text = tree_of(visit(newsroom, one)).cssselect("td#article_content")[0].text_content()
        assert all(block in text for block in shown.blocks)
        assert "公司" not in text
        assert "企业" in text
        assert re.findall(r"\d+|[一二三四五六七八九十]+", text) == re.findall(
            r"\d+|[一二三四五六七八九十]+", "".join(original.blocks)
        )
        assert one.copy_of


def test_one_portal_has_a_feed_with_a_bare_ampersand_and_one_has_none(newsroom):
    answer = fetch(newsroom, "https://www.yanta.example/portal.php?mod=rss&catid=1", END)
    assert b"R&D" in answer.body
    feed = feedparser.parse(answer.body.replace(b"R&D", b"R&amp;D"))
    published = newsroom.published_until(END, DYNAMIC)[::-1]
    assert [entry.link for entry in feed.entries] == [one.url for one in published]
    off = fetch(newsroom, "https://bbs.gushu.example/portal.php?mod=rss&catid=2")
    assert (off.status, off.body) == (200, b"RSS Disabled")


@pytest.mark.parametrize("host", LISTS)
def test_robots_forbid_where_pictures_stand_and_no_article(newsroom, host):
    robots = RobotFileParser()
    robots.parse(ask(newsroom, host, "/robots.txt").body.decode().splitlines())
    assert not robots.can_fetch("*", f"https://{host}/data/attachment/portal/202503/01/x.jpg")
    assert all(robots.can_fetch("*", one.url) for one in newsroom.published_until(LATE, host))


@pytest.mark.parametrize("host", LISTS)
def test_an_article_stands_at_its_other_addresses_too(newsroom, host):
    one = with_trait(newsroom, "pages", host)
    assert len({fetch(newsroom, url).body for url in (one.url, *one.aliases)}) == 1
