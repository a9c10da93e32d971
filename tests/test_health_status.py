"""What status tells of presswatch as a whole, from rows as runs leave them."""

import re
from datetime import timedelta

import pytest
from archive_rows import DAY, HOUR, NOON, StoredRows, a_config, a_source
from sqlalchemy import insert

from crawler.config.models import Language, SeedReference, Settings, Subscription
from crawler.outcomes import DONE_WITHOUT
from crawler.schedule.heartbeat import Beat
from crawler.tables import endpoint, host, run
from pipelines.health.next_poll import Because
from pipelines.health.speech import Speech
from pipelines.health.status import status_of
from pipelines.health.status_model import Note, Problem, RunEnd, State
from pipelines.health.status_text import status_parts

MINUTE = timedelta(minutes=1)
POLLED = {"polls": 1, "requests": 2, "bytes": 900}
GOOD = {"last_outcome": "known", "last_polled": NOON - MINUTE, "last_success": NOON - MINUTE, "last_new": NOON - HOUR}


def status(database, config, now=NOON, **asked):
    with database.read() as connection:
        return status_of(connection, config, now, **asked)


def source_of(database, config, name="chenfeng", now=NOON):
    return next(line for line in status(database, config, now).sources if line.name == name)


@pytest.fixture
def config(tmp_path):
    return a_config(tmp_path, sources=(a_source("chenfeng", "晨风科技"),))


@pytest.fixture
def rows(rows):
    """As `rows`, and a digest was issued today."""
    rows.a_digest(cut_to=NOON - 4 * HOUR)  # 8:00 in Shanghai
    return rows


@pytest.fixture
def polled(database, rows):
    """A source that a live run has polled well a minute ago."""
    rows.an_endpoint(**GOOD, next_due=NOON + 25 * MINUTE)
    number = rows.a_run(started=NOON - 2 * MINUTE, ended=NOON - MINUTE, books={"chenfeng": POLLED})
    live(database, number)
    return rows


def live(database, number):
    with database.write() as connection:
        connection.execute(run.update().where(run.c.id == number).values(live=True))


def a_failed_run(rows, ended, error="https://chenfeng.example/feed: the server has an error: HTTP 503"):
    rows.a_run(started=ended - MINUTE, ended=ended, books={"chenfeng": {"polls": 1, "polls_failed": 1, "error": error}})


def test_a_source_that_was_polled_live_and_brings_news_is_well(database, config, polled):
    found = status(database, config)
    [line] = found.sources
    assert (found.is_well, found.problems, found.need_you) == (True, (), 0)
    assert (line.state, line.last_new, line.pending) == (State.WELL, NOON - HOUR, 0)
    assert (line.proof.run, line.proof.started) == (2, NOON - 2 * MINUTE)


def test_what_no_live_run_has_polled_is_unproven_and_no_problem(database, config, rows):
    rows.an_endpoint(**GOOD, next_due=NOON + HOUR)
    found = status(database, config)
    assert (found.sources[0].state, found.sources[0].proof, found.is_well) == (State.UNPROVEN, None, True)


def test_a_live_run_whose_polls_all_failed_proves_nothing(database, config, rows):
    a_failed_run(rows, NOON - MINUTE)
    live(database, 2)
    assert source_of(database, config).proof is None


def test_a_source_that_fails_tells_since_when_how_often_and_why(database, config, polled):
    with database.write() as connection:
        connection.execute(endpoint.update().values(last_success=NOON - 3 * HOUR, last_outcome="failed", failures=1.5,
                                                    last_error="the server has an error: HTTP 503"))  # fmt: skip
    for hours in (4, 2, 1):  # the first of them was before the last success
        a_failed_run(polled, NOON - hours * HOUR)
    a_failed_run(polled, NOON - MINUTE, error="https://chenfeng.example/other: not this one")
    found = status(database, config)
    [line] = found.sources
    [failing] = line.failing
    assert (line.state, found.problems, found.need_you) == (State.FAILING, (Problem.FAILING,), 1)
    assert (failing.polls, failing.since) == (2, NOON - 2 * HOUR - MINUTE)
    assert (failing.url, failing.cause) == ("https://chenfeng.example/feed", "the server has an error: HTTP 503")
    assert line.next_poll.because is Because.FAILURES


