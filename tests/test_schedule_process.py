"""The real daemon: it crawls, ends in order, resumes after any end, and tells its service manager."""

import asyncio
import json
import signal
import subprocess
import sys
import threading
from contextlib import suppress

import pytest
from aiohttp import web
from daemons import a_daemon, a_service_manager, today
from rig import Answer, article_page, feed

from crawler.clock import RealClock
from crawler.schedule.heartbeat import read_beat
from crawler.schedule.notify import Notifier

NAMES = [f"page{number}" for number in range(8)]


@pytest.fixture
def pages(rig, site):
    """A feed with eight pages whose fourth answer is held back until the test lets it go; its gate and its bell."""
    gate, bell = threading.Event(), threading.Event()
    rig.source(politeness={"delay": "0s"})
    site.routes["alpha.example/feed"] = Answer(
        feed(*(f"https://alpha.example/{name}" for name in NAMES), published=today())
    )
    for number, name in enumerate(NAMES):
        page = article_page(f"机器人{name}", f"第{number}台机器人今天走进了工厂，工程师记录它的动作。" * 6)
        site.routes[f"alpha.example/{name}"] = Answer(page)

    async def held_back(request):
        bell.set()
        await asyncio.to_thread(gate.wait)
        return Answer(article_page("机器人held", "被拦住的机器人今天走进了工厂，工程师记录它的动作。" * 6))

    site.routes["alpha.example/page3"] = held_back
    yield gate, bell
    gate.set()


def asked(site):
    return [hit.removeprefix("alpha.example/") for hit in site.pages() if "page" in hit]


def test_sigterm_ends_it_after_the_page_under_way_and_the_next_start_fetches_the_rest(rig, site, pages):
    gate, bell = pages
    with a_daemon(rig) as daemon:
        daemon.wait_for("watches 1 sources")
        assert bell.wait(60)
        daemon.send(signal.SIGTERM)
        daemon.wait_for("ending after the page under way")
        gate.set()
        assert daemon.wait() == 0
    assert asked(site) == NAMES[:4]
    assert [outcome for outcome in rig.outcomes().values() if outcome] == ["kept"] * 4
    assert read_beat(rig.data).ended
    site.routes["alpha.example/feed"] = Answer(status=304)
    with a_daemon(rig) as daemon:
        daemon.wait_for("run 2: 4 kept")
        assert daemon.end() == 0
    assert asked(site) == NAMES
    assert set(rig.outcomes().values()) == {"kept"}
    books = rig.query("SELECT carried_in + found, kept + carried_out, carried_out FROM book ORDER BY run")
    assert books == [(8, 8, 4), (4, 4, 0)]


def test_after_kill_9_nothing_is_lost_and_nothing_stored_twice(rig, site, pages):
    gate, bell = pages
    with a_daemon(rig) as daemon:
        assert bell.wait(60)
        assert daemon.end(signal.SIGKILL) == -9
    gate.set()
    with a_daemon(rig) as daemon:
        daemon.wait_for("run 2: 5 kept")
        assert daemon.end() == 0
    assert asked(site) == [*NAMES[:4], "page3", *NAMES[4:]]  # the one under way was never stored
    assert set(rig.outcomes().values()) == {"kept"}
    assert rig.query("SELECT interrupted FROM run ORDER BY id") == [(1,), (0,)]


def test_a_digest_waits_for_no_run(rig, site, pages):
    _, bell = pages
    rig.source("beta", "https://beta.example/feed")
    site.routes["beta.example/feed"] = Answer(feed())
    rig.clock = RealClock()
    rig.source(enabled=False)
    rig.crawl()
    rig.source(politeness={"delay": "0s"})
    with a_daemon(rig) as daemon:
        assert bell.wait(60)
        daemon.wait_for("digest daily of ")
        assert rig.query("SELECT count(*) FROM run WHERE ended IS NULL") == [(1,)]


def test_a_server_that_drips_holds_up_nobody_else(rig, site):
    """Its answer never ends: it has its time, and is a failure of its own."""
    rig.write("presswatch.yaml", {"min_free_mb": 0, "safety": {"timeout": "1s"}})
    rig.source("dripping", "https://dripping.example/feed")
    over = threading.Event()

    async def drips(request):
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionResetError):
            while not await asyncio.to_thread(over.wait, 0.05):
                await response.write(b"<rss>")
        return response

    site.routes["dripping.example/feed"] = drips
    site.routes["alpha.example/feed"] = Answer(feed())
    try:
        with a_daemon(rig) as daemon:
            assert "2 polls, 1 of them failed" in daemon.wait_for("run 1: ")
            assert daemon.end() == 0
    finally:
        over.set()


