"""The report of a run that did not go well, as cron mails it: what it says, and what it does not say twice."""

import errno
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rig import Answer, feed
from sqlalchemy import select, text
from sqlalchemy.dialects import sqlite

from crawler.books import Book
from crawler.cli import cli
from crawler.cli.earlier_runs import NONE_EARLIER, EarlierRuns, _polled, kind_of
from crawler.cli.report import report_lines
from crawler.cli.telling import earlier_of
from crawler.database import Database, sqlite_url
from crawler.fetch.failures import Failure
from crawler.outcomes import Outcome
from crawler.run_report import TIME_IS_UP, RunReport
from crawler.tables import book, run

SHANGHAI = ZoneInfo("Asia/Shanghai")
MORNING = datetime(2025, 3, 4, 9, 20, tzinfo=SHANGHAI)
HEAD = "presswatch run 212, 2025-03-04 09:20 +08:00: "
STAYS = "what is pending stays for the next one"
FEED = "https://{}.example/feed"


def a_book(source, *, error="", polls=1, failed=0, **counts):
    outcomes = dict.fromkeys(Outcome, 0)
    facts = {"carried_out": 0, **counts}
    return Book(source=source, error=error, polls=polls, polls_failed=failed, outcomes=outcomes, **facts)


def a_report(*books, **facts):
    known = {"number": 212, "started": MORNING.astimezone(UTC), "ended": MORNING.astimezone(UTC), "errors": ()}
    return RunReport(**{**known, "due": len(books), "stopped": "", "books": books, **facts})


SICK = a_book("alpha", failed=1, error=f"{FEED.format('alpha')}: no connection")
WELL = a_book("beta")


@pytest.mark.parametrize(
    ("report", "lines"),
    [
        (a_report(WELL), []),
        (a_report(WELL, stopped=TIME_IS_UP), []),
        (a_report(WELL, due=0), []),
        (
            a_report(SICK, WELL),
            [
                f"{HEAD}1 of 2 sources failed",
                "  alpha",
                "    https://alpha.example/feed: no connection",
                "  more: presswatch status alpha",
            ],
        ),
        (
            a_report(WELL, a_book("gamma", error="gamma.example: captcha\n3 entries wait")),
            [
                f"{HEAD}1 of 2 sources needs a look",
                "  gamma",
                "    gamma.example: captcha",
                "    3 entries wait",
                "  more: presswatch status gamma",
            ],
        ),
        (
            a_report(SICK, WELL, a_book("gamma", error="gamma.example: captcha")),
            [
                f"{HEAD}1 of 3 sources failed, 1 more needs a look",
                "  alpha",
                "    https://alpha.example/feed: no connection",
                "  gamma",
                "    gamma.example: captcha",
                "  more: presswatch status alpha, presswatch status gamma",
            ],
        ),
        (
            a_report(SICK),
            [
                f"{HEAD}nothing that was due could be polled",
                "  alpha",
                "    https://alpha.example/feed: no connection",
                "  more: presswatch status alpha",
            ],
        ),
        (
            a_report(SICK, a_book("beta", found=2, carried_out=1), errors=("https://x.example/: KeyError: 'a'",)),
            [
                f"{HEAD}presswatch itself failed, the books do not balance, 1 of 2 sources failed",
                "  internal failure: https://x.example/: KeyError: 'a'",
                "  what was pending is tried again by the next run; the log above has what is known of the cause",
                "  beta: the books of run 212 do not balance: 0 + 2 ≠ 0 + 1",
                "  presswatch archive verify tells what in the archive is not as it should be",
                "  alpha",
                "    https://alpha.example/feed: no connection",
                "  more: presswatch status alpha",
            ],
        ),
        (
            a_report(WELL, stopped="stopped by SIGTERM"),
            [
                f"{HEAD}it ended early",
                "  the run ended early: stopped by SIGTERM; what is pending stays for the next one",
            ],
        ),
        (
            a_report(stopped=TIME_IS_UP, halted="the disk is full", closed=False),
            [
                f"{HEAD}it ended early",
                f"  the run ended early: the disk is full; {STAYS}, which also closes the books of this one",
            ],
        ),
        (
            a_report(WELL, unread=("x.warc.gz: torn",)),
            [f"{HEAD}1 file not taken in whole", "  x.warc.gz: torn"],
        ),
    ],
    ids="well|time|not due|sick|notes|both|nothing|ours|signal|halted|unread".split("|"),
)
def test_what_a_run_is_told_as(report, lines):
    assert report_lines(report, SHANGHAI) == lines