@pytest.mark.parametrize(
    ("runs", "succeeded", "is_lasting"),
    [
        pytest.param([30], 3, False, id="one poll"),
        pytest.param([59, 30], 3, True, id="the second in a row"),
        pytest.param([61], 3, True, id="one poll, an hour ago"),
        pytest.param([30], None, False, id="the first poll of all"),
        pytest.param([], 0.5, False, id="the books tell nothing, and it was well lately"),
        pytest.param([], 3, True, id="the books tell nothing, and it was well long ago"),
        pytest.param([], None, True, id="nobody knows since when"),
    ],
)
def test_a_failed_poll_is_shown_at_once_and_needs_somebody_when_it_lasts(
    database, config, polled, runs, succeeded, is_lasting
):
    success = None if succeeded is None else NOON - succeeded * HOUR
    polled.an_endpoint(last_success=success, last_outcome="failed", last_error="no connection: x")
    for minutes in runs:
        a_failed_run(polled, NOON - (minutes - 1) * MINUTE)
    found = status(database, config)
    [line] = found.sources
    assert (line.state, line.failing[0].polls) == (State.FAILING, max(1, len(runs)))
    assert (found.need_you, found.problems) == ((1, (Problem.FAILING,)) if is_lasting else (0, ()))


def lists(database, home, outcomes):
    with database.write() as connection:
        for number, outcome in enumerate(outcomes):
            connection.execute(
                insert(endpoint).values(source="chenfeng", url=f"https://chenfeng.example/{number}.xml", parent=home,
                                        host="chenfeng.example", last_outcome=outcome, last_error="no connection: x")
            )  # fmt: skip


def test_the_lists_that_an_endpoint_names_fail_its_source_when_none_answers(database, config, polled):
    lists(database, polled.an_endpoint(), ["failed", "failed", ""])
    line = source_of(database, config)
    assert (line.state, line.lists, line.lists_failing) == (State.FAILING, 3, 2)
    failing = line.failing[0]
    assert (failing.url, failing.polls, failing.since) == ("https://chenfeng.example/0.xml", 1, None)


def test_one_list_of_many_that_fails_is_told_and_no_problem(database, config, polled):
    lists(database, polled.an_endpoint(), ["failed", "known", "unchanged", "known"])
    found = status(database, config, name="chenfeng")
    [line] = found.sources
    assert (line.state, line.failing, found.is_well) == (State.WELL, (), True)
    assert (line.lists, line.lists_failing, found.detail.endpoints[0].lists_failing) == (4, 1, 1)
    parts = status_parts(found, Speech(language=Language.EN, now=NOON, zone=NOON.tzinfo))
    assert parts[1].lines[0].startswith("chenfeng names 4 lists; failing among them: 1")


def test_an_endpoint_nobody_polls_any_more_fails_nobody(database, config, polled):
    with database.write() as connection:
        connection.execute(
            insert(endpoint).values(source="chenfeng", url="https://chenfeng.example/old", host="chenfeng.example",
                                    last_outcome="failed", last_error="no longer there")
        )  # fmt: skip
    assert source_of(database, config).state is State.WELL


def test_a_silent_source_needs_its_operator(database, config, polled):
    for ago in (10, 9, 8, 7):
        polled.an_entry(seen=NOON - ago * DAY, outcome="kept")
    found = status(database, config)
    [line] = found.sources
    assert (line.state, found.problems) == (State.SILENT, (Problem.SILENT,))
    assert (line.silent[0].last_new, line.silent[0].usual_hours) == (NOON - 7 * DAY, 24.0)