def test_a_second_signal_ends_it_at_once(rig, pages):
    _, bell = pages
    with a_daemon(rig) as daemon:
        assert bell.wait(60)
        daemon.send(signal.SIGINT)
        daemon.wait_for("ending after the page under way")
        assert daemon.end(signal.SIGTERM) == -signal.SIGTERM


WITH_LIMITS = """
import asyncio, re, threading
from datetime import timedelta
from crawler.cli import cli
from crawler.run import Run
from crawler.schedule import daemon, shifts, watchdog

async def a_thread_that_never_answers(self, command):
    await asyncio.to_thread(threading.Event().wait)

async def a_loop_that_stands_still(self, command):
    threading.Event().wait()

async def an_expression_without_an_end(self, command):
    re.fullmatch("(a+)+b", "a" * 60)

daemon.BEAT = timedelta(milliseconds=50)
{settings}
cli()
"""
EVERY_SECOND = "daemon.Daemon.__init__.__kwdefaults__['tick_every'] = timedelta(seconds=1)"
STUCK = {
    "a run that does not end": (
        "a_thread_that_never_answers; shifts.SLICE = timedelta(0); shifts.LONGEST_END = timedelta(0)",
        "a run was told to end long ago and does not: its process is ended",
    ),
    "a loop that stands still": (
        "a_loop_that_stands_still",
        "the daemon has stood still for 0:00:01: its process is ended",
    ),
    "an expression that leaves no thread a turn": ("an_expression_without_an_end", "Timeout"),
}


def with_limits(settings):
    return [sys.executable, "-c", WITH_LIMITS.replace("{settings}", settings)]


@pytest.mark.parametrize(("settings", "words"), STUCK.values(), ids=STUCK)
def test_what_cannot_end_in_order_ends_all_the_same(rig, site, settings, words):
    limits = "watchdog._TELLING = timedelta(milliseconds=100); small = watchdog.Watchdog\n"
    limits += "import crawler.cli.daemon as made; made.Watchdog = lambda stacks: small(stacks, timedelta(seconds=1))\n"
    with a_daemon(rig, program=with_limits(f"{limits}Run.crawl = {settings}")) as daemon:
        assert daemon.wait() == 1
    stacks = (rig.data / "schedule.stacks.txt").read_text(encoding="utf-8").splitlines()
    assert len([line for line in (*daemon.said, *stacks) if words in line]) == 1


def test_a_database_that_is_gone_is_told_once_and_none_is_made_in_its_place(rig, site):
    site.routes["alpha.example/feed"] = Answer(status=404)
    rig.write("subscriptions.yaml", {"subscriptions": []})
    with a_daemon(rig, program=with_limits(EVERY_SECOND)) as daemon:
        daemon.wait_for("run 1: ")
        moved = rig.folder / "moved"
        rig.data.rename(moved)
        daemon.wait_for("crawl: the database ")
        daemon.wait_for("digest: the database ")
        moved.rename(rig.data)
        daemon.wait_for("can be done again")
        daemon.wait_for("can be done again")
        assert daemon.end() == 0
    assert len([line for line in daemon.said if "is gone; put it back" in line]) == 2
    assert len([line for line in daemon.said if "sign of life" in line]) <= 1


def test_a_zone_that_was_read_anew_is_that_of_the_reports(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed())
    rig.write("presswatch.yaml", {"min_free_mb": 0, "timezone": "Asia/Shanghai"})
    with a_daemon(rig, program=with_limits(EVERY_SECOND)) as daemon:
        daemon.wait_for("watches")
        rig.write("presswatch.yaml", {"min_free_mb": 0, "timezone": "Asia/Kolkata"})
        rig.source("beta", "https://beta.example/feed")
        site.routes["beta.example/feed"] = Answer(status=404)
        daemon.send(signal.SIGHUP)
        assert " +05:30: " in daemon.wait_for("presswatch run 2, ")
        assert daemon.end() == 0


