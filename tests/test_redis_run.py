"""Whole crawls with Redis: the same as without, and what happens when the server goes away while one is at work."""

import asyncio
import dataclasses
import re
from datetime import timedelta

import pytest
from click.testing import CliRunner
from redis import Redis
from redis_server import free_port, until
from rig import Answer, Rig, article_page, feed

from crawler.cli import cli
from crawler.shared.lock import redis_run_lock

NAMES = ("one", "two", "three", "four")
PAGES = {name: article_page(f"机器人{name}", f"第{name}台机器人今天走进了工厂。" * 9) for name in NAMES}


@pytest.fixture
def pages(site):
    site.routes["alpha.example/robots.txt"] = Answer("User-agent: *\nDisallow: /secret\n")
    links = [f"https://alpha.example/{name}" for name in (*NAMES, "twin", "missing", "secret", "later")]
    site.routes["alpha.example/feed"] = Answer(feed(*links))
    site.routes |= {f"alpha.example/{name}": Answer(page) for name, page in PAGES.items()}
    site.routes["alpha.example/twin"] = Answer(PAGES["two"])
    site.routes["alpha.example/later"] = Answer(status=503, headers={"Retry-After": "7200"})
    return site.routes


def with_redis(rig, url):
    rig.write("presswatch.yaml", {"min_free_mb": 0, "redis_url": url})
    return rig


ENDED = {
    **dict.fromkeys(NAMES, "kept"),
    "twin": "copy",
    "missing": "gone",
    "secret": "refused",
    "later": None,
}


def lived(rig):
    """What two runs leave behind, without the times and numbers that differ by the machine's speed."""
    began, reports = rig.clock.now(), [rig.crawl()]
    rig.clock.move_to(began + timedelta(hours=1))
    reports.append(rig.crawl())
    books = [dataclasses.replace(book, bytes=0) for report in reports for book in report.books]
    archive = {path: (rig.data / "archive" / path).read_text(encoding="utf-8") for path in rig.files()}
    return reports, books, rig.outcomes(), archive, [(wait.reason, wait.until) for wait in rig.clock.waits]


def test_a_crawl_with_redis_is_the_same_crawl(tmp_path, site, pages, redis_url):
    alone, shared = (Rig(tmp_path / name, route=site.url) for name in ("alone", "shared"))
    with_redis(shared, redis_url)
    hits = []
    for rig in (alone, shared):
        rig.source()
        site.hits.clear()
        reports, *left = lived(rig)
        hits.append((list(site.hits), *left))
        assert [(report.errors, report.balances, report.stopped) for report in reports] == [((), True, "")] * 2
    assert hits[0] == hits[1]
    assert shared.outcomes() == ENDED
    assert len(shared.files()) == 5


def test_what_a_local_server_answers_in_a_hosts_name_is_not_taken_for_the_hosts_own(rig, site, pages, redis_url):
    with_redis(rig, redis_url).crawl()
    with Redis.from_url(redis_url, decode_responses=True) as client:
        assert sorted(client.scan_iter()) == [
            f"presswatch:routed:{site.url}:host:alpha.example",
            f"presswatch:routed:{site.url}:robots:https://alpha.example",
        ]


def test_a_replay_shares_nothing_with_anybody(rig, site, pages, redis_url, tmp_path):
    rig.crawl()
    with_redis(rig, redis_url)
    options = ["--config", rig.config, "--data", tmp_path / "fresh", "crawl", "--replay", rig.data / "captures"]
    assert CliRunner().invoke(cli, list(map(str, options)), prog_name="presswatch").exit_code == 0
    with Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0


# -- the server goes away ---------------------------------------------------------------------------------------------


def at(routes, name, happens):
    """Have something happen while the page is asked for."""
    answer = routes[f"alpha.example/{name}"]

    async def then(request):
        await asyncio.to_thread(happens)
        return answer

    routes[f"alpha.example/{name}"] = then


def told(caplog):
    return [record.message for record in caplog.records if record.levelname == "WARNING"]


@pytest.mark.parametrize("fault", ["kill", "fall_silent"])
def test_a_server_that_goes_away_is_told_once_and_the_run_goes_on(rig, site, pages, redis_server, caplog, fault):
    at(pages, "two", getattr(redis_server, fault))
    report = with_redis(rig, redis_server.url).crawl()
    assert (report.errors, report.balances, report.stopped) == ((), True, "")
    assert rig.outcomes() == ENDED
    assert len(told(caplog)) == 1
    assert "the run goes on with what it knows itself" in told(caplog)[0]
    assert rig.query("SELECT error FROM run") == [(told(caplog)[0],)]
    pauses = [(wait.until - wait.asked_at).total_seconds() for wait in rig.clock.waits]
    assert pauses == [2.0] * 8
    assert site.hits.count("alpha.example/robots.txt") == 1