def test_a_host_that_asked_to_be_left_alone_makes_its_source_wait(database, config, polled):
    with database.write() as connection:
        connection.execute(insert(host).values(name="chenfeng.example", next_due=NOON + 2 * HOUR))
    line = source_of(database, config)
    assert (line.state, line.held_until) == (State.WAITING, NOON + 2 * HOUR)
    assert (line.next_poll.because, line.next_poll.at) == (Because.HOST, NOON + 2 * HOUR)
    assert source_of(database, config, now=NOON + 3 * HOUR).state is State.WELL


def test_the_worst_comes_first_and_what_is_disabled_last(database, rows, tmp_path):
    names = {"a": {"enabled": False}, "b": {}, "c": {}, "d": {}}
    config = a_config(tmp_path, sources=tuple(a_source(name, **facts) for name, facts in names.items()))
    rows.an_endpoint("c", last_outcome="failed", last_error="x")
    live(database, rows.a_run(ended=NOON, books={"d": {"polls": 1}}))
    found = status(database, config).sources
    assert [(line.name, line.state.value) for line in found] == [
        ("c", "failing"), ("b", "unproven"), ("d", "well"), ("a", "disabled"),
    ]  # fmt: skip


def test_the_last_article_kept_is_the_newest_of_its_source(database, config, rows):
    rows.a_run(started=NOON - 2 * DAY, ended=NOON - DAY, books={"chenfeng": {"kept": 1}})
    rows.a_run(started=NOON - HOUR, ended=NOON, books={"chenfeng": {"off_theme": 1}, "xinchao": {"kept": 1}})
    rows.an_article(1, kept_at=NOON - 2 * DAY + MINUTE)
    rows.an_article(2, kept_at=NOON - DAY)
    rows.an_article(3, kept_at=NOON - 30 * MINUTE, outcome="off_theme")
    rows.an_article(4, kept_at=NOON - MINUTE, source="xinchao")
    assert source_of(database, config).last_kept == NOON - DAY


def test_what_waits_is_counted_and_the_oldest_is_told(database, config, rows):
    for hours in range(8, 0, -1):
        rows.an_entry(seen=NOON - hours * HOUR, key=f"url:chenfeng.example/h{hours}", title=f"第{hours}条")
    rows.an_entry(seen=NOON - 9 * HOUR, key="url:x", source="xinchao")
    rows.an_article(1)
    found = status(database, config)
    assert found.pending == 9
    assert [(one.source, one.first_seen) for one in found.oldest_pending] == [
        ("xinchao", NOON - 9 * HOUR),
        *(("chenfeng", NOON - hours * HOUR) for hours in (8, 7, 6, 5)),
    ]
    assert (found.sources[0].pending, found.sources[0].oldest_pending) == (8, NOON - 8 * HOUR)
    assert Note.ORPHANS in found.notes
    assert status(database, config, name="chenfeng").pending == 8


@pytest.mark.parametrize(
    ("own", "held_until", "next_try"),
    [
        pytest.param(None, None, None, id="at once"),
        pytest.param(NOON + HOUR, None, NOON + HOUR, id="its own time"),
        pytest.param(None, NOON + HOUR, NOON + HOUR, id="its host is held"),
        pytest.param(NOON + HOUR, NOON + 2 * HOUR, NOON + 2 * HOUR, id="its host is held for longer"),
        pytest.param(NOON + 2 * HOUR, NOON + HOUR, NOON + 2 * HOUR, id="its host is held for less"),
    ],
)
def test_what_waits_is_tried_no_sooner_than_its_host_allows(database, config, rows, own, held_until, next_try):
    rows.an_entry(seen=NOON - HOUR, host="chenfeng.example", next_try=own)
    with database.write() as connection:
        connection.execute(insert(host).values(name="chenfeng.example", next_due=held_until))
    assert status(database, config).oldest_pending[0].next_try == next_try


