"""Pages made to cost minutes and gigabytes: each is an end with a reason, or an article, in seconds."""

import json
import resource
import time
from datetime import UTC, datetime
from html import escape
from zoneinfo import ZoneInfo

import pytest
from hostile_pages import BESIDE, COMMENTS, SENTENCE, SHAPES, WITHIN, page, script

from crawler.bounds import DEEPEST_JSON, MOST_ATTRIBUTES, MOST_JSON, TooMuchError, TooMuchJsonError, check_json
from crawler.config.models import EntryRules, Pages, Source
from crawler.feeds import parse_feed
from crawler.items import Answer, Article, Entry, Page, PendingEntry, PollFaultError
from crawler.json_lists import parse_json_list
from crawler.listings import parse_listing
from crawler.markup import parse, visible_text
from crawler.outcomes import Outcome
from crawler.rows import LONGEST_TITLE, MOST_ENTRIES, entry
from crawler.sitemaps import parse_sitemap
from pipelines.extract.extract import extract

NOW = datetime(2025, 3, 3, tzinfo=UTC)
SECONDS = 30  # of CPU, on a machine that does other things too; unbounded, the worst take minutes
MEGABYTES = 600
OWN = {"body": ["article"]}


def source(**articles):
    endpoints = [{"url": "https://alpha.example/feed", "every": "30m"}]
    return Source.model_validate({"name": "alpha", "kind": "feed", "endpoints": endpoints, "articles": articles})


def read(content, **articles):
    announced = Entry(key="k", url="https://alpha.example/a", title="机器人")
    pending = PendingEntry(id=1, source="alpha", host="alpha.example", entry=announced, first_seen=NOW)
    given = Page(pending=pending, url=announced.url, status=200, content_type="text/html", body=content, fetched_at=NOW)
    return extract(given, source(**articles))


@pytest.fixture
def in_time():
    began, before = time.process_time(), _peak()
    yield
    assert time.process_time() - began < SECONDS
    assert _peak() - before < MEGABYTES


def _peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.parametrize("shape", SHAPES)
def test_a_hostile_page_ends_in_time(shape, in_time):
    result = read(SHAPES[shape]())
    if isinstance(result, Article):
        assert "机器人今天第一次走进了工厂" in result.text
        assert "root:" not in result.text
        assert len(result.markdown) < 10_000
    else:
        assert result.outcome is Outcome.NO_TEXT
        assert len(result.reason) < 200


@pytest.mark.parametrize(("shape", "articles"), [("bold words", {}), *((shape, OWN) for shape in WITHIN)])
def test_a_page_just_within_the_bounds_is_read_in_time(shape, articles, in_time):
    assert isinstance(read(WITHIN[shape](), **articles), Article)


@pytest.mark.parametrize(
    ("more", "said"), [("[" * 290_000, "opening brackets"), ("机" * 300_000, "characters of text")]
)
def test_a_markdown_file_that_holds_too_much_is_no_article(more, said, in_time):
    announced = Entry(key="k", url="https://alpha.example/a.md", title="机器人")
    pending = PendingEntry(id=1, source="alpha", host="alpha.example", entry=announced, first_seen=NOW)
    body = f"# 机器人\n\n{SENTENCE}\n\n{more}".encode()
    file = Page(pending=pending, url=announced.url, status=200, content_type="text/markdown", body=body, fetched_at=NOW)
    result = extract(file, source())
    assert result.outcome is Outcome.NO_TEXT
    assert said in result.reason


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("articles", [{}, OWN, {"body": ["main"]}], ids=["generic", "article", "main"])
def test_an_article_is_kept_whatever_its_page_holds_beside_it(beside, articles, in_time):
    found = read(BESIDE[beside], **articles)
    assert isinstance(found, Article), found.reason
    assert (found.text.count(SENTENCE), len(found.text) < 300) == (4, True)


