"""Who waits: what the daemon finds is what a run would visit, and what wants to be left alone is not woken."""

from datetime import timedelta

import pytest
from rig import START, Answer, article_page, feed
from sqlalchemy import text

from crawler.config.load import load_config
from crawler.database import Database, sqlite_url
from crawler.due import who_waits
from crawler.polling import is_held

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def ask(rig, now):
    config = load_config(rig.config, environ={})
    database = Database(sqlite_url(rig.data / "presswatch.db"))
    try:
        return who_waits(database, config.enabled_sources, now)
    finally:
        database.close()


@pytest.fixture
def crawled(rig, site):
    """One article was kept at START; the feed is due again half an hour later."""
    site.routes["alpha.example/feed"] = Answer(feed("https://alpha.example/one"))
    site.routes["alpha.example/one"] = Answer(article_page("机器人一号"))
    rig.crawl()
    return rig


def change(rig, sql, **values):
    database = Database(sqlite_url(rig.data / "presswatch.db"))
    with database.write() as connection:
        connection.execute(text(sql), values)
    database.close()


PENDING, HERE = "UPDATE entry SET outcome = NULL", ["alpha.example"]
LONG_AWAY = "'2031-01-01 00:00:00'"
CASES = [
    ("just after", MINUTE, "", []),
    ("when the poll is due", 30 * MINUTE, "", HERE),
    ("when it is due and the host is held", 30 * MINUTE, "UPDATE host SET next_due = '2025-03-03 02:00:00'", []),
    ("held by a clock that was wrong", 30 * MINUTE, f"UPDATE host SET next_due = {LONG_AWAY}", HERE),
    ("due in years, by a clock that was wrong", MINUTE, f"UPDATE endpoint SET next_due = {LONG_AWAY}", HERE),
    ("an entry waits", MINUTE, PENDING, HERE),
    ("an entry waits for its next try", MINUTE, f"{PENDING}, next_try = '2025-03-03 01:00:00'", []),
    ("an entry of a source that is not watched", MINUTE, f"{PENDING}, source = 'gone', key = 'k'", []),
    ("a revisit", MINUTE, "UPDATE article SET revisit_at = '2025-03-03 00:00:30'", HERE),
]


@pytest.mark.parametrize(("after", "sql", "hosts"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_who_waits_and_whom_a_run_then_asks(crawled, site, after, sql, hosts):
    rig = crawled
    if sql:
        change(rig, sql)
    now = START + after
    assert sorted(ask(rig, now).hosts) == hosts
    site.hits.clear()
    rig.clock.move_to(now)
    rig.crawl()
    assert sorted({hit.split("/")[0] for hit in site.pages()}) == hosts


def test_a_source_that_was_never_asked_waits(crawled):
    crawled.source("beta", "https://beta.example/feed")
    found = ask(crawled, START + MINUTE)
    assert [*found.hosts] == ["beta.example"]
    assert found.next_poll is not None
    assert START + 28 * MINUTE < found.next_poll < START + 30 * MINUTE


def test_what_waits_changes_when_a_run_has_seen_to_it(crawled):
    now = START + HOUR
    before = ask(crawled, now).hosts["alpha.example"]
    assert before == ask(crawled, now).hosts["alpha.example"]
    crawled.clock.move_to(now)
    crawled.crawl()
    later = ask(crawled, now + HOUR).hosts["alpha.example"]
    assert not before & later


@pytest.mark.parametrize(
    ("until", "held"), [(None, False), (-MINUTE, False), (MINUTE, True), (DAY + MINUTE, True), (3 * DAY, False)]
)
def test_a_host_is_held_for_as_long_as_anybody_may_ask(until, held):
    assert is_held(until and START + until, START) is held