@pytest.mark.parametrize(
    ("facts", "end"),
    [
        pytest.param({"error": ""}, RunEnd.COMPLETED, id="in order"),
        pytest.param({"error": "the disk is full"}, RunEnd.FAULTY, id="with faults"),
        pytest.param({"interrupted": True, "error": "interrupted: x"}, RunEnd.INTERRUPTED, id="died"),
        pytest.param({"ended": None}, RunEnd.OPEN, id="goes on"),
    ],
)
def test_how_the_last_run_ended(database, config, polled, facts, end):
    with database.write() as connection:
        connection.execute(run.update().where(run.c.id == 2).values(facts))
    last = status(database, config).runs[0]
    assert (last.run, last.end, last.live) == (2, end, True)
    assert (last.counts.requests, last.counts.bytes) == (2, 900)


FAULT = "/data/presswatch.db: the disk is full"
AWAY = f"Redis at r:6379: no connection; {DONE_WITHOUT}"


@pytest.mark.parametrize(
    ("ends", "faults", "is_well"),
    [
        pytest.param([("", False), (FAULT, False)], (FAULT,), False, id="the last one"),
        pytest.param([(FAULT, False), ("", False)], (), True, id="the one before"),
        pytest.param([(FAULT, False), (None, False)], (), False, id="the one before, and the next goes on"),
        pytest.param([(AWAY, False)], (), True, id="Redis was done without"),
        pytest.param([(f"{AWAY}\n{FAULT}", False)], (FAULT,), False, id="that is not all"),
        pytest.param([("interrupted: x", True)], (), True, id="its process died"),
    ],
)
def test_a_run_with_a_fault_of_presswatch_itself_is_a_problem_until_one_ends_without(
    database, config, polled, ends, faults, is_well
):
    for error, interrupted in ends:
        number = polled.a_run(ended=NOON, interrupted=interrupted)
        values = {"ended": None} if error is None else {"error": error}
        with database.write() as connection:
            connection.execute(run.update().where(run.c.id == number).values(values))
    found = status(database, config)
    assert (found.runs[0].faults, found.problems) == (faults, () if is_well else (Problem.FAULTY_RUN,))


def test_the_last_five_runs_are_told_newest_first_with_their_sums(database, config, rows):
    for number in range(7):
        books = {"chenfeng": {"found": number, "kept": number, "error": "a\nb"}, "xinchao": {"found": 1, "failed": 1}}
        rows.a_run(ended=NOON - number * HOUR, books=books)
    runs = status(database, config).runs
    assert [line.run for line in runs] == [8, 7, 6, 5, 4]
    assert (runs[0].counts.found, runs[0].counts.outcomes["failed"], runs[0].errors) == (7, 1, 2)


@pytest.mark.parametrize(
    ("now", "is_late"),
    [
        pytest.param(NOON + 55 * MINUTE, False, id="under an hour"),
        pytest.param(NOON + 85 * MINUTE, False, id="under three gaps"),
        pytest.param(NOON + 95 * MINUTE, True, id="over three gaps"),
    ],
)
def test_presswatch_that_is_not_started_any_more_is_told(database, config, rows, now, is_late):
    every_half_hour(database, rows)
    assert (Problem.LATE_RUN in status(database, config, now).problems) is is_late


@pytest.mark.parametrize(
    ("started", "next_poll", "late_after"),
    [
        pytest.param([0], (0.5, "adaptive"), 3.5, id="one run, then cron that never worked"),
        pytest.param([0], (24, "1d"), 48, id="an interval longer than the patience"),
        pytest.param([0, 0.2, 0.4], (0.5, "adaptive"), 3.5, id="three runs are no rhythm"),
        pytest.param([0, 1], (0.5, "adaptive"), 4, id="a run that left it due"),
        pytest.param([-24, 0], (0.5, "adaptive"), 24.5, id="once a day so far"),
    ],
)
def test_before_there_is_a_rhythm_a_run_is_late_when_something_has_long_been_due(
    database, rows, tmp_path, started, next_poll, late_after
):
    due, every = next_poll
    source = a_source("chenfeng").model_copy(update={"endpoints": (_endpoint({"every": every}),)})
    config = a_config(tmp_path, sources=(source,))
    rows.an_endpoint(**GOOD, next_due=NOON + due * HOUR)
    with database.write() as connection:
        connection.execute(run.update().values(started=NOON + started[0] * HOUR, ended=NOON + started[0] * HOUR))
    for hours in started[1:]:
        rows.a_run(started=NOON + hours * HOUR, ended=NOON + hours * HOUR + MINUTE)
    found = {
        minutes: Problem.LATE_RUN in status(database, config, NOON + late_after * HOUR + minutes * MINUTE).problems
        for minutes in (-1, 1)
    }
    assert found == {-1: False, 1: True}


