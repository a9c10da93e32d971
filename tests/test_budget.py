"""A day's budget of requests: what it stops, what it leaves for polls, and that nothing is lost by it."""

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from rig import START, Answer, article_page, book_of, feed

from crawler.asking import has_pages
from crawler.budget import next_day, share_of_pages, spent
from crawler.cli import cli
from crawler.clock import VirtualClock
from crawler.config.load import load_config
from crawler.config.models import Pages
from crawler.config.places import shipped_config
from crawler.database import Database
from crawler.polling import next_poll
from pipelines.archive.explain_waiting import waiting_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
MIDNIGHT = datetime(2025, 3, 3, 16, 0, tzinfo=UTC)  # in Shanghai, after START


# -- the rule ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("per_day", "pages"), [(1, 1), (9, 9), (10, 9), (19, 18), (100, 90), (3000, 2700), (1_000_000, 900_000)]
)
def test_a_tenth_is_kept_for_polls(per_day, pages):
    assert share_of_pages(per_day) == pages


@pytest.mark.parametrize(
    ("requests", "is_page", "goes"),
    [(0, True, True), (8, True, True), (9, True, False), (9, False, True), (10, False, False), (11, True, False)],
)
def test_a_request_leaves_while_its_share_lasts(requests, is_page, goes):
    over = spent(requests, 10, is_page=is_page, now=START, zone=SHANGHAI)
    assert (over is None) is goes
    assert over is None or over.until == MIDNIGHT


@pytest.mark.parametrize(
    ("now", "zone", "expected"),
    [
        ("2025-03-03T15:59:59+00:00", "Asia/Shanghai", "2025-03-03T16:00:00+00:00"),
        ("2025-03-03T16:00:00+00:00", "Asia/Shanghai", "2025-03-04T16:00:00+00:00"),
        ("2025-03-30T00:30:00+00:00", "Europe/Berlin", "2025-03-30T22:00:00+00:00"),  # a day of 23 hours
        ("2025-10-25T22:30:00+00:00", "Europe/Berlin", "2025-10-26T22:30:00+00:00"),  # one of 25: no wait is as long
        ("2025-12-31T23:00:00+00:00", "UTC", "2026-01-01T00:00:00+00:00"),
    ],
)
def test_the_next_day_begins_at_midnight_in_the_zone(now, zone, expected):
    assert next_day(datetime.fromisoformat(now), ZoneInfo(zone)) == datetime.fromisoformat(expected)


@pytest.mark.parametrize("source", load_config(shipped_config(), environ={}).sources, ids=lambda source: source.name)
def test_no_shipped_source_uses_its_budget_up_on_a_busy_day(source):
    """Every list read to its last page at each poll, 500 articles with both revisits, robots.txt failing all day."""
    requests = 500 * 3 + 50
    for endpoint in source.endpoints:
        pages = (endpoint.pages or Pages()).most if has_pages(source, endpoint) else 1
        due, end = START, START + timedelta(days=1)
        while due < end:
            requests += pages
            due = next_poll(endpoint, ZoneInfo(source.timezone), polled=due, failures=0)
    assert requests < share_of_pages(source.politeness.requests_per_day)
    assert 10 * source.politeness.requests_per_day < 86400 / 2  # one every two seconds all day long


# -- runs --------------------------------------------------------------------------------------------------------------

ARTICLES = [f"https://alpha.example/{number}" for number in range(1, 13)]


@pytest.fixture
def twelve(rig, site):
    """Twelve articles are announced; each has a text of its own."""
    site.routes["alpha.example/feed"] = Answer(feed(*ARTICLES))
    for number in range(1, 13):
        site.routes[f"alpha.example/{number}"] = Answer(
            article_page(f"机器人{number}", f"第{number}台机器人进厂。" * 40)
        )
    rig.write("presswatch.yaml", {"min_free_mb": 0, "revisit": []})
    return rig


def limit(rig, per_day, **more):
    rig.source(politeness={"delay": "1s", "requests_per_day": per_day}, **more)


def asked(rig):
    return dict(rig.query("SELECT day, SUM(requests) FROM traffic GROUP BY day"))


def test_a_day_s_budget_ends_at_midnight_and_loses_nothing(twelve, site):
    limit(twelve, 10)
    report = twelve.crawl()
    # robots.txt, the list and seven articles: the tenth request is kept for a poll
    assert (len(site.hits), book_of(report).requests, asked(twelve)) == (9, 9, {"2025-03-03": 9})
    waiting = twelve.query("SELECT attempts, next_try, outcome FROM entry WHERE outcome IS NULL")
    assert waiting == [(0.0, "2025-03-03 16:00:00.000000", None)] * 5
    told = "politeness.requests_per_day (10) is used up; articles wait until 2025-03-03 16:00 UTC"
    assert book_of(report).error == told
    with Database(f"sqlite:///{twelve.data}/presswatch.db").read() as connection:
        config = load_config(twelve.config, environ={})
        waiting = waiting_of(connection, config, 12, twelve.clock.now())
    assert (waiting.because, waiting.until) == ("budget", MIDNIGHT)
    twelve.clock.move_to(MIDNIGHT)
    later = book_of(twelve.crawl())
    assert (later.outcomes["kept"], later.carried_out, later.error) == (5, 0, "")
    assert asked(twelve)["2025-03-04"] == 6  # robots.txt is fresh