def test_a_fault_of_ours_is_told_once_and_not_as_its_sources():
    fault = f"{FEED.format('alpha')}: KeyError: 'a'"
    noted = f"{fault}\n{FEED.format('alpha')}: {Failure.INTERNAL}: KeyError: 'a'"
    told = report_lines(a_report(a_book("alpha", failed=1, error=noted), WELL, errors=(fault,)), SHANGHAI)
    assert [line for line in told if "KeyError" in line] == [f"  internal failure: {fault}"]
    assert not any("today already" in line or "more:" in line for line in told)


@pytest.mark.parametrize("moment", ["2025-03-04 04:30 UTC", "2025-03-04T04:30:26+00:00", "2025-03-04T04:30:26.5+00:00"])
def test_times_are_told_in_the_zone_of_the_installation(moment):
    report = a_report(a_book("alpha", error=f"x.example asked to be left alone until {moment}"))
    assert "    x.example asked to be left alone until 2025-03-04 12:30" in report_lines(report, SHANGHAI)


def test_many_sick_sources_are_pointed_to_together():
    books = [a_book(f"s{number}", failed=1, error="x") for number in range(5)]
    assert report_lines(a_report(*books, WELL), SHANGHAI)[-1] == (
        "  more: presswatch status, and presswatch status SOURCE for one of them"
    )


@pytest.mark.parametrize(
    ("report", "is_told"),
    [
        (a_report(SICK, WELL), False),
        (a_report(a_book("alpha", failed=1, error=f"{FEED.format('other')}: no connection"), WELL), True),
        (a_report(a_book("gamma", failed=1, error=f"{FEED.format('alpha')}: no connection"), WELL), True),
        (a_report(SICK, WELL, errors=("x",)), True),
        (a_report(SICK, WELL, stopped="stopped by SIGTERM"), True),
        (a_report(SICK, WELL, halted="the disk is full", stopped="the disk is full"), True),
        (a_report(SICK, a_book("beta", found=1)), True),
        (a_report(SICK), True),
    ],
    ids="repeat|another address|another source|ours|signal|disk|unbalanced|nothing polled".split("|"),
)
def test_what_was_told_today_is_told_again_only_when_something_else_is(report, is_told):
    earlier = EarlierRuns(told_today=frozenset([("alpha", kind_of(SICK.error))]))
    lines = report_lines(report, SHANGHAI, earlier)
    assert bool(lines) == is_told
    if is_told and report.books[0] is SICK and len(report.books) > 1:
        assert "  as told today already: alpha" in lines
        assert not any("no connection" in line for line in lines)


def test_that_a_source_is_well_again_is_told_only_along_with_something_else():
    earlier = EarlierRuns(failed_last=frozenset(["beta", "gamma"]))
    assert report_lines(a_report(WELL), SHANGHAI, earlier) == []
    assert "  polled well again: beta" in report_lines(a_report(SICK, WELL), SHANGHAI, earlier)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("x: left alone until 2025-03-04 12:30 UTC", "x: left alone until 2025-03-04 18:05 UTC", True),
        ("https://a.example/1: timed out after 30s", "https://a.example/1: timed out after 31s", True),
        ("https://a.example/1: timed out", "https://a.example/2: timed out", False),
        ("no connection", "no answer in time", False),
        ("https://a.example/1: the server has an error: HTTP 503", "https://a.example/1: refused: HTTP 403", False),
        ("a server error: HTTP 503 after 2 tries", "a server error: HTTP 503 after 3 tries", True),
        ("a server error: HTTP 503", "a server error: HTTP 500", False),
        ("lists https://a.example/1 of 3 failed", "lists https://a.example/2 of 3 failed", False),
        ("lists https://a.example/1 of 3 failed", "lists https://a.example/1 of 4 failed", True),
    ],
)
def test_errors_are_of_one_kind_whatever_numbers_they_name(one, other, same):
    assert (kind_of(one) == kind_of(other)) == same


@given(st.text())
def test_the_kind_of_a_kind_is_itself(error):
    assert kind_of(kind_of(error)) == kind_of(error)


# -- from the books of real runs ---------------------------------------------------------------------------------------


@pytest.fixture
def crawl(rig):
    """Runs of cron at a time of 2025-03-04 in Shanghai; later hours are those of the days after."""

    def call(hour, *flags):
        now = datetime(2025, 3, 4, tzinfo=SHANGHAI) + timedelta(hours=hour)
        options = ["--config", rig.config, "--data", rig.data, "--now", now.isoformat(), "--route", rig.route]
        return CliRunner().invoke(cli, [*map(str, options), "crawl", *flags], prog_name="presswatch")

    return call