def test_what_is_held_makes_no_run_late(database, config, polled):
    later = NOON + 2 * DAY
    with database.write() as connection:
        connection.execute(insert(host).values(name="chenfeng.example", next_due=later + HOUR))
    assert Problem.LATE_RUN not in status(database, config, later).problems


def test_a_late_run_is_told_first_of_many_problems(database, config, polled):
    polled.an_endpoint(last_outcome="failed", last_error="no connection: x", next_due=NOON)
    later = NOON + 630 * DAY
    found = status(database, config, later)
    assert found.problems == (Problem.LATE_RUN, Problem.FAILING, Problem.LATE_DIGEST)
    head = status_parts(found, Speech(language=Language.EN, now=later, zone=later.tzinfo))[0].lines[0]
    assert re.match("no run has begun for 630d.*; 1 source needs you; a digest is late ", head)


def every_half_hour(database, rows, ended=MINUTE):
    """Six runs, of which the last began at noon and ended so much later; an endpoint is due soon after."""
    rows.an_endpoint(**GOOD, next_due=NOON + 10 * MINUTE)
    for half_hours in range(5, -1, -1):
        began = NOON - half_hours * 30 * MINUTE
        number = rows.a_run(started=began, ended=began + MINUTE)
    with database.write() as connection:
        connection.execute(run.update().where(run.c.id == number).values(ended=NOON + ended if ended else None))


def a_beat(at):
    told = {"pid": 1, "host": "pi", "version": "1", "doing": "run", "next_poll": None, "next_digest": None}
    return Beat(started=NOON, beat=at, ended=False, **told)


@pytest.mark.parametrize(
    ("hours", "there_is", "is_late"),
    [
        pytest.param(2, {"process"}, False, id="it goes on"),
        pytest.param(2, set(), True, id="it died, and nothing has begun since"),
        pytest.param(1, set(), False, id="it died just now"),
        pytest.param(2, {"daemon"}, False, id="the daemon is at work elsewhere"),
        pytest.param(2, {"dead daemon"}, True, id="the daemon died with it"),
        pytest.param(7, {"process", "daemon"}, True, id="it hangs"),
        pytest.param(7, set(), True, id="it died long ago"),
    ],
)
def test_a_run_that_has_not_ended_hides_no_silence(database, config, rows, hours, there_is, is_late):
    every_half_hour(database, rows, ended=None)
    now = NOON + hours * HOUR
    ages = {"daemon": MINUTE, "dead daemon": HOUR}
    beat = next((a_beat(now - age) for name, age in ages.items() if name in there_is), None)
    found = status(database, config, now, beat=beat, is_at_work=lambda process: "process" in there_is)
    assert (Problem.LATE_RUN in found.problems) is is_late


@pytest.mark.parametrize(
    ("silent", "last_run", "is_problem"),
    [
        pytest.param(25 * HOUR, ("crawl", HOUR), False, id="cron makes the runs now"),
        pytest.param(23 * HOUR, ("crawl", HOUR), True, id="not for a day"),
        pytest.param(25 * HOUR, ("crawl", 26 * HOUR), True, id="nobody does"),
        pytest.param(25 * HOUR, ("schedule", HOUR), True, id="another daemon, whose sign is lost"),
    ],
)
def test_a_daemon_that_cron_has_replaced_is_missed_by_nobody(database, config, rows, silent, last_run, is_problem):
    command, ago = last_run
    number = rows.a_run(started=NOON - ago, ended=NOON - ago + MINUTE)
    with database.write() as connection:
        connection.execute(run.update().where(run.c.id == number).values(command=command))
    found = status(database, config, beat=a_beat(NOON - silent))
    assert found.daemon.is_silent
    assert (Problem.SILENT_DAEMON in found.problems) is is_problem


