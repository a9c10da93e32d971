"""Articles over several pages: which page is next, when the walk ends, and that no article is ever stored in part."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from click.testing import CliRunner
from rig import Answer, article_page, book_of, feed

from crawler.cli import cli
from crawler.config.models import Source
from crawler.config.sites import expanded
from crawler.further_pages import belongs, next_page
from crawler.items import PagePart
from crawler.outcomes import Outcome
from crawler.run import Run
from pipelines.extract.extract import extract

NEXT = "div.pg a.nxt::attr(href)"
FIRST = "https://alpha.example/article-4711-1.html"
SENTENCE = "这台机器人第{}次走进工厂的装配线，工程师们在旁边记录它的每一个动作，没有人说话。"


def source(**articles):
    return Source(
        name="甲",
        kind="listing",
        endpoints=[{"url": "https://alpha.example/"}],
        entries={"items": "li"},
        articles={"next": NEXT, **articles},
    )


def part(body="<p>文</p>", url=FIRST, content_type="text/html"):
    return PagePart(url=url, content_type=content_type, body=body if isinstance(body, bytes) else body.encode())


def linked(href, base=""):
    head = f'<head><base href="{base}"></head>' if base else ""
    return f'<html>{head}<body><div class="pg"><a class="nxt" href="{href}">下一页</a></div></body></html>'


PLAIN = "https://alpha.example/tech/123.html"

LINKS = {
    "as it stands": (FIRST, "https://alpha.example/article-4711-2.html", True),
    "relative": (FIRST, "article-4711-2.html", "https://alpha.example/article-4711-2.html"),
    "spaces round it": (FIRST, "  article-4711-2.html\n", "https://alpha.example/article-4711-2.html"),
    "another spelling of the article": (FIRST, "/portal.php?mod=view&amp;aid=4711&amp;page=2", "https://alpha.example/portal.php?mod=view&aid=4711&page=2"),
    "http instead of https": (FIRST, "http://alpha.example/article-4711-2.html", True),
    "the article after it": (FIRST, "/article-4712-1.html", ""),
    "the same page": (FIRST, "article-4711-1.html", ""),
    "the same page over http": (FIRST, "http://alpha.example/article-4711-1.html#2", ""),
    "the same number at another host": (FIRST, "https://beta.example/article-4711-2.html", ""),
    "a script": (FIRST, "javascript:;", ""),
    "no address": (FIRST, "http://[::1/", ""),
    "nothing": (FIRST, "", ""),
    "a number behind an underscore": (PLAIN, "123_2.html", "https://alpha.example/tech/123_2.html"),
    "a number behind a hyphen": (PLAIN, "123-2.html", "https://alpha.example/tech/123-2.html"),
    "a number of its own": (PLAIN, "/tech/123/2", "https://alpha.example/tech/123/2"),
    "a page of its own": (PLAIN, "/tech/123/page/2/", "https://alpha.example/tech/123/page/2/"),
    "a parameter": (PLAIN, "?page=2", "https://alpha.example/tech/123.html?page=2"),
    "the first one numbered too": ("https://alpha.example/tech/123_1.html", "123_2.html", "https://alpha.example/tech/123_2.html"),
    "behind a query": ("https://alpha.example/a?id=5", "?id=5&amp;page=2", "https://alpha.example/a?id=5&page=2"),
    "another query": ("https://alpha.example/a?id=5", "?id=6&amp;page=2", ""),
    "a query that is no number": (PLAIN, "?page=all", ""),
    "the next article's number": (PLAIN, "124.html", ""),
    "a number behind nothing": (PLAIN, "1232.html", "https://alpha.example/tech/1232.html"),
    "a longer number": (PLAIN, "1234.html", ""),
    "the next of numbered articles": ("https://alpha.example/news-123.html", "news-124.html", ""),
    "another folder": (PLAIN, "/news/123_2.html", ""),
    "a sub-domain": (PLAIN, "https://m.alpha.example/tech/123_2.html", True),
}  # fmt: skip


@pytest.mark.parametrize(("url", "href", "expected"), [pytest.param(*case, id=name) for name, case in LINKS.items()])
def test_the_next_page_is_one_of_the_same_article(url, href, expected):
    found = next_page(source(), [part(linked(href), url=url)])
    assert found == (href if expected is True else expected)


def test_links_are_resolved_against_the_base():
    page = part(
        linked("article-4711-2.html", base="https://alpha.example/bbs/"),
        url="https://alpha.example/bbs/article-4711-1.html",
    )
    assert next_page(source(), [page]) == "https://alpha.example/bbs/article-4711-2.html"
    page = part(
        linked("article-4711-2.html", base="https://alpha.example/"),
        url="https://alpha.example/x/../article-4711-1.html",
    )
    assert next_page(source(), [page]) == "https://alpha.example/article-4711-2.html"


def test_a_base_that_is_no_address_counts_as_none():
    assert next_page(source(), [part(linked("article-4711-2.html", base="http://[::1/"))]).endswith(
        "/article-4711-2.html"
    )


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ({"next": NEXT}, True),
        ({"next": "a.nxt"}, True),
        ({"next": "//a[text()='下一页']/@href"}, True),
        ({"next": ["a.further", "a.nxt"]}, True),
        ({"next": "a.further"}, False),
        ({"next": ()}, False),
    ],
)
def test_what_the_config_says(rules, found):
    assert bool(next_page(source(**rules), [part(linked("article-4711-2.html"))])) is found


def test_a_page_in_gbk_with_a_label_that_lies_is_read_by_its_declared_charset():
    body = '<meta charset="utf-8"><a href="article-4711-2.html">下一页</a>'.encode("gbk")
    rules = source(next="//a[.='下一页']/@href").model_copy(update={"charset": "gb18030"})
    assert next_page(rules, [part(body)])


def test_the_walk_never_goes_back_to_a_page_that_led_here():
    second = part(linked("article-4711-1.html"), url="https://alpha.example/article-4711-2.html")
    assert next_page(source(), [part(linked("article-4711-2.html")), second]) == ""


@pytest.mark.parametrize(
    ("url", "body", "expected"),
    [
        ("https://alpha.example/article-4711-2.html", "<p>更多</p>", True),
        ("https://alpha.example/article-4711-2.html", "", False),
        ("https://alpha.example/article-4711-2.html", " \r\n ", False),
        ("https://alpha.example/article-4711-2.html", "<p>文</p>", False),
        ("https://alpha.example/article-4712-1.html", "<p>更多</p>", False),
        (FIRST, "<p>更多</p>", False),
        ("https://alpha.example/", "<p>更多</p>", False),
        ("https://beta.example/article-4711-2.html", "<p>更多</p>", False),
    ],
    ids=["a page", "nothing", "blank", "the same again", "another article", "page one", "front page", "another site"],
)
def test_what_an_answer_behind_the_first_page_is(url, body, expected):
    assert belongs([part()], part(body, url=url)) is expected


def test_the_shipped_rules_of_a_portal_find_its_next_page():
    portal = expanded(
        Source(name="门户", kind="discuz", endpoints=[{"url": "https://alpha.example/portal.php?mod=list&catid=1"}])
    )
    links = '<a href="article-4711-2.html">2</a><a href="article-4711-2.html" class="nxt">下一页</a>'
    pager = f'<div class="pg"><strong>1</strong>{links}</div>'
    inside = f'<div id="ct"><div class="d"><td id="article_content">文</td><div class="ptw">{pager}</div></div></div>'
    assert next_page(portal, [part(inside)]) == "https://alpha.example/article-4711-2.html"
    outside = pager.replace("article-4711", "article-4712")
    assert next_page(portal, [part(f'<div id="comment">{outside}</div>')]) == ""


# -- over HTTP --------------------------------------------------------------------------------------------------------


def numbered(number, last, *, text=None, head=""):
    """Page `number` of the article, linked to the one behind it."""
    page = article_page("机器人进厂", text or SENTENCE.format(number) * 4, head=head)
    pager = (
        f'<div class="pg"><a class="nxt" href="article-4711-{number + 1}.html">下一页</a></div>'
        if number < last
        else ""
    )
    return page.replace("</article>", f"</article>{pager}")


@pytest.fixture
def seen(monkeypatch):
    """Pages as extraction gets them."""
    pages = []

    def reading(page, source):
        pages.append(page)
        return extract(page, source)

    monkeypatch.setattr("pipelines.extract.pipeline.extract", reading)
    return pages


@pytest.fixture
def three(rig, site):
    """An article over three pages, announced by its first."""
    rig.source(articles={"next": NEXT})
    site.routes["alpha.example/feed"] = Answer(feed(FIRST))
    for number in (1, 2, 3):
        site.routes[f"alpha.example/article-4711-{number}.html"] = Answer(numbered(number, 3))
    return rig


def asked(site):
    return [hit.removeprefix("alpha.example/article-") for hit in site.hits if "/article-" in hit]


def test_an_article_of_three_pages_is_one_page_with_its_parts_in_order(three, site, seen):
    book = book_of(three.crawl())
    [page] = seen
    assert asked(site) == ["4711-1.html", "4711-2.html", "4711-3.html"]
    assert [page.url, *(part.url for part in page.parts)] == [
        f"https://alpha.example/article-4711-{n}.html" for n in (1, 2, 3)
    ]
    assert [part.body.decode() for part in page.parts] == [numbered(2, 3), numbered(3, 3)]
    assert (page.beyond, book.requests, book.outcomes[Outcome.KEPT], book.balances) == (None, 5, 1, True)


def test_an_article_with_a_small_number_has_its_pages_too(rig, site, seen):
    rig.source(articles={"next": NEXT})
    site.routes["alpha.example/feed"] = Answer(feed("https://alpha.example/article-7-1.html"))
    for number in (1, 2, 3):
        page = numbered(number, 3).replace("4711", "7")
        site.routes[f"alpha.example/article-7-{number}.html"] = Answer(page)
    rig.crawl()
    assert asked(site) == ["7-1.html", "7-2.html", "7-3.html"]
    assert [len(page.parts) for page in seen] == [2]
    assert rig.query("SELECT key FROM entry") == [("discuz:alpha.example/7",)]


def test_a_source_without_the_rule_asks_for_no_further_page_and_parses_none(rig, site, seen, monkeypatch):
    monkeypatch.setattr("crawler.further_pages.decode", None)
    site.routes["alpha.example/feed"] = Answer(feed(FIRST))
    site.routes["alpha.example/article-4711-1.html"] = Answer(numbered(1, 3))
    rig.crawl()
    assert (asked(site), seen[0].parts, rig.outcomes()) == (["4711-1.html"], (), {"article-4711-1.html": "kept"})


def test_the_pause_is_kept_between_the_pages(three, site):
    three.source(articles={"next": NEXT}, politeness={"delay": "5s"})
    three.crawl()
    assert [(wait.until - wait.asked_at).total_seconds() for wait in three.clock.waits] == [5, 5, 5, 5]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=404),
        Answer(status=410),
        Answer(""),
        Answer(numbered(2, 3)),
        Answer(status=302, headers={"Location": "/article-4712-1.html"}),
        Answer(status=302, headers={"Location": "https://www.gone.example/404"}),
    ],
    ids=["404", "410", "empty", "the page before again", "another article", "where deleted ones are sent"],
)
def test_what_is_behind_the_last_page_ends_the_walk_and_what_is_there_is_kept(three, site, seen, answer):
    three.source(articles={"next": NEXT, "gone_at": "gone\\.example"})
    site.routes["alpha.example/article-4711-3.html"] = answer
    site.routes["alpha.example/article-4712-1.html"] = Answer(article_page("别的机器人"))
    report = three.crawl()
    assert (len(seen[0].parts), report.errors) == (1, ())
    assert three.outcomes() == {"article-4711-1.html": "kept"}
    assert "www.gone.example/404" not in site.hits


def test_no_more_pages_are_asked_for_than_the_config_allows(three, site, seen):
    three.source(articles={"next": NEXT, "most_pages": 2})
    error = book_of(three.crawl()).error
    assert asked(site) == ["4711-1.html", "4711-2.html"]
    assert error == (
        f"{FIRST}: the article is kept without https://alpha.example/article-4711-3.html and what is behind it: "
        "more than most_pages: 2"
    )


def test_an_article_of_as_many_pages_as_the_config_allows_is_whole(three, site, seen):
    three.source(articles={"next": NEXT, "most_pages": 3})
    assert book_of(three.crawl()).error == ""


@pytest.mark.parametrize("status", [500, 403, 429])
def test_a_further_page_that_fails_puts_the_whole_article_off(three, site, seen, status):
    site.routes["alpha.example/article-4711-2.html"] = [Answer(status=status), Answer(numbered(2, 3))]
    report = three.crawl()
    assert (three.outcomes(), seen, report.errors) == ({"article-4711-1.html": None}, [], ())
    [(error, attempts)] = three.query("SELECT last_error, attempts FROM entry")
    assert error.endswith(f"HTTP {status} at https://alpha.example/article-4711-2.html")
    assert attempts > 0
    three.clock.move_by(timedelta(days=1))
    three.crawl()
    assert (three.outcomes(), len(seen[0].parts)) == ({"article-4711-1.html": "kept"}, 2)


def test_a_further_page_that_robots_forbid_ends_the_walk_and_is_told(three, site, seen):
    site.routes["alpha.example/robots.txt"] = Answer("User-agent: *\nDisallow: /article-4711-3\n")
    error = book_of(three.crawl()).error
    assert (three.outcomes(), len(seen[0].parts)) == ({"article-4711-1.html": "kept"}, 1)
    assert error.endswith("4711-3.html and what is behind it: robots.txt forbids it")


@pytest.mark.parametrize("where", ["header", "meta"])
def test_noarchive_on_a_further_page_refuses_the_article(three, site, where):
    meta = '<meta name="robots" content="noarchive">' if where == "meta" else ""
    headers = {"X-Robots-Tag": "noarchive"} if where == "header" else {}
    site.routes["alpha.example/article-4711-2.html"] = Answer(numbered(2, 3, head=meta), headers=headers)
    three.crawl()
    assert three.outcomes() == {"article-4711-1.html": "refused"}
    assert three.query("SELECT url FROM capture") == [("https://alpha.example/feed",)]


def test_a_run_that_ends_between_the_pages_leaves_the_entry_pending(three, site, seen):
    def second(request):
        # The limit is reached while this page is under way.
        three.stop_now = True
        return Answer(numbered(2, 3))

    three.stop_now = False
    site.routes["alpha.example/article-4711-2.html"] = second

    really = Run._stop_reason
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, "_stop_reason", lambda run: "the test ends it" if three.stop_now else really(run))
        report = three.crawl()
    assert (three.outcomes(), seen, report.balances) == ({"article-4711-1.html": None}, [], True)
    assert three.query("SELECT attempts, last_error FROM entry") == [(0.0, "")]
    assert "4711-3.html" not in asked(site)
    three.stop_now = False
    site.routes["alpha.example/article-4711-2.html"] = Answer(numbered(2, 3))
    three.crawl()
    assert three.outcomes() == {"article-4711-1.html": "kept"}


def test_a_revisit_asks_for_all_pages_unconditionally(three, site, seen):
    def first(request):
        tag = {"ETag": '"1"', "Last-Modified": "Mon, 03 Mar 2025 00:00:00 GMT"}
        return Answer(status=304) if "If-None-Match" in request.headers else Answer(numbered(1, 3), headers=tag)

    site.routes["alpha.example/article-4711-1.html"] = first
    three.crawl()
    site.hits.clear()
    site.routes["alpha.example/article-4711-2.html"] = Answer(numbered(2, 3, text="更正：" + SENTENCE.format("二") * 4))
    three.clock.move_by(timedelta(hours=25))
    three.crawl()
    assert asked(site) == ["4711-1.html", "4711-2.html", "4711-3.html"]
    assert three.query("SELECT count(*) FROM version") == [(2,)]


def test_a_further_page_that_is_away_at_a_revisit_changes_nothing(three, site):
    three.crawl()
    site.routes["alpha.example/article-4711-1.html"] = Answer(numbered(1, 3, text=SENTENCE.format("二") * 4))
    site.routes["alpha.example/article-4711-2.html"] = Answer(status=500)
    three.clock.move_by(timedelta(hours=25))
    assert three.crawl().errors == ()
    assert three.query("SELECT count(*), (SELECT deleted_at FROM article) FROM version") == [(1, None)]


# -- captures ---------------------------------------------------------------------------------------------------------


def replayed(rig, query):
    """What a fresh data folder holds that has lived by the captures of `rig`."""
    data = rig.folder / "fresh"
    options = ["--config", rig.config, "--data", data, "crawl", "--replay", rig.data / "captures"]
    result = CliRunner().invoke(cli, [str(option) for option in options], prog_name="presswatch")
    assert result.exit_code == 0, result.output
    with closing(sqlite3.connect(data / "presswatch.db")) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize(
    "last",
    [
        Answer(numbered(3, 3)),
        Answer(status=404),
        Answer(numbered(2, 3)),
        Answer(status=302, headers={"Location": "https://www.gone.example/404"}),
    ],
    ids=["a page", "404", "the page before again", "where deleted ones are sent"],
)
def test_a_replay_walks_the_same_road(three, site, seen, last):
    three.source(articles={"next": NEXT, "gone_at": "gone\\.example"})
    site.routes["alpha.example/article-4711-3.html"] = last
    three.crawl()
    site.hits.clear()
    assert replayed(three, "SELECT outcome FROM entry") == [("kept",)]
    live, again = seen
    assert [part.body for part in (again, *again.parts)] == [part.body for part in (live, *live.parts)]
    assert (again.url, site.hits) == (live.url, [])


def test_a_replay_that_lacks_a_further_page_leaves_the_entry_pending(three, site):
    three.source()
    three.crawl()
    three.source(articles={"next": NEXT})
    assert replayed(three, "SELECT outcome FROM entry") == [(None,)]
