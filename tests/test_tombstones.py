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
from crawler.tombstones import buried, bury, key_hash


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
    document = json.loads(forgotten.call("explain", URL, "--json").stdout)
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
