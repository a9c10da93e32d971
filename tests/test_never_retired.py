"""Laws of failing: no list is ever given up, pauses grow linearly up to a day, entries end when they must."""

import itertools
import random
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from archive_rows import a_config
from hypothesis import given
from hypothesis import strategies as st
from rig import START, Answer, article_page, feed

from crawler import books
from crawler.config.models import Endpoint
from crawler.endpoints import Endpoints
from crawler.failure_table import RULES, Failure, failure_of_status
from crawler.items import Ended, Entry, PendingEntry
from crawler.outcomes import Outcome
from crawler.polling import LONGEST_BACKOFF, is_due, next_poll
from crawler.spiders.pages import failed
from pipelines.health.status import status_of

ZONE = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)
OF_PAGES = [failure for failure in Failure if failure is not Failure.DISK]  # which never reaches an entry
KINDS = st.sampled_from(OF_PAGES)
EVERY = st.sampled_from(["5m", "30m", "2h", "1d", "3d", "adaptive"])


# -- lists -----------------------------------------------------------------------------------------------------------


def polled_at(endpoint, failures, failure=None):
    step = RULES[failure].step if failure else timedelta(0)
    return next_poll(endpoint, ZONE, polled=START, failures=failures, step=step) - START


@given(every=EVERY, steps=st.lists(KINDS | st.none(), max_size=60))
def test_the_next_poll_comes_whatever_happened_and_a_success_makes_good(every, steps):
    """None is a success."""
    endpoint, failures = Endpoint(url="https://a.example/feed", every=every), 0.0
    usual = polled_at(endpoint, 0)
    for failure in steps:
        failures = failures + RULES[failure].weight if failure else 0.0
        pause = polled_at(endpoint, failures, failure)
        assert usual <= pause <= max(usual, LONGEST_BACKOFF)
        assert failure or pause == usual
        assert is_due(endpoint, ZONE, START + pause, START + pause)
        assert not is_due(endpoint, ZONE, START + pause, START)


@given(every=EVERY, failure=KINDS, times=st.integers(1, 300))
def test_the_pause_grows_by_as_much_with_each_failure_up_to_a_day(every, failure, times):
    endpoint, weight = Endpoint(url="https://a.example/feed", every=every), RULES[failure].weight
    usual, step = polled_at(endpoint, 0), RULES[failure].step
    for failures in (weight * count for count in range(1, times + 1)):
        linear = max(usual * (1 + failures), step * failures)
        assert polled_at(endpoint, failures, failure) == max(usual, min(linear, LONGEST_BACKOFF))


def test_a_list_that_fails_for_two_hundred_days_is_polled_each_day_and_told_each_day(database, tmp_path):
    config = a_config(tmp_path)
    source = config.enabled_sources[0]
    endpoint, endpoints = source.endpoints[0], Endpoints(database)
    pair, now, polls, rule = (source.name, endpoint.url), START, [], RULES[Failure.TIMEOUT]
    while now < START + 200 * DAY:
        with database.write() as connection:
            run = books.open_run(connection, command="crawl", process=1, now=now, sources=[source.name], is_live=True)
        state = endpoints.declare([pair])[pair]
        following = next_poll(endpoint, ZONE, polled=now, failures=state.failures + rule.weight, step=rule.step)
        error = f"{Failure.TIMEOUT}: a.example did not answer"
        endpoints.record_failure(run, state, error=error, weight=rule.weight, now=now, next_due=following)
        with database.write() as connection:
            books.close_run(connection, run, now, error="")
        polls.append(now)
        now = following
    assert max(later - earlier for earlier, later in itertools.pairwise(polls)) == LONGEST_BACKOFF
    assert polls[-1] > START + 199 * DAY
    with database.read() as connection:
        line = next(line for line in status_of(connection, config, polls[-1]).sources if line.name == source.name)
    assert line.needs_you
    [failing] = line.failing
    assert (failing.since, failing.polls) == (START, len(polls))
    # An answer makes it good at once.
    state = endpoints.declare([pair])[pair]
    endpoints.record_unchanged(run, state, now=now, next_due=now)
    assert endpoints.declare([pair])[pair].failures == 0


# -- entries ---------------------------------------------------------------------------------------------------------


def a_visit(max_attempts, now):
    settings = SimpleNamespace(max_attempts=max_attempts)
    clock = SimpleNamespace(now=lambda: now)
    return SimpleNamespace(config=SimpleNamespace(settings=settings), run=SimpleNamespace(clock=clock))


def waiting(attempts):
    entry = Entry(key="url:a.example/a", url="https://a.example/a")
    return PendingEntry(id=1, source="alpha", host="a.example", entry=entry, first_seen=START, attempts=attempts)


@given(most=st.integers(1, 20), failures=st.lists(KINDS, min_size=1, max_size=200))
def test_an_entry_ends_with_its_last_error_exactly_when_its_attempts_are_used_up(most, failures):
    attempts, now = 0.0, START
    for failure in failures:
        rule = RULES[failure]
        [result] = failed(a_visit(most, now), [waiting(attempts)], failure, "HTTP 999")
        attempts += rule.weight
        if isinstance(result, Ended):
            assert rule.ends is result.outcome or (attempts >= most and result.outcome is rule.last)
            assert result.reason.endswith(f"{failure}: HTTP 999")
            return
        assert rule.ends is None
        assert attempts < most
        assert (result.weight, result.reason) == (rule.weight, f"{failure}: HTTP 999")
        assert now < result.next_try <= now + LONGEST_BACKOFF
        assert result.next_try - now == min(rule.step * max(attempts, 0.5), LONGEST_BACKOFF)
        now = result.next_try


@given(failure=KINDS, attempts=st.floats(0, 1000))
def test_a_revisited_article_ends_by_nothing_but_being_gone(failure, attempts):
    pending = PendingEntry(**{**vars(waiting(attempts)), "revisit": True})
    [result] = failed(a_visit(5, START), [pending], failure, "HTTP 999")
    assert isinstance(result, Ended) is (RULES[failure].ends is Outcome.GONE)


def test_the_books_balance_over_weeks_of_any_weather(rig, site):
    """Twelve pages, each with a weather of its own, until none waits any more."""
    dice = random.Random(6)
    statuses = {f"p{number}.example": [dice.choice([200, 401, 403, 429, 500, 503, 567]) for _ in range(9)]
                for number in range(12)}  # fmt: skip
    site.routes["alpha.example/feed"] = Answer(feed(*[f"https://{host}/a" for host in statuses]))
    for number, (host, weather) in enumerate(statuses.items()):
        page = article_page(f"机器人{number}", f"第{number}台机器人走进工厂。" * 30)
        site.routes[f"{host}/a"] = [Answer(page if status == 200 else "", status=status) for status in weather]
    for _ in range(40):
        report = rig.crawl()
        assert (report.balances, report.errors) == (True, ())
        rows = rig.query("SELECT next_try FROM entry WHERE outcome IS NULL")
        if not rows:
            break
        assert all(datetime.fromisoformat(at).replace(tzinfo=UTC) <= rig.clock.now() + LONGEST_BACKOFF for [at] in rows)
        rig.clock.move_by(timedelta(hours=13))
    for host, outcome, reason in rig.query("SELECT host, outcome, reason FROM entry"):
        met = statuses[host]
        answered = next((number for number, status in enumerate(met) if status == 200), None)
        spent = sum(RULES[failure_of_status(status)].weight for status in met[:answered])
        assert (outcome in {"kept", "copy"}) is (answered is not None and spent < 5), (host, outcome, met)
        assert outcome in {"kept", "copy"} or reason.startswith("attempts used up; the last: "), reason
