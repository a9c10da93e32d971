"""What a person sees of a crawl: a bar while it goes on, a table of 80 columns afterwards; off a terminal nothing."""

import io
import json
import os
import pty
import re
import select
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from rich.console import Console
from rig import START, Answer, article_page, feed

from crawler.books import Book
from crawler.cli.progress import shown_progress
from crawler.cli.summary import show_summary
from crawler.outcomes import Outcome
from crawler.run_report import TIME_IS_UP, RunProgress, RunReport

MOMENT = datetime(2025, 3, 4, tzinfo=UTC)


def a_report(*books, **facts):
    known = {"number": 212, "started": MOMENT, "ended": MOMENT, "due": 1, "errors": (), "stopped": ""}
    return RunReport(**{**known, "books": books, **facts})


def a_book(source, *, outcomes=(), **counts):
    ended = dict.fromkeys(Outcome, 0) | dict(outcomes)
    return Book(source=source, outcomes=ended, **{"carried_out": 0, "polls": 1, **counts})


def summary(*books, width=80, **facts):
    console = Console(force_terminal=True, width=width, file=io.StringIO(), color_system=None)
    show_summary(console, a_report(*books, **facts))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_the_table_has_the_busy_sources_and_folds_the_idle_ones():
    idle = [a_book(f"idle{number}", known=9, requests=1) for number in range(18)]
    busy = [
        a_book("alpha", found=5, outcomes={Outcome.KEPT: 3, Outcome.COPY: 1}, carried_out=1, known=20, requests=8),
        a_book("beta", found=1, outcomes={Outcome.OFF_THEME: 1}, requests=3),
    ]
    assert summary(*idle, *busy) == [
        "run 212",
        "                              off",
        "source   in found kept copy theme left known requests",
        "alpha     ·     5    3    1     ·    1    20        8",
        "beta      ·     1    ·    ·     1    ·     ·        3",
        "together  ·     6    3    1     1    1    20       11",
        "in + found = outcomes + left",
        "18 sources: nothing new",
    ]


def test_a_run_of_idle_sources_is_one_line():
    assert summary(a_book("alpha", known=3)) == ["run 212: 1 source: nothing new"]


def test_a_sick_source_and_one_with_pages_that_wait_are_not_idle():
    lines = summary(a_book("sick", polls_failed=1), a_book("waits", carried_in=2, carried_out=2))
    assert [line.split()[0] for line in lines[2:4]] == ["sick", "waits"]


def test_an_end_by_the_clock_is_told():
    assert summary(stopped=TIME_IS_UP) == ["the time of --max-minutes was up: what is pending stays for the next run"]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_longer_than_the_terminal_whatever_came_of_the_entries(width):
    every = dict.fromkeys(Outcome, 1234)
    name = "a-source-with-a-name-as-long-as-it-may-be"[:40]
    lines = summary(
        a_book(name, found=9999, outcomes=every, known=12345, requests=23456), a_book("b", found=1), width=width
    )
    assert max(map(len, lines)) <= width
    assert all(str(count) in " ".join(lines) for count in (9999, 1234))
    assert "…" not in "".join(lines).replace("-… ", "")  # names alone may be cut
    assert ("known" in " ".join(lines)) == (width != 80)


# -- the bar -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shown", [True, False])
def test_the_bar_tells_hosts_pages_and_what_just_happened_and_is_gone_afterwards(shown):
    console = Console(force_terminal=True, width=80, file=io.StringIO(), color_system=None)
    with shown_progress(console, shown=shown) as bar:
        bar.watch("alpha: 5 found, [bold]2\x1b[31m" + "x" * 200)
        bar.progress(RunProgress(visited=4, known=12, pages=44))
    written = console.file.getvalue()
    if not shown:
        assert written == ""
        return
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written)
    assert "4 of 12 hosts, 44 pages" in plain
    assert "alpha: 5 found, [bold]2[31mx" in plain
    assert max(map(len, plain.replace("\r", "\n").splitlines())) <= 80
    assert written.rstrip().endswith("\x1b[2K")  # the line is wiped


# -- real processes ----------------------------------------------------------------------------------------------------


@pytest.fixture
def live(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed("https://alpha.example/a"))
    site.routes["alpha.example/a"] = Answer(article_page("机器人进厂"))
    rig.source("beta", "https://beta.example/feed")
    return rig


def command(rig, *more):
    options = ["--config", rig.config, "--data", rig.data, "--now", START.isoformat(), "--route", rig.route]
    return [sys.executable, "-m", "crawler.cli", *map(str, options), "crawl", *more]


def on_a_terminal(arguments, *, stdout=None):
    """Run on a pseudo-terminal of 80 columns, stdout too unless it is given; the code, what was written to either."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    process = subprocess.Popen(arguments, stdout=stdout or theirs, stderr=theirs, stdin=theirs, env=environment)
    os.close(theirs)
    written = b""
    while select.select([ours], [], [], 60)[0]:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        written += part
    out = process.stdout.read() if process.stdout else b""
    if process.stdout:
        process.stdout.close()
    os.close(ours)
    return process.wait(60), written.decode(), out.decode()


def test_on_a_terminal_there_are_bar_table_and_report(live):
    code, written, _ = on_a_terminal(command(live))
    assert code == 0
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written).replace("\r", "\n")
    assert "2 of 2 hosts, 1 pages" in plain
    assert "source   in found kept" in plain
    assert "presswatch run 1, 2025-03-03 08:00 +08:00: 1 of 2 sources failed" in plain
    # What the report tells of a source is folded by the terminal: its addresses are to be copied.
    assert max(map(len, plain.partition("presswatch run 1")[0].splitlines())) <= 80


def test_json_on_a_terminal_prints_one_document_on_stdout_and_nothing_else(live):
    code, written, out = on_a_terminal(command(live, "--json"), stdout=subprocess.PIPE)
    assert (code, json.loads(out)["run"]) == (0, 1)
    assert "of 2 hosts" in written
    assert "source   in found" not in written


@pytest.mark.parametrize("variables", [{}, {"FORCE_COLOR": "1", "TTY_COMPATIBLE": "1", "COLUMNS": "80"}])
def test_off_a_terminal_there_is_the_report_alone(live, variables):
    run = subprocess.run(
        command(live), capture_output=True, text=True, check=False, env={**os.environ, **variables}, timeout=60
    )
    assert (run.returncode, run.stdout) == (0, "")
    assert [line.split(":")[0] for line in run.stderr.splitlines()] == [
        "presswatch run 1, 2025-03-03 08",
        "  beta",
        "    https",
        "    for the source author",
        "  more",
    ]