@pytest.fixture
def two(rig, site):
    """Alpha is sick, beta is well."""
    rig.source("beta", FEED.format("beta"))
    site.routes["alpha.example/feed"] = Answer(status=503)
    site.routes["beta.example/feed"] = Answer(feed())
    return rig


@pytest.mark.usefixtures("two")
def test_a_sick_source_is_told_once_a_day(crawl):
    told = [(hour, bool(crawl(hour, "--all").stderr)) for hour in (8, 9, 15, 23.9, 24.1, 30)]
    assert told == [(8, True), (9, False), (15, False), (23.9, False), (24.1, True), (30, False)]


@pytest.mark.usefixtures("two")
def test_another_cause_is_told_and_the_code_stays_as_it_is(crawl, site):
    assert crawl(8, "--all", "--strict").exit_code == 3
    repeated = crawl(9, "--all", "--strict")
    site.routes["alpha.example/feed"] = Answer(status=404)
    other = crawl(10, "--all")
    assert (repeated.exit_code, repeated.stderr) == (3, "")
    assert "no longer there: HTTP 404" in other.stderr


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("flag", ["--verbose", "--json"])
def test_verbose_tells_everything_and_json_as_little_as_cron(crawl, flag):
    crawl(8, "--all")
    assert ("sources failed" in crawl(9, "--all", flag).stderr) == (flag == "--verbose")


@pytest.mark.usefixtures("two")
def test_that_nothing_at_all_could_be_polled_is_told_every_time_with_since_when_and_a_cause(crawl, site):
    crawl(7, "--all")
    site.routes["beta.example/feed"] = Answer(status=503)
    crawl(8, "--all")
    again = crawl(9, "--all")
    assert again.exit_code == 3
    nothing = "nothing that was due could be polled, since 2025-03-04 08:00 +08:00"
    cause = "https://alpha.example/feed: the server is not available: HTTP 503"
    assert again.stderr.splitlines() == [
        f"presswatch run 3, 2025-03-04 09:00 +08:00: {nothing}",
        f"  as told today already: alpha: {cause}",
        "  as told today already, too: beta",
        "  more: presswatch status alpha, presswatch status beta",
    ]


@pytest.mark.usefixtures("two")
def test_a_source_that_is_well_again_is_told_with_the_next_fault(crawl, site):
    crawl(8, "--all")
    site.routes["alpha.example/feed"] = Answer(feed())
    assert crawl(9, "--all").stderr == ""
    site.routes["beta.example/feed"] = Answer(status=503)
    assert "well again" not in crawl(10, "--all").stderr  # that was two runs ago
    site.routes["alpha.example/feed"], site.routes["beta.example/feed"] = Answer(status=404), Answer(feed())
    assert "  polled well again: beta\n" in crawl(11, "--all").stderr


@pytest.mark.usefixtures("two")
def test_a_report_that_could_not_be_written_is_1_and_told_by_the_next_run(crawl, monkeypatch):
    def full(*told, err):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("crawler.cli.telling.click.echo", full)
        assert crawl(8, "--all", "--then-digest").exit_code == 1
    assert "1 of 2 sources failed" in crawl(9, "--all").stderr
    assert crawl(10, "--all").stderr == ""


@pytest.mark.parametrize(
    "change",
    ["told = 0", "live = 1", "command = 'schedule'"],
    ids=["killed before it told", "of another network", "of the daemon"],
)
def test_what_nobody_here_was_told_is_told_by_the_next(two, crawl, change):
    crawl(8, "--all")
    with closing(sqlite3.connect(two.data / "presswatch.db")) as connection, connection:
        connection.execute(f"UPDATE run SET {change}")
    assert "1 of 2 sources failed" in crawl(9, "--all").stderr


def test_where_there_is_nothing_to_tell_no_earlier_book_is_read():
    assert earlier_of(None, a_report(WELL), SHANGHAI) == NONE_EARLIER


QUESTIONS = {
    "when a source was last asked": _polled("alpha", run.c.id < 9),
    "the books of a day": select(run.c.id).where(run.c.ended > MORNING, run.c.ended <= MORNING),
    "what was told today": select(book.c.error).join(run).where(run.c.started >= MORNING, run.c.started < MORNING),
    "runs that died": select(run.c.id).where(run.c.ended.is_(None)),
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_no_question_of_a_run_reads_the_books_of_all_years(tmp_path, question):
    database = Database.open(sqlite_url(tmp_path / "x.db"))
    asked = question.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    with database.read() as connection:
        plan = [row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {asked}"))]
    database.close()
    assert [step for step in plan if step.startswith("SCAN")] == []
