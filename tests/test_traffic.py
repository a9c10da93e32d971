"""The request ledger: what each domain was asked, that the books agree with it, and how status tells it."""

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from raw_server import raw_server, whole
from rig import START, Answer, article_page, book_of, feed
from sqlalchemy import insert

from crawler import books
from crawler.cli import cli
from crawler.config.models import Language
from crawler.database import Database
from crawler.tables import traffic as table
from crawler.traffic import KEPT_FOR, MOST_UNBOOKED, Asked, Cost, Traffic, all_booked, book, forget_old
from pipelines.health.speech import Speech
from pipelines.health.traffic import costs_of
from pipelines.health.traffic_text import costs_part, size_of

DAY, UTC_ZONE = date(2025, 3, 3), ZoneInfo("UTC")
NAMES, HOSTS = ("alpha", "beta"), ("a.example", "b.example", "c.example")


# -- counting and booking ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ledger():
    opened = Database.open("sqlite://")
    yield opened
    opened.close()


COUNTED = st.tuples(
    st.sampled_from([DAY, DAY + timedelta(days=1)]),
    st.sampled_from(NAMES),
    st.sampled_from(HOSTS),
    st.one_of(st.none(), st.integers(1, 10**7)),  # bytes; None: a request that leaves
)


@given(st.lists(st.one_of(COUNTED, st.just("book")), max_size=60))
def test_books_and_request_ledger_agree_however_it_is_counted_and_booked(ledger, events):
    today = [DAY]
    counted = Traffic(ledger, lambda: today[0])
    with ledger.write() as connection:
        connection.execute(table.delete())
        run = books.open_run(connection, command="test", process=1, now=START, sources=NAMES)
    for event in [*events, "book"]:
        if event == "book":
            with counted.booking() as costs, ledger.write() as connection:
                book(connection, run, costs)
            continue
        today[0], name, host, size = event
        if size is None:
            counted.count_request(name, host)
        else:
            counted.count_bytes(name, host, size)
    with ledger.read() as connection:
        lines, rows = books.books_of(connection, [run]), all_booked(connection)
    for line in lines:
        costs = [cost for asked, cost in rows.items() if asked.source == line.source]
        assert line.requests == sum(cost.requests for cost in costs)
        assert line.bytes == sum(cost.bytes for cost in costs)
    asked = [event for event in events if event != "book"]
    assert sum(line.requests for line in lines) == sum(size is None for *_, size in asked)
    assert sum(line.bytes for line in lines) == sum(size or 0 for *_, size in asked)
    assert {(when, name, host) for when, name, host, _ in asked} == set(rows)
    today[0] = DAY
    assert counted.requests_today("alpha") == sum(
        size is None and (when, name) == (DAY, "alpha") for when, name, _, size in asked
    )


def test_what_is_not_booked_counts_and_what_cannot_be_booked_stays(ledger):
    counted = Traffic(ledger, lambda: DAY)
    before = counted.requests_today("gamma")
    for _ in range(MOST_UNBOOKED):
        assert not counted.is_to_be_booked
        counted.count_request("gamma", "a.example")
    assert counted.is_to_be_booked
    with pytest.raises(OSError, match="disk"), counted.booking():
        raise OSError("disk full")
    assert (counted.requests_today("gamma"), counted.is_to_be_booked) == (before + MOST_UNBOOKED, True)


def test_another_process_s_requests_count(tmp_path):
    one, other = Database.open(f"sqlite:///{tmp_path}/x.db"), Database(f"sqlite:///{tmp_path}/x.db")
    mine, theirs = Traffic(one, lambda: DAY), Traffic(other, lambda: DAY)
    with one.write() as connection:
        run = books.open_run(connection, command="test", process=1, now=START, sources=NAMES)
    mine.count_request("alpha", "a.example")
    assert (mine.requests_today("alpha"), theirs.requests_today("alpha")) == (1, 0)
    with mine.booking() as costs, one.write() as connection:
        book(connection, run, costs)
    theirs.count_request("alpha", "b.example")
    assert (mine.requests_today("alpha"), theirs.requests_today("alpha")) == (1, 2)
    one.close()
    other.close()


def test_days_older_than_400_are_let_go(ledger):
    days = [DAY - KEPT_FOR - timedelta(days=1), DAY - KEPT_FOR, DAY]
    with ledger.write() as connection:
        connection.execute(table.delete())
        connection.execute(
            insert(table), [{"day": day, "source": "a", "host": "h", "requests": 1, "bytes": 1} for day in days]
        )
    forget_old(ledger, DAY)
    with ledger.read() as connection:
        assert [asked.day for asked in all_booked(connection)] == days[1:]


def test_a_run_lets_go_what_is_old(rig, site):
    rig.crawl()
    rig.clock.move_by(KEPT_FOR + timedelta(days=1))
    rig.crawl()
    assert {day for [day] in rig.query("SELECT day FROM traffic")} == {"2026-04-08"}


