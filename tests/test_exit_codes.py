"""The exit codes of design section 13, for every way a crawl can end, and two real processes on one data folder."""

import os
import signal
import subprocess
import sys
import threading

import pytest
from click.testing import CliRunner
from filelock import FileLock
from rig import START, Answer, article_page, feed
from test_crawl_report import a_book, a_report

from crawler import books
from crawler.cli import cli
from crawler.cli.crawl import exit_code
from crawler.run_report import TIME_IS_UP

GOOD, SICK, PAGE = Answer(feed()), Answer(status=503), "https://alpha.example/a"


def arguments(rig, *more):
    options = ["--config", rig.config, "--data", rig.data, "--now", START.isoformat(), "--route", rig.route]
    return [*map(str, options), "crawl", *more]


@pytest.fixture
def crawl(rig):
    return lambda *more: CliRunner().invoke(cli, arguments(rig, *more), prog_name="presswatch")


@pytest.fixture
def two(rig, site):
    rig.source("beta", "https://beta.example/feed")
    site.routes["alpha.example/feed"] = site.routes["beta.example/feed"] = GOOD
    return rig


@pytest.mark.parametrize("flags", [[], ["--if-idle"], ["--then-digest"], ["--if-idle", "--then-digest"]])
@pytest.mark.parametrize(
    ("answers", "codes"),
    [((GOOD, GOOD), (0, 0)), ((SICK, GOOD), (0, 3)), ((GOOD, SICK), (0, 3)), ((SICK, SICK), (3, 3))],
    ids=["all good", "one sick", "the other sick", "all sick"],
)
@pytest.mark.usefixtures("two")
def test_polls_decide_the_code(crawl, site, answers, codes, flags):
    """`codes`: without and with --strict."""
    site.routes["alpha.example/feed"], site.routes["beta.example/feed"] = answers
    assert (crawl("--all", *flags).exit_code, crawl("--all", "--strict", *flags).exit_code) == codes


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("flags", [[], ["--strict"], ["--if-idle"], ["--then-digest"], ["--max-minutes", "1"]])
def test_nothing_due_is_0(crawl, flags):
    crawl()
    assert crawl(*flags).exit_code == 0


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("flags", [[], ["--strict"], ["--then-digest"]])
def test_a_run_whose_time_was_up_before_it_could_ask_is_0_and_says_it_in_a_line(crawl, two, flags):
    result = crawl("--max-minutes", "0.001", *flags)
    told = "the time of --max-minutes was up before the first poll, though 2 were due; give it more"
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", f"presswatch run 1: {told}\n")
    assert two.query("SELECT sum(polls), max(run.error) FROM book JOIN run ON run = id") == [(0, "")]


def test_a_run_whose_time_was_up_after_polls_that_all_failed_is_3(crawl, two, site):
    two.write("presswatch.yaml", {"min_free_mb": 0, "hosts_at_once": 1})
    site.routes["alpha.example/feed"] = SICK
    assert crawl("--max-minutes", "0.04").exit_code == 3


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ({"stopped": "stopped by SIGTERM"}, 0),
        ({"stopped": TIME_IS_UP}, 0),
        ({"stopped": "only 5 MB are free", "hindered": "only 5 MB are free"}, 3),
        ({"stopped": TIME_IS_UP, "hindered": "the lock was lost"}, 3),
        ({"stopped": "the disk is full", "halted": "the disk is full"}, 1),
    ],
    ids=["asked to", "its time", "no room", "lost after its time", "refused"],
)
def test_a_run_that_ended_before_its_first_poll(end, code):
    report = a_report(a_book("alpha", polls=0), a_book("beta", polls=0), **end)
    assert exit_code(report, strict=True) == code


def test_a_fault_of_ours_is_1_whatever_the_sources_did(crawl, two, site, monkeypatch):
    site.routes["alpha.example/feed"] = Answer(feed(PAGE))
    site.routes["alpha.example/a"] = Answer(article_page("机器人进厂"))
    site.routes["beta.example/feed"] = SICK
    monkeypatch.setattr("pipelines.archive.store.Archive.store", lambda *args, **more: 1 / 0)
    result = crawl("--strict")
    assert result.exit_code == 1
    assert "presswatch itself failed, 1 of 2 sources failed" in result.stderr


