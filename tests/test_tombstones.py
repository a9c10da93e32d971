"""What was forgotten is not taken in again, and explain says when and why."""

import json

import pytest
from archive_rows import DAY, HOUR, NOON
from forgetting import BODY, TITLE, URL, forget, keep, named_in
from house import House
from sqlalchemy import select

from crawler.books import open_run
from crawler.endpoints import Endpoints
from crawler.intake import Intake, take_in
from crawler.items import Entry, Origin, Poll
from crawler.tables import book, tombstone
from crawler.tombstones import buried, bury, key_hash, keys_of
from crawler.urls import article_key


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    made.keep(1)
    yield made
    made.database.close()


@pytest.fixture
def forgotten(house):
    keep(house, original_url="https://mp.weixin.qq.com/s/abcdefghijk")
    assert forget(house).exit_code == 0
    return house


@pytest.mark.parametrize("key", ["url:chenfeng.example/7", "wechat:abcdefghijk"])
def test_an_announcement_of_it_is_known_and_leaves_nothing(forgotten, key):
    house, endpoints = forgotten, Endpoints(forgotten.database)
    with house.database.write() as connection:
        run = open_run(connection, command="crawl", process=1, now=NOON, sources=["chenfeng"])
    [state] = endpoints.declare([("chenfeng", "https://chenfeng.example/feed")]).values()
    announced = (Entry(key=key, url=URL, title=TITLE), Entry(key="url:chenfeng.example/9", url=URL + "9"))
    poll = Poll(at=NOON, entries=announced)
    result = endpoints.record_poll(run, state, poll, next_due=NOON + HOUR, max_age=7 * DAY)
    assert (result.found, result.known) == (1, 1)
    assert house.query("SELECT key FROM sighting WHERE key = :key", key=key) == []
    assert house.query("SELECT key FROM entry WHERE key = :key", key=key) == []


def test_a_file_that_brings_it_is_not_taken_in(forgotten):
    with forgotten.database.write() as connection:
        run = open_run(connection, command="seeds import", process=1, now=NOON, sources=["chenfeng"])
        intake = Intake(run=run, origin=Origin.SEED, place="seeds:x")
        item = Entry(key="url:chenfeng.example/7", url=URL)
        assert take_in(connection, intake, "chenfeng", item, NOON) is None
        assert connection.scalar(select(book.c.known).where(book.c.run == run, book.c.source == "chenfeng")) == 1


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"final_key": "url:chenfeng.example/7"}, id="by where it led"),
        pytest.param({"original_url": "https://mp.weixin.qq.com/s/abcdefghijk"}, id="by its first publication"),
    ],
)
def test_another_announcement_that_leads_to_it_is_refused(forgotten, facts):
    house = forgotten
    other = house.keep(99, TITLE, body=BODY, summary="独一无二的摘要", authors=["某人"], **facts)
    assert house.query("SELECT outcome, reason FROM entry WHERE id = :id", id=other) == [
        ("refused", "forgotten on 2025-03-04: 律师函")
    ]
    assert house.query("SELECT count(*) FROM article") == [(1,)]
    house.database.scrub()
    assert {name for name, _ in named_in(house)} == set()


def test_explain_says_when_and_why_and_nothing_else(forgotten):
    for query in (
        URL,
        "http://www.chenfeng.example/7/?utm_source=x",
        "url:chenfeng.example/7",
        "https://mp.weixin.qq.com/s/abcdefghijk",
    ):
        result = forgotten.call("explain", query)
        assert (result.exit_code, result.stdout) == (0, "已于 2025-03-04 12:00:00 按要求遗忘：律师函\n")
    document = json.loads(forgotten.call("explain", URL, "--json").stdout)["forgotten"]
    assert document == {"forgotten": document["forgotten"], "reason": "律师函"}
    assert document["forgotten"].startswith("2025-03-04T04:00:00")
    assert forgotten.call("explain", TITLE).exit_code == 2


def test_a_tombstone_holds_hashes_alone_and_the_first_one_stays(house):
    with house.database.write() as connection:
        bury(connection, ["a"], reason="first", now=NOON)
        bury(connection, ["a", "b"], reason="second", now=NOON + DAY)
        rows = connection.execute(select(tombstone.c.key_hash, tombstone.c.reason).order_by(tombstone.c.reason)).all()
        found = buried(connection, ["b", "c", *map(str, range(1000))])
    assert [tuple(row) for row in rows] == [(key_hash("a"), "first"), (key_hash("b"), "second")]
    assert list(found) == ["b"]


# -- of before schema 0003, when these addresses went by themselves ----------------------------------------------------

OLD = {
    "url:news.qq.com/rain/a/20250303A01ABC00": "https://news.qq.com/rain/a/20250303A01ABC00",
    "url:iyiou.com/news/202502071089671": "https://www.iyiou.com/news/202502071089671",
    "url:it.example/article-4711-1.html": "https://it.example/article-4711-1.html",
    "url:it.example/portal.php?aid=4711&mod=view": "http://it.example/portal.php?mod=view&aid=4711",
    "url:36kr.com/p/123?f=rss": "https://36kr.com/p/123?f=rss",
}


def old_grave(house, key):
    with house.database.write() as connection:
        bury(connection, [key], reason="律师函", now=NOON)
        return open_run(connection, command="crawl", process=1, now=NOON + DAY, sources=["chenfeng"])


@pytest.mark.parametrize(("key", "url"), OLD.items())
def test_an_announcement_is_known_by_the_key_its_address_had(house, key, url):
    run, endpoints = old_grave(house, key), Endpoints(house.database)
    before = house.query("SELECT count(*) FROM entry")
    [state] = endpoints.declare([("chenfeng", "https://chenfeng.example/feed")]).values()
    poll = Poll(at=NOON, entries=(Entry(key=article_key(url), url=url, title=TITLE),))
    result = endpoints.record_poll(run, state, poll, next_due=NOON + HOUR, max_age=7 * DAY)
    assert (result.found, result.known) == (0, 1)
    assert house.query("SELECT count(*) FROM entry") == before
    # From now on so is every other spelling.
    with house.database.read() as connection:
        [grave] = buried(connection, [article_key(url)]).values()
    assert (grave.forgotten, grave.reason) == (NOON, "律师函")
    assert endpoints.unknown([article_key(url)]) == set()


@pytest.mark.parametrize(("key", "url"), OLD.items())
def test_a_file_does_not_bring_back_what_the_key_its_address_had_stands_for(house, key, url):
    intake = Intake(run=old_grave(house, key), origin=Origin.IMPORT, place="warc:x")
    with house.database.write() as connection:
        assert take_in(connection, intake, "chenfeng", Entry(key=article_key(url), url=url), NOON) is None


@pytest.mark.parametrize(("key", "url"), OLD.items())
def test_another_announcement_that_leads_there_is_refused_and_explain_knows_it(house, key, url):
    old_grave(house, key)
    other = house.keep(99, TITLE, body=BODY, original_url=url)
    assert house.query("SELECT outcome FROM entry WHERE id = :id", id=other) == [("refused",)]
    assert "按要求遗忘" in house.call("explain", url).stdout


def test_what_is_forgotten_is_forgotten_under_both_keys():
    for key, url in OLD.items():
        assert keys_of([], [url]) == {key, article_key(url)}
    assert keys_of([], ["https://chenfeng.example/7", "https://mp.weixin.qq.com/s/abcdefghijk"]) == {
        "url:chenfeng.example/7", "wechat:abcdefghijk",
    }  # fmt: skip