# -- runs --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def crawled(rig, site):
    """Two sources; redirects to other domains, failures, a page of robots.txt, and two days."""
    rig.write("presswatch.yaml", {"min_free_mb": 0, "timezone": "UTC", "revisit": ["24h"]})
    rig.source("beta", "https://beta.example/feed")
    site.routes["alpha.example/robots.txt"] = Answer("User-agent: *\nDisallow: /no\n")
    site.routes["alpha.example/feed"] = Answer(
        feed("https://m.alpha.example/1", "https://alpha.example/no", "https://alpha.example/gone")
    )
    site.routes["m.alpha.example/1"] = Answer(status=302, headers={"Location": "https://cdn.example/1"})
    site.routes["cdn.example/1"] = Answer(article_page("机器人一", "第一台机器人进厂。" * 40))
    site.routes["beta.example/feed"] = Answer(status=301, headers={"Location": "https://beta.example/new"})
    site.routes["beta.example/new"] = Answer(feed("https://beta.example/2", "https://beta.example/3"))
    site.routes["beta.example/2"] = Answer(article_page("机器人二", "第二台机器人进厂。" * 40))
    site.routes["beta.example/3"] = Answer(status=503)
    return rig


def test_books_are_the_sum_of_the_request_ledger_and_both_are_what_the_server_saw(crawled, site):
    reports = []
    for _ in range(3):
        reports.append(crawled.crawl())
        crawled.clock.move_by(timedelta(hours=20))
    rows = crawled.query("SELECT source, SUM(requests), SUM(bytes) FROM traffic GROUP BY source")
    sums = {name: (requests, size) for name, requests, size in rows}
    for name in ("alpha", "beta"):
        lines = [book_of(report, name) for report in reports]
        assert sums[name] == (sum(line.requests for line in lines), sum(line.bytes for line in lines))
    by_host = dict(crawled.query("SELECT host, SUM(requests) FROM traffic GROUP BY host"))
    seen = [hit.split("/")[0].removeprefix("m.") for hit in site.hits]
    assert by_host == {host: seen.count(host) for host in ("alpha.example", "beta.example", "cdn.example")}
    assert len(crawled.query("SELECT DISTINCT day FROM traffic")) == 2


def test_what_breaks_off_or_is_too_large_was_sent_all_the_same(rig):
    rig.write("presswatch.yaml", {"min_free_mb": 0, "safety": {"max_body_mb": 1}})
    rig.source("beta", "https://beta.example/feed")
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    answers = {
        "alpha.example/feed": [chunked + b"20\r\n" + b"x" * 32 + b"\r\n"],
        "beta.example/feed": [chunked + b"110000\r\n" + b"x" * 0x110000 + b"\r\n0\r\n\r\n"],
    }
    with raw_server(lambda host, path: answers.get(f"{host}{path}", whole("", status="404 Not Found"))) as rig.route:
        report = rig.crawl()
    sent = dict(rig.query("SELECT source, SUM(bytes) FROM traffic GROUP BY source"))
    assert sent == {name: book_of(report, name).bytes for name in ("alpha", "beta")}
    assert (report.polls_failed, sent["alpha"], sent["beta"] > 1_000_000) == (2, 32, True)


def test_a_long_visit_is_booked_on_its_way(rig, site):
    """So that a process that dies in it forgets no more than MOST_UNBOOKED requests."""
    booked = []

    def page(request):
        [[requests]] = rig.query("SELECT COALESCE(SUM(requests), 0) FROM traffic")
        booked.append(requests)
        return Answer(article_page(f"机器人{request.path}", f"第{request.path}台机器人进厂。" * 40))

    links = [f"https://alpha.example/{number}" for number in range(2 * MOST_UNBOOKED)]
    site.routes["alpha.example/feed"] = Answer(feed(*links))
    for link in links:
        site.routes[link.removeprefix("https://")] = page
    rig.crawl()
    assert len(booked) == 2 * MOST_UNBOOKED
    sent = range(3, len(booked) + 3)  # robots.txt and the list before them
    assert all(0 <= number - known <= MOST_UNBOOKED for number, known in zip(sent, booked, strict=True))


def test_a_replay_asks_nobody(crawled):
    crawled.crawl()
    before = crawled.query("SELECT * FROM traffic")
    options = ["--config", crawled.config, "--data", crawled.folder / "fresh", "crawl", "--replay"]
    result = CliRunner().invoke(cli, [*map(str, options), str(crawled.data / "captures")], prog_name="presswatch")
    assert result.exit_code == 0, result.output
    assert crawled.query("SELECT * FROM traffic") == before
    fresh = Database(f"sqlite:///{crawled.folder}/fresh/presswatch.db")
    with fresh.read() as connection:
        assert all_booked(connection) == {}
    fresh.close()


# -- extract -----------------------------------------------------------------------------------------------------------


def call(rig, *arguments):
    options = ["--config", rig.config, "--data", rig.data, "--now", rig.clock.now().isoformat(), "--route", rig.route]
    return CliRunner().invoke(cli, [*map(str, options), *arguments], prog_name="presswatch")


def test_the_page_that_extract_asks_for_counts_for_its_source(crawled, site):
    crawled.crawl()
    before = dict(crawled.query("SELECT source, SUM(requests) FROM traffic GROUP BY source"))
    assert call(crawled, "extract", "https://beta.example/2").exit_code == 0
    after = dict(crawled.query("SELECT source, SUM(requests) FROM traffic GROUP BY source"))
    assert after == {**before, "beta": before["beta"] + 1}  # its robots.txt is known


