"""Pages made to cost minutes and gigabytes: each is an end with a reason, or an article, in seconds."""

import json
import resource
import time
from datetime import UTC, datetime

import pytest
from hostile_pages import SHAPES, WITHIN, script

from crawler.bounds import DEEPEST_JSON, MOST_ATTRIBUTES, MOST_JSON, TooMuchError, TooMuchJsonError, check_json
from crawler.config.models import Source
from crawler.items import Article, Entry, Page, PendingEntry
from crawler.markup import parse, visible_text
from crawler.outcomes import Outcome
from crawler.rows import LONGEST_TITLE, entry
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
    page = Page(pending=pending, url=announced.url, status=200, content_type="text/html", body=content, fetched_at=NOW)
    return extract(page, source(**articles))


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