def test_a_command_waits_for_the_daemons_run_and_has_its_turn_between_two(rig, site):
    rig.source(politeness={"delay": "1s"})
    links = [f"https://alpha.example/{number}" for number in range(40)]
    site.routes["alpha.example/feed"] = Answer(feed(*links, published=today()))
    for number in range(40):
        page = article_page(f"机器人{number}", f"第{number}台机器人今天走进了工厂，工程师记录它的动作。" * 6)
        site.routes[f"alpha.example/{number}"] = Answer(page)
    with a_daemon(rig, program=with_limits("shifts.SLICE = timedelta(seconds=3)")) as daemon:
        daemon.wait_for("run 1: ")
        told = command(rig, "archive", "prune")
        assert (told.returncode, daemon.process.poll()) == (0, None)
        assert rig.query("SELECT count(*) FROM entry WHERE outcome IS NULL") != [(0,)]


def command(rig, *words):
    program = [sys.executable, "-m", "crawler.cli", "--config", str(rig.config), "--data", str(rig.data)]
    return subprocess.run([*program, *words], capture_output=True, text=True, check=False)


def test_a_second_daemon_is_refused_by_the_name_of_the_first(rig, site):
    with a_daemon(rig) as first:
        first.wait_for("watches")
        with a_daemon(rig) as second:
            assert second.wait() == 4
        assert f"process {first.process.pid} on " in second.said[-1]
        assert first.end() == 0


def test_sighup_reads_the_configuration_anew_and_a_broken_one_changes_nothing(rig, site):
    site.routes["beta.example/feed"] = Answer(feed())
    with a_daemon(rig) as daemon:
        daemon.wait_for("watches 1 sources")
        rig.source("beta", "https://beta.example/feed")
        daemon.send(signal.SIGHUP)
        daemon.wait_for("was read anew: 2 sources")
        rig.source("beta", "nonsense")
        daemon.send(signal.SIGHUP)
        assert "beta.yaml" in daemon.wait_for("the old one goes on")
        rig.source("beta", "https://beta.example/feed")
        rig.write("presswatch.yaml", {"min_free_mb": 0, "database": f"sqlite:///{rig.folder}/other.db"})
        daemon.send(signal.SIGHUP)
        assert "restart presswatch schedule" in daemon.wait_for("the old one goes on")
        assert daemon.end() == 0


def test_a_broken_configuration_at_the_start_is_exit_2(rig):
    rig.write("presswatch.yaml", {"no_such_key": 1})
    with a_daemon(rig) as daemon:
        assert daemon.wait() == 2
    assert any("no_such_key" in line for line in daemon.said)


def test_what_it_says_are_json_lines(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed())
    with a_daemon(rig) as daemon:
        line = json.loads(daemon.wait_for("watches"))
        assert daemon.end() == 0
    assert (line["level"], line["logger"]) == ("info", "presswatch.schedule")


def test_its_service_manager_hears_of_every_change(rig, site, tmp_path):
    site.routes["alpha.example/feed"] = Answer(feed())
    with (
        a_service_manager(tmp_path) as (address, hear),
        a_daemon(rig, NOTIFY_SOCKET=address, WATCHDOG_USEC="600000") as daemon,
    ):
        heard = hear_until(hear, "READY=1")
        heard += hear_until(hear, "WATCHDOG=1") + hear_until(hear, "WATCHDOG=1")
        assert any(line.startswith("STATUS=") for line in heard)
        daemon.send(signal.SIGHUP)
        assert hear_until(hear, "RELOADING=1")[-1].startswith("MONOTONIC_USEC=")
        hear_until(hear, "READY=1")
        daemon.send(signal.SIGTERM)
        assert hear_until(hear, "STOPPING=1")[-1] == "STATUS=stopped by SIGTERM"
        assert daemon.wait() == 0


def hear_until(hear, word):
    heard = []
    while word not in heard:
        heard += hear()
    return heard


@pytest.mark.parametrize("abstract", [False, True], ids=["path", "abstract"])
def test_a_service_manager_is_told_in_lines(tmp_path, abstract):
    with a_service_manager(tmp_path, abstract=abstract) as (address, hear):
        notifier = Notifier({"NOTIFY_SOCKET": address})
        notifier.alive("crawl\nand digest")
        assert hear() == ["STATUS=crawl and digest"]
        Notifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "30000000"}).alive("idle")
        assert hear() == ["STATUS=idle", "WATCHDOG=1"]
        notifier.ready()
        assert hear() == ["READY=1"]


def test_where_no_service_manager_is_nobody_is_told(tmp_path, caplog):
    Notifier({}).ready()
    assert not caplog.records
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).ready()
    assert "cannot be told READY=1" in caplog.text
    assert [*tmp_path.iterdir()] == []