@pytest.mark.parametrize("articles", [{}, OWN], ids=["generic", "article"])
def test_a_long_report_is_kept_whole(articles, in_time):
    paragraphs = [f"第{number}条。{SENTENCE * 4}" for number in range(2_100)]
    found = read(
        page(f"<article><h1>机器人</h1>{''.join(f'<p>{text}</p>' for text in paragraphs)}</article>"), **articles
    )
    assert all(text in found.text for text in paragraphs)


def test_of_a_page_that_is_nothing_but_rows_the_reason_is_told(in_time):
    assert "elements" in read(page(COMMENTS)).reason


def test_a_tag_of_many_attributes_is_refused_wherever_html_is_parsed():
    tags = "<p " + " ".join(f'attribute{number}="…………"' for number in range(MOST_ATTRIBUTES + 1)) + ">x</p>"
    for parsed in (parse, visible_text):
        with pytest.raises(TooMuchError, match="attributes"):
            parsed(tags + " " * 40_000)


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("[" * DEEPEST_JSON + "]" * DEEPEST_JSON, False),
        ("[" * (DEEPEST_JSON + 1), True),
        ("[]; and behind its end " + "[" * 500, False),
        (json.dumps(["[" * 500, '"[' * 500]), False),
        (f"[{','.join(['{}'] * (MOST_JSON - 1))}]", False),
        (f"[{','.join(['{}'] * MOST_JSON)}]", True),
        ("no JSON at all [", False),
    ],
)
def test_json_is_bounded_in_depth_and_number(text, refused):
    if refused:
        with pytest.raises(TooMuchJsonError):
            check_json(text)
    else:
        check_json(text)


def test_linked_data_within_the_bounds_is_read():
    deep = f'{{"author":{{"name":"林小语"}},"about":{"[" * 90}{"]" * 90}}}'
    assert read(script(deep)).authors == ("林小语",)


def test_what_is_stored_of_a_row_is_bounded():
    found = entry("https://alpha.example/a", title="机" * 5_000_000, summary="器" * 5_000_000, author="人" * 5_000_000)
    assert [len(found.title), len(found.summary), len(found.authors[0])] == [LONGEST_TITLE, 2000, 200]


# -- lists -----------------------------------------------------------------------------------------------------------


MANY = " ".join(f'a{number}="x"' for number in range(40_000))
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
)


def rss(items, doctype=""):
    return f'<?xml version="1.0"?>{doctype}<rss version="2.0"><channel><title>t</title>{items}</channel></rss>'


def item(summary="x"):
    return f"<item><title>机器人</title><link>https://alpha.example/a</link><description>{summary}</description></item>"


def asked(text):
    zone = ZoneInfo("Asia/Shanghai")
    return Answer(url="https://alpha.example/list", body=text.encode(), content_type="", at=NOW, zone=zone)


def rows_of(**more):
    return EntryRules.model_validate({"items": ["li"], **more})


def listing(text):
    return parse_listing(asked(text), rows_of(), Pages())


def json_list(text):
    return parse_json_list(asked(text), rows_of(items="[]", link="url"), Pages())


def sitemap(text):
    return parse_sitemap(asked(text))


def parsed_feed(text):
    return parse_feed(text.encode(), "application/xml", "https://alpha.example/feed")


@pytest.mark.parametrize(
    ("parsed", "text", "said"),
    [
        (parsed_feed, rss("<x/>" * 1_000_000), "more than 200000 tags"),
        (parsed_feed, rss(f"<item {MANY}/>"), "more than 500 attributes"),
        (parsed_feed, rss(item("&j;"), BOMB + "]>"), "XML entities"),
        (sitemap, f"<urlset>{'<x/>' * 1_100_000}</urlset>", "more than 1000000"),
        (sitemap, f"{BOMB}]><urlset><url><loc>&j;</loc></url></urlset>", "entities"),
        (listing, "<ul>" + "<li>" * 600_000, "more than 500000"),
        (listing, f"<ul><li {MANY}>", "more than 500 attributes"),
        (json_list, "[" * 200_000, "more than 100 deep"),
        (json_list, f"[{'{},' * 300_000}{{}}]", "more than 200000"),
    ],
)
def test_a_list_that_holds_too_much_is_a_failed_poll(parsed, text, said, in_time):
    with pytest.raises(PollFaultError, match=said):
        parsed(text)


