"""The report of a run that did not go well, as cron mails it: what it says, and what it does not say twice."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rig import Answer, feed

from crawler.books import Book
from crawler.cli import cli
from crawler.cli.earlier_runs import EarlierRuns, kind_of
from crawler.cli.report import report_lines
from crawler.fetch.failures import Failure
from crawler.outcomes import Outcome
from crawler.run_report import TIME_IS_UP, RunReport

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
    ids="well|time|not due|sick|notes|nothing|ours|signal|halted|unread".split("|"),
)
def test_what_a_run_is_told_as(report, lines):
    assert report_lines(report, SHANGHAI) == lines


def test_a_fault_of_ours_is_told_once_and_not_as_its_sources():
    fault = f"{FEED.format('alpha')}: KeyError: 'a'"
    noted = f"{fault}\n{FEED.format('alpha')}: {Failure.INTERNAL}: KeyError: 'a'"
    told = report_lines(a_report(a_book("alpha", failed=1, error=noted), WELL, errors=(fault,)), SHANGHAI)
    assert [line for line in told if "KeyError" in line] == [f"  internal failure: {fault}"]
    assert not any("today already" in line or "more:" in line for line in told)


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
def test_that_nothing_at_all_could_be_polled_is_told_in_one_line_every_time_with_since_when(crawl, site):
    crawl(7, "--all")
    site.routes["beta.example/feed"] = Answer(status=503)
    crawl(8, "--all")
    again = crawl(9, "--all")
    assert again.exit_code == 3
    nothing = "nothing that was due could be polled, since 2025-03-04 08:00 +08:00"
    assert again.stderr == f"presswatch run 3, 2025-03-04 09:00 +08:00: {nothing}\n"


@pytest.mark.usefixtures("two")
def test_a_source_that_is_well_again_is_told_with_the_next_fault(crawl, site):
    crawl(8, "--all")
    site.routes["alpha.example/feed"] = Answer(feed())
    assert crawl(9, "--all").stderr == ""
    site.routes["beta.example/feed"] = Answer(status=503)
    assert "well again" not in crawl(10, "--all").stderr  # that was two runs ago
    site.routes["alpha.example/feed"], site.routes["beta.example/feed"] = Answer(status=404), Answer(feed())
    assert "  polled well again: beta\n" in crawl(11, "--all").stderr


def test_what_a_run_noted_that_was_killed_is_told_by_the_next(two, crawl):
    crawl(8, "--all")
    from sqlalchemy import text  # noqa: PLC0415

    from crawler.database import Database, sqlite_url  # noqa: PLC0415

    database = Database(sqlite_url(two.data / "presswatch.db"))
    with database.write() as connection:
        connection.execute(text("UPDATE run SET interrupted = 1"))
    database.close()
    assert "1 of 2 sources failed" in crawl(9, "--all").stderr