def test_extract_keeps_to_the_budget(crawled, site):
    crawled.crawl()
    crawled.source("beta", "https://beta.example/feed", politeness={"requests_per_day": 1})
    site.hits.clear()
    result = call(crawled, "extract", "https://beta.example/2")
    assert (result.exit_code, site.hits) == (3, [])
    assert "politeness.requests_per_day (1) is used up" in result.stderr


# -- status ------------------------------------------------------------------------------------------------------------


def test_status_tells_what_an_article_cost_by_domain(crawled):
    crawled.crawl()
    document = json.loads(call(crawled, "--json", "status").stdout)
    costs = {cost["domain"]: cost for cost in document["costs"]["domains"]}
    assert document["costs"]["since"] == "2025-02-25"
    beta = costs["beta.example"]
    assert (beta["requests"], beta["articles"], beta["requests_per_article"]) == (5, 1, 5.0)
    assert beta["bytes_per_article"] == beta["bytes"] > 0
    # the article was announced at alpha.example, and cdn.example has none of its own
    assert (costs["alpha.example"]["articles"], costs["cdn.example"]["requests_per_article"]) == (1, None)
    one = json.loads(call(crawled, "--json", "status", "beta").stdout)
    assert [cost["domain"] for cost in one["costs"]["domains"]] == ["beta.example"]
    [line] = one["sources"]
    assert line["budget"] == {
        "requests": 5, "per_day": 3000, "articles_wait": False, "polls_wait": False, "until": None,
    }  # fmt: skip
    assert "今天已请求 5 次，上限 3000 次" in call(crawled, "status", "beta").stdout


def test_status_tells_whose_budget_is_used_up(crawled):
    crawled.source("beta", "https://beta.example/feed", politeness={"requests_per_day": 4})
    crawled.crawl()
    document = json.loads(call(crawled, "--json", "status", "beta").stdout)
    [line] = document["sources"]
    assert (line["state"], line["pending"], line["next_poll"]["because"]) == ("waiting", 1, "budget")
    assert line["budget"] == {
        "requests": 4, "per_day": 4, "articles_wait": True, "polls_wait": True, "until": "2025-03-04T00:00:00+00:00",
    }  # fmt: skip
    assert "beta 等待：今天的请求次数已用完" in call(crawled, "status").stdout


DEAREST = [
    pytest.param({"a": (10, 5), "b": (10, 2)}, ["b", "a"], id="by requests for an article"),
    pytest.param({"a": (10, 0), "b": (10, 2), "c": (11, 0)}, ["c", "a", "b"], id="none came"),
    pytest.param({"a": (2, 1), "b": (4, 2)}, ["a", "b"], id="then by bytes for one"),
]


@pytest.mark.parametrize(("domains", "expected"), DEAREST)
def test_the_dearest_domain_comes_first(database, rows, domains, expected):
    for name, (requests, articles) in domains.items():
        cost(database, DAY, f"{name}.example", requests)
        for number in range(articles):
            rows.an_article(number, source=name, kept_at=START, text_hash=f"{name}{number}")
    with database.read() as connection:
        costs = costs_of(connection, START, UTC_ZONE)
    assert [one.domain for one in costs.domains] == [f"{name}.example" for name in expected]
    assert [one.articles for one in costs.domains] == [domains[name][1] for name in expected]


def cost(database, day, host, requests):
    with database.write() as connection:
        connection.execute(insert(table).values(day=day, source="chenfeng", host=host, requests=requests, bytes=100))


def test_seven_days_of_the_zone_count(database):
    for back in range(8):
        cost(database, DAY - timedelta(days=back), "a.example", 1)
    late = datetime(2025, 3, 3, 23, 30, tzinfo=UTC)
    with database.read() as connection:
        [in_utc] = costs_of(connection, late, UTC_ZONE).domains
        [in_china] = costs_of(connection, late, ZoneInfo("Asia/Shanghai")).domains
    assert (in_utc.requests, in_china.requests) == (7, 6)


def test_a_terminal_shows_five_and_says_how_many_more_there_are(database):
    for number in range(7):
        cost(database, DAY, f"h{number}.example", number + 1)
    with database.read() as connection:
        costs = costs_of(connection, START, UTC_ZONE)
    part = costs_part(costs, Speech(language=Language.EN, now=START, zone=UTC_ZONE))
    assert [row[:2] for row in part.rows] == [(f"h{n}.example", str(n + 1)) for n in (6, 5, 4, 3, 2)]
    assert part.lines == ("and 2 more",)


@pytest.mark.parametrize(
    ("count", "told"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1_500_000, "1.5 MB"), (2.5e9, "2.5 GB"), (3e12, "3000.0 GB")],
)
def test_sizes(count, told):
    assert size_of(count) == told


def test_asked_is_in_the_order_of_the_table_s_key():
    assert list(Asked._fields) == [column.name for column in table.primary_key]
    assert Cost() == Cost(requests=0, bytes=0)