def test_the_first_run_of_all_is_late_too_when_it_never_ends(database, config, rows):
    with database.write() as connection:
        connection.execute(run.update().values(started=NOON - 7 * HOUR, ended=None))
    assert Problem.LATE_RUN in status(database, config, is_at_work=lambda process: True).problems


MIDNIGHT = NOON - 12 * HOUR  # in Shanghai, where the cut is at 8:00, NOON - 4 * HOUR
TODAY = {"cut_to": NOON - 4 * HOUR}


# subscription → its last digest; both are cut at 8:00. What is late, when the next digest comes.
@pytest.mark.parametrize(
    ("daily", "now", "late", "following"),
    [
        pytest.param(TODAY, NOON, False, NOON + 20 * HOUR, id="issued today"),
        pytest.param({"cut_to": NOON - 28 * HOUR}, NOON - 3 * HOUR - MINUTE, False, NOON + 20 * HOUR, id="in an hour"),
        pytest.param({"cut_to": NOON - 28 * HOUR}, NOON, True, NOON + 20 * HOUR, id="its cut was hours ago"),
        pytest.param({"cut_to": MIDNIGHT - MINUTE}, NOON, True, NOON + 20 * HOUR, id="first, yesterday at midnight"),
        pytest.param({"cut_to": MIDNIGHT}, MIDNIGHT, False, NOON + 20 * HOUR, id="first, today: it stands for the day"),
        pytest.param({"cut_to": MIDNIGHT}, NOON, False, NOON + 20 * HOUR, id="and none is late"),
        pytest.param(TODAY, NOON - 9 * DAY, False, NOON + 20 * HOUR, id="by a clock that is behind"),
        pytest.param(None, NOON, True, NOON + 20 * HOUR, id="none, and there was a good poll"),
        pytest.param(None, NOON - 30 * DAY + HOUR - MINUTE, False, NOON - 30 * DAY + 20 * HOUR, id="within the hour"),
    ],
)
def test_a_digest_that_should_be_there_is_late(database, config, daily, now, late, following):
    rows = StoredRows(database)
    if daily:
        rows.a_digest(**daily)
    [line] = status(database, config, now).digests
    assert (line.is_late, line.next_cut) == (late, following)
    assert (Problem.LATE_DIGEST in status(database, config, now).problems) is late


@pytest.mark.parametrize(("after", "is_late"), [(DAY + HOUR - MINUTE, False), (DAY + HOUR, True), (7 * DAY, True)])
def test_a_subscription_without_a_digest_waits_for_the_next_of_the_others(database, rows, tmp_path, after, is_late):
    config = a_config(tmp_path)
    added = Subscription(name="chips", at="08:00")
    config = config.model_copy(update={"subscriptions": (*config.subscriptions, added)})
    *_, line = status(database, config, NOON - 4 * HOUR + after).digests
    assert (line.latest, line.is_late) == (None, is_late)


def test_a_digest_that_was_cut_in_the_future_is_told(database, config, rows):
    rows.a_digest(cut_to=NOON + 3 * DAY)
    found = status(database, config)
    assert (found.digests[0].is_ahead, Problem.DIGEST_AHEAD in found.problems) == (True, True)


def test_books_of_a_day_are_summed_and_what_does_not_balance_comes_first(database, config, rows):
    rows.a_run(ended=NOON - 25 * HOUR, books={"chenfeng": {"found": 100, "kept": 1}})
    rows.a_run(ended=NOON - 2 * HOUR, books={"chenfeng": {"found": 3, "kept": 2, "carried_out": 1}})
    rows.a_run(ended=NOON - HOUR, books={"chenfeng": {"carried_in": 1, "kept": 1}, "xinchao": {"found": 2}})
    books = status(database, config).books
    assert (books.runs, books.balances) == ((3, 4), False)
    assert [(one.run, one.source, one.found) for one in books.imbalances] == [(4, "xinchao", 2)]
    assert [(one.source, one.counts.balances) for one in books.sources] == [("xinchao", False), ("chenfeng", True)]
    assert (books.totals.found, books.totals.outcomes["kept"], books.totals.carried_out) == (5, 3, 0)