def test_polls_come_before_pages_and_stop_last(twelve, site):
    limit(twelve, 10)
    twelve.crawl()
    site.hits.clear()
    twelve.clock.move_by(timedelta(hours=1))
    site.routes["alpha.example/feed"] = Answer(feed(*ARTICLES, "https://alpha.example/new"))
    book = book_of(twelve.crawl())
    assert (site.hits, book.found, book.polls, book.polls_failed) == (["alpha.example/feed"], 1, 1, 0)
    twelve.clock.move_by(timedelta(hours=1))
    spent = twelve.crawl()
    assert (len(site.hits), book_of(spent).polls, spent.due) == (1, 0, 1)
    assert "nothing is asked until 2025-03-03 16:00 UTC" in book_of(spent).error
    [state] = twelve.query("SELECT failures, next_due, last_outcome FROM endpoint")
    assert state == (0.0, "2025-03-03 16:00:00.000000", "new")
    twelve.clock.move_by(timedelta(hours=1))
    quiet = twelve.crawl()
    assert (quiet.due, book_of(quiet).error, len(site.hits)) == (0, "", 1)


def test_who_names_the_source_does_not_override_it(twelve, site):
    limit(twelve, 2)
    twelve.crawl()
    site.hits.clear()
    report = twelve.crawl(poll_now=True)
    assert (site.hits, book_of(report).polls_failed) == ([], 0)
    assert "is used up" in book_of(report).error


class UnhurriedClock(VirtualClock):
    """Lets everybody else go on before a wait is over, as time does."""

    async def wait_until(self, moment, reason):
        for _ in range(300):
            await asyncio.sleep(0)
        await super().wait_until(moment, reason)


def test_not_one_more_leaves_where_several_wait_for_their_turn(twelve, site):
    twelve.clock = UnhurriedClock(START)
    twelve.source(politeness={"delay": "1s", "concurrency": 8, "requests_per_day": 10})
    book = book_of(twelve.crawl())
    assert (len(site.hits), book.requests, book.carried_out) == (9, 9, 5)


def test_it_is_told_once_a_day(twelve, site):
    """Also where a person asks for it again and again: what a run of the day told is not told again."""
    limit(twelve, 2)
    twelve.source("beta", "https://beta.example/feed")
    site.routes["beta.example/feed"] = Answer(feed())
    places = ["--config", twelve.config, "--data", twelve.data, "--route", twelve.route]
    told = []
    for hours in (1, 2, 3, 25):
        now = (START + timedelta(hours=hours)).isoformat()
        result = CliRunner().invoke(cli, [*map(str, places), "--now", now, "crawl", "--all"], prog_name="presswatch")
        told.append("is used up" in result.stderr)
    assert told == [True, False, False, True]


def test_redirects_and_other_hosts_count_for_the_source_and_runs_share_the_day(twelve, site):
    site.routes["alpha.example/1"] = Answer(status=302, headers={"Location": "https://m.other.example/1"})
    site.routes["m.other.example/1"] = Answer(article_page("机器人一"))
    limit(twelve, 10)
    twelve.crawl()
    # robots.txt twice, the list, and of the articles 1 with its target, then four more
    assert site.hits[:6] == [
        "alpha.example/robots.txt", "alpha.example/feed", "alpha.example/1",
        "m.other.example/robots.txt", "m.other.example/1", "alpha.example/2",
    ]  # fmt: skip
    by_host = twelve.query("SELECT host, requests FROM traffic ORDER BY host")
    assert by_host == [("alpha.example", 7), ("other.example", 2)]


def test_one_source_s_budget_is_not_another_s(twelve, site):
    twelve.source("beta", "https://beta.example/feed")
    site.routes["beta.example/feed"] = Answer(feed("https://alpha.example/13"))
    site.routes["alpha.example/13"] = Answer(article_page("机器人十三", "另一台机器人。" * 40))
    limit(twelve, 2)
    report = twelve.crawl()
    assert book_of(report, "alpha").carried_out == 12
    assert book_of(report, "beta").outcomes["kept"] == 1


def test_revisits_wait_for_the_next_day_too(rig, site):
    rig.write("presswatch.yaml", {"min_free_mb": 0, "revisit": ["2h"]})
    site.routes["alpha.example/feed"] = Answer(feed("https://alpha.example/1"))
    site.routes["alpha.example/1"] = Answer(article_page("机器人"))
    limit(rig, 3)
    rig.crawl()
    assert len(site.hits) == 3
    rig.clock.move_by(timedelta(hours=2))
    rig.crawl()
    assert len(site.hits) == 3
    [[again]] = rig.query("SELECT revisit_at FROM article")
    assert again >= "2025-03-03 16:00"
    rig.clock.move_to(datetime.fromisoformat(f"{again}+00:00"))
    rig.crawl()
    assert site.hits[-1] == "alpha.example/1"