def test_a_server_that_is_started_again_is_used_again(rig, site, pages, redis_server, caplog):
    def restart():
        redis_server.kill()
        redis_server.start()

    at(pages, "two", restart)
    report = with_redis(rig, redis_server.url).crawl()
    assert (report.errors, report.balances, report.stopped) == ((), True, "")
    assert rig.outcomes() == ENDED
    assert told(caplog) == []
    with redis_server.client() as client:
        assert client.hget(f"presswatch:routed:{site.url}:host:alpha.example", "not_before")


def test_rules_that_were_forgotten_are_asked_for_anew_and_nothing_is_allowed_meanwhile(
    tmp_path, site, pages, redis_server
):
    """The next run finds an empty server, and a robots.txt that cannot be read."""
    rig = with_redis(Rig(tmp_path, route=site.url), redis_server.url)
    rig.source()
    at(pages, "two", redis_server.kill)
    rig.crawl()
    redis_server.start()
    site.routes["alpha.example/robots.txt"] = Answer(status=500)
    site.hits.clear()
    rig.clock.move_by(timedelta(hours=3))
    report = rig.crawl(poll_now=True)
    assert set(site.hits) == {"alpha.example/robots.txt"}
    assert (report.polls_failed, report.errors, report.balances) == (1, (), True)


def test_a_run_whose_lock_is_lost_ends_in_order_and_the_next_takes_up_the_rest(rig, site, pages, redis_server):
    with_redis(rig, redis_server.url)
    with redis_run_lock(redis_server.url, "ledger", data=rig.data, ttl=3, timeout=0.4) as lock:

        def lose():
            with redis_server.client() as client:
                client.set("presswatch:run:ledger", "another")
            until(lambda: lock._lost, "word of the loss")

        at(pages, "two", lose)
        report = rig.crawl(lock=lock)
    assert "was lost: another run has taken it" in report.stopped
    assert (report.errors, report.balances, report.halted) == ((), True, "")
    # The page under way is stored, and no other asked for.
    assert {name for name, outcome in rig.outcomes().items() if outcome} == {"one", "two"}
    assert site.pages() == ["alpha.example/feed", "alpha.example/one", "alpha.example/two"]
    pages["alpha.example/two"] = Answer(PAGES["two"])
    rig.crawl()
    assert rig.outcomes() == ENDED


def test_a_run_whose_server_stays_away_ends_in_order_before_another_can_begin(rig, site, pages, redis_server, caplog):
    with_redis(rig, redis_server.url)
    with redis_run_lock(redis_server.url, "ledger", data=rig.data, ttl=1.5, timeout=0.4) as lock:

        def lose():
            redis_server.kill()
            until(lambda: lock._lost, "word of the loss")

        at(pages, "two", lose)
        report = rig.crawl(lock=lock)
    # On a machine with much to do the renewing thread may come late by as much itself.
    assert re.search("Redis has not answered for 1.5 s|ran out while this process stood still", report.stopped)
    assert (report.errors, report.balances) == ((), True)
    assert {name for name, outcome in rig.outcomes().items() if outcome} == {"one", "two"}
    assert len(told(caplog)) == 1
    rig.write("presswatch.yaml", {"min_free_mb": 0})
    pages["alpha.example/two"] = Answer(PAGES["two"])
    rig.crawl()
    assert rig.outcomes() == ENDED


def extract(rig, site):
    options = ["--config", rig.config, "--data", rig.folder / "other", "--route", site.url]
    words = ["--now", "2025-03-03T00:30:00Z", "extract", "https://alpha.example/one", "--json"]
    return CliRunner().invoke(cli, [*map(str, options), *words], prog_name="presswatch")


def test_extract_keeps_the_wish_that_a_crawl_heard(rig, site, pages, redis_url):
    """Another data folder, so that nothing but the server tells of it."""
    with_redis(rig, redis_url).crawl()
    site.hits.clear()
    result = extract(rig, site)
    assert "left alone until 2025-03-03T02:00:" in result.stdout
    assert result.exit_code != 0
    assert site.hits == []


def test_that_a_host_did_not_answer_a_crawl_keeps_no_others_from_it(rig, site, pages, redis_url):
    """That is a guess of ours and no wish of the host: the server tells no other data folder of it."""
    pages.update({f"alpha.example/{name}": Answer(status=503) for name in PAGES})
    pages["alpha.example/feed"] = Answer(feed(*[f"https://alpha.example/{name}" for name in (*PAGES, "four", "five")]))
    pages.update({f"alpha.example/{name}": Answer(status=503) for name in ("four", "five")})
    with_redis(rig, redis_url).crawl()
    assert len([hit for hit in site.pages() if hit != "alpha.example/feed"]) == 3
    site.hits.clear()
    assert extract(rig, site).exit_code != 0
    assert site.pages() == ["alpha.example/one"]


def test_extract_without_its_server_says_so_and_reads_the_page(rig, site, pages):
    with_redis(rig, f"redis://:geheim@127.0.0.1:{free_port()}/0")
    result = extract(rig, site)
    assert result.exit_code == 0
    assert "第one台机器人今天走进了工厂。" in result.stdout
    assert result.stderr.count("Connection refused") == 1
    assert "geheim" not in result.output