WITHIN_ROWS = "<li><ul>" * 100
ROWS_WITHIN = {
    "one text in all": (WITHIN_ROWS + "<li><a href=/1>" + "<b>x</b>" * 60_000, {}),
    "links to nothing": (WITHIN_ROWS + "<li>" + "<a href=#></a>" * 60_000, {}),
    "a title in all": (WITHIN_ROWS + "<li><a href=/1>x</a><h3>" + "<b>x</b>" * 60_000, {"title": "h3"}),
    "a page in each": ("<li><a href=/1>x</a>" * 20_000, {"title": "ancestor::body"}),
    "a long text in all": (WITHIN_ROWS + "<li><a href=/1>" + "机" * 3_000_000, {}),
}


@pytest.mark.parametrize("shape", ROWS_WITHIN)
def test_rows_inside_one_another_are_looked_at_in_time(shape):
    text, rules = ROWS_WITHIN[shape]
    began = time.process_time()
    with pytest.raises(PollFaultError, match="inside one another"):
        parse_listing(asked(text), rows_of(**rules), Pages())
    assert time.process_time() - began < SECONDS / 3  # unbounded, a minute and more


def test_of_a_row_as_much_is_read_as_is_kept():
    row = f"<li><a href=/1>{'机' * 100_000}{'<b>器</b>' * 10_000}</a>"
    [found] = parse_listing(asked(row), rows_of(), Pages()).entries
    assert found.title == "机" * LONGEST_TITLE


@pytest.mark.parametrize(
    "body",
    [
        rss(item("&j;"), BOMB + "]>").replace("?>", ' encoding="utf-16"?>').encode("utf-16"),
        rss(item("&j;"), f"<!--{'x' * 101_000}-->{BOMB}]>").encode(),
    ],
    ids=["UTF-16", "behind a comment"],
)
def test_entities_are_seen_wherever_a_feed_declares_them(body):
    with pytest.raises(PollFaultError, match="XML entities"):
        parse_feed(body, "application/xml", "https://alpha.example/feed")


@pytest.mark.parametrize(
    "summary",
    ["<![CDATA[" + "<p>x</p>" * 90_000 + "]]>", escape(f"<div {MANY}>"), escape("<div>" * 150_000), "机" * 3_000_000],
    ids=["tags", "attributes", "depth", "length"],
)
def test_one_summary_costs_its_feed_nothing(summary, in_time):
    found = parsed_feed(rss(item() + item(summary)))
    assert len(found.entries) + found.unread == 2
    assert all(len(entry.summary) <= 2000 for entry in found.entries)


NUMBERS = range(MOST_ENTRIES + 5)


@pytest.mark.parametrize(
    ("parsed", "text"),
    [
        (sitemap, f"<urlset>{''.join(f'<url><loc>https://a.example/{n}</loc></url>' for n in NUMBERS)}</urlset>"),
        (sitemap, "\n".join(f"https://a.example/{n}" for n in NUMBERS)),
        (json_list, json.dumps([{"url": f"/{n}"} for n in NUMBERS])),
        (listing, "".join(f"<li><a href=/{n}>x</a>" for n in NUMBERS)),
    ],
    ids=["sitemap", "plain", "json", "listing"],
)
def test_of_a_longer_list_the_first_are_taken_and_the_rest_is_told(parsed, text, in_time):
    found = parsed(text)
    assert (len(found.entries), found.unread) == (MOST_ENTRIES, 5)