@pytest.mark.usefixtures("two")
def test_books_that_do_not_balance_are_1(crawl, monkeypatch):
    really = books.close_run

    def close(connection, number, *more, **facts):
        books.add(connection, number, "alpha", found=1)
        return really(connection, number, *more, **facts)

    monkeypatch.setattr(books, "close_run", close)
    result = crawl()
    assert result.exit_code == 1
    assert "  alpha: the books of run 1 do not balance: 0 + 1 ≠ 0 + 0\n" in result.stderr


def test_a_digest_that_cannot_be_written_is_1(crawl, two):
    two.data.mkdir()
    (two.data / "digests").write_text("in the way")
    result = crawl("--then-digest")
    assert result.exit_code == 1
    assert str(two.data / "digests") in result.stderr
    assert crawl("--all").exit_code == 0


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "1e300", "ten"])
def test_minutes_that_are_none_are_2(crawl, site, value):
    result = crawl("--max-minutes", value)
    assert (result.exit_code, site.hits) == (2, [])
    assert "--max-minutes" in result.stderr


def test_a_replay_has_no_minutes(rig, tmp_path):
    (tmp_path / "captures").mkdir()
    options = ["--config", rig.config, "--data", rig.data, "crawl", "--replay", tmp_path / "captures"]
    result = CliRunner().invoke(cli, [*map(str, options), "--max-minutes", "1"])
    assert result.exit_code == 2
    assert "give either --replay or --max-minutes" in result.stderr


@pytest.mark.parametrize(
    ("flags", "code", "is_silent"),
    [
        ([], 4, False),
        (["--then-digest"], 4, False),
        (["--strict"], 4, False),
        (["--json"], 4, False),
        (["--if-idle"], 0, True),
        (["--if-idle", "--then-digest"], 0, True),
        (["--if-idle", "--strict"], 0, True),
        (["--if-idle", "--json"], 0, True),
        (["--if-idle", "--max-minutes", "5"], 0, True),
    ],
)
def test_while_another_run_holds_the_lock(crawl, two, site, flags, code, is_silent):
    two.data.mkdir()
    with FileLock(two.data / "run.lock"):
        result = crawl(*flags)
    assert (result.exit_code, result.stdout, site.hits) == (code, "", [])
    assert (result.stderr == "") == is_silent


# -- real processes ----------------------------------------------------------------------------------------------------


def process(rig, *more):
    command = [sys.executable, "-m", "crawler.cli", *arguments(rig, *more)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def held(rig, site):
    """A run under way in a process of its own, whose one page the server holds back until `release` is set."""
    asked, release = threading.Event(), threading.Event()

    def page(request):
        asked.set()
        release.wait(60)
        return Answer(article_page("机器人进厂"))

    site.routes["alpha.example/feed"] = Answer(feed(PAGE))
    site.routes["alpha.example/a"] = page
    first = process(rig, "--if-idle", "--then-digest")
    assert asked.wait(60)
    yield first, release
    release.set()
    first.communicate(timeout=60)


def test_a_second_process_leaves_run_and_digest_to_the_first(rig, held):
    first, release = held
    second = process(rig, "--if-idle", "--then-digest")
    assert (*second.communicate(timeout=60), second.returncode) == ("", "", 0)
    assert not (rig.data / "digests").exists()
    told = process(rig)
    assert "another run holds" in told.communicate(timeout=60)[1]
    assert told.returncode == 4
    release.set()
    assert (*first.communicate(timeout=60), first.returncode) == ("", "", 0)
    assert "机器人进厂" in (rig.data / "digests" / "daily" / "latest.md").read_text(encoding="utf-8")


def test_a_process_that_is_told_to_end_ends_after_its_page_with_0_and_says_so(rig, held):
    first, release = held
    os.kill(first.pid, signal.SIGTERM)
    release.set()
    out, err = first.communicate(timeout=60)
    assert (out, first.returncode) == ("", 0)
    assert "  the run ended early: stopped by SIGTERM; what is pending stays for the next one\n" in err
    assert rig.outcomes() == {"a": "kept"}