def test_two_runs_that_do_not_join_do_not_balance(database, config, rows):
    rows.a_run(ended=NOON - 2 * HOUR, books={"chenfeng": {"found": 2, "carried_out": 2}})
    rows.a_run(ended=NOON - HOUR, books={"chenfeng": {"carried_in": 1, "kept": 1}})
    found = status(database, config)
    assert [(one.run, one.found, one.ended) for one in found.books.imbalances] == [(None, 2, 1)]
    assert found.problems == (Problem.UNBALANCED,)


def test_lines_in_which_nothing_happened_are_passed_over_and_their_ends_are_not(database, config, rows):
    idle = {"carried_in": 2, "carried_out": 2}
    for minutes, line in enumerate([idle, idle, {"found": 1, "carried_in": 2, "carried_out": 3}, idle, idle]):
        rows.a_run(ended=NOON - HOUR + minutes * MINUTE, books={"chenfeng": line})
    books = status(database, config).books
    assert (books.totals.carried_in, books.totals.found, books.totals.carried_out) == (2, 1, 2)
    assert [(one.run, one.carried_out) for one in books.imbalances] == [(None, 2)]


def test_without_a_run_in_the_last_day_the_books_are_those_of_the_last(database, config, rows):
    rows.a_run(ended=NOON - 3 * DAY, books={"chenfeng": {"found": 1, "kept": 1}})
    books = status(database, config).books
    assert (books.runs, books.since, books.totals.found) == ((2,), None, 1)


@pytest.mark.parametrize(
    ("changed", "note", "is_told"),
    [
        pytest.param({}, Note.ADAPTIVE, True, id="adaptive"),
        pytest.param({"every": "30m"}, Note.ADAPTIVE, False, id="every 30m"),
        pytest.param({"cron": "0 * * * *"}, Note.ADAPTIVE, False, id="cron"),
        pytest.param({}, Note.NO_CONTACT, True, id="no contact"),
        pytest.param({"contact": "desk@presswatch-reader.org"}, Note.NO_CONTACT, False, id="contact"),
        pytest.param({}, Note.NO_SEEDS, False, id="no theme names seeds"),
        pytest.param({"seeds": (SeedReference(title="一"),)}, Note.NO_SEEDS, True, id="none is imported"),
        pytest.param({"seeds": (SeedReference(title="一"),), "stored": True}, Note.NO_SEEDS, False, id="one is"),
    ],
)
def test_notes(database, rows, tmp_path, changed, note, is_told):
    rhythm = {name: changed[name] for name in ("every", "cron") if name in changed}
    source = a_source("chenfeng").model_copy(update={"endpoints": (_endpoint(rhythm),)})
    config = a_config(tmp_path, sources=(source,))
    theme = config.themes[0].model_copy(update={"seeds": changed.get("seeds", ())})
    settings = Settings(contact=changed.get("contact", ""))
    config = config.model_copy(update={"themes": (theme,), "settings": settings})
    if changed.get("stored"):
        rows.an_entry(outcome="kept", origin="seed")
    assert (note in status(database, config).notes) is is_told


def _endpoint(rhythm):
    return a_source("chenfeng").endpoints[0].__class__(url="https://chenfeng.example/feed", **rhythm)


def test_nothing_is_watched_when_no_source_is_enabled(database, rows, tmp_path):
    config = a_config(tmp_path, sources=(a_source("chenfeng", enabled=False),))
    assert status(database, config).problems == (Problem.NO_SOURCE,)


def test_an_empty_database_is_told_of_too(database, config):
    found = status(database, config)
    assert (found.runs, found.books.runs, found.pending) == ((), (), 0)
    assert found.sources[0].next_poll.because is Because.NEVER_POLLED
