"""The ledger's laws: every key once, one outcome each, and books that balance whatever happens in whichever order."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import func, select

from crawler import books
from crawler.database import Database
from crawler.endpoints import Endpoints
from crawler.items import Dating, Ended, Entry, FurtherList, HostMemory, Poll, Postponed, Precision
from crawler.ledger import AlreadyEndedError, Ledger, Scope, Waiting
from crawler.outcomes import Outcome, PollOutcome
from crawler.tables import entry, sighting
from crawler.traffic import Asked, Cost

START = datetime(2025, 3, 3, 8, tzinfo=UTC)
WEEK = timedelta(days=7)
ENDPOINTS = [("alpha", "https://alpha.example/feed"), ("beta", "https://beta.example/feed")]
SOURCES = [source for source, _ in ENDPOINTS]
ALL = Scope(sources=frozenset(SOURCES), watched=frozenset(SOURCES))


def an_entry(number, *, host="alpha.example", age=None):
    published = None
    if age is not None:
        published = Dating(at=START - age, precision=Precision.SECOND, where="feed", text="")
    return Entry(
        key=f"url:{host}/{number}", url=f"https://{host}/{number}", title=f"Title {number}", published=published
    )


@pytest.fixture
def ledger(tmp_path):
    database = Database.open(f"sqlite:///{tmp_path}/ledger.db")
    yield Ledger(database)
    database.close()


def open_run(ledger, now=START):
    with ledger.database.write() as connection:
        return books.open_run(connection, command="test", process=1, now=now, sources=SOURCES)


def close_run(ledger, number, now=START):
    with ledger.database.write() as connection:
        books.close_run(connection, number, now)
        return {book.source: book for book in books.books_of(connection, [number])}


def poll(ledger, run, entries, *, source="alpha", now=START, **poll_facts):
    endpoints = Endpoints(ledger.database)
    state = endpoints.declare(ENDPOINTS)[next(pair for pair in ENDPOINTS if pair[0] == source)]
    return endpoints.record_poll(
        run, state, Poll(at=now, entries=tuple(entries), **poll_facts), next_due=now + WEEK, max_age=WEEK
    )


def pending(ledger, host="alpha.example", now=START):
    return ledger.pending(host, now=now, scope=ALL)


def test_first_poll_finds_every_key_once_and_counts_the_repeated_row_as_known(ledger):
    result = poll(ledger, open_run(ledger), [an_entry(1), an_entry(2), an_entry(1)])
    assert (result.outcome, result.found, result.known) == (PollOutcome.NEW, 2, 1)


def test_a_second_source_naming_a_known_key_gets_a_sighting_not_an_entry(ledger):
    run = open_run(ledger)
    poll(ledger, run, [an_entry(1)])
    result = poll(ledger, run, [an_entry(1)], source="beta")
    with ledger.database.read() as connection:
        seen = connection.scalar(select(func.count()).select_from(sighting))
    assert (result.outcome, result.found, result.known, seen) == (PollOutcome.KNOWN, 0, 1, 2)
    assert [item.source for item in pending(ledger)] == ["alpha"]


def test_only_the_entries_of_an_endpoints_first_poll_are_backlog(ledger):
    run = open_run(ledger)
    poll(ledger, run, [an_entry(1)])
    poll(ledger, run, [an_entry(1), an_entry(2)])
    assert [item.backlog for item in pending(ledger)] == [True, False]


def test_what_a_first_poll_left_unread_is_backlog_too_when_the_second_brings_it(ledger):
    run = open_run(ledger)
    poll(ledger, run, [an_entry(1)], broke_off="page 2: HTTP 502")
    poll(ledger, run, [an_entry(1), an_entry(2)], broke_off="page 3: HTTP 502")
    poll(ledger, run, [an_entry(3)], broke_off="page 2: HTTP 502")
    assert [item.backlog for item in pending(ledger)] == [True, True, False]


@pytest.mark.parametrize(
    ("age", "waiting"),
    [(None, 1), (timedelta(days=6), 1), (timedelta(days=8), 0)],
    ids=["unknown date is not stale", "within the limit", "older than the limit"],
)
def test_stale_entries_end_at_first_sight(ledger, age, waiting):
    run = open_run(ledger)
    poll(ledger, run, [an_entry(1, age=age)])
    assert len(pending(ledger)) == waiting
    assert close_run(ledger, run)["alpha"].outcomes[Outcome.STALE] == 1 - waiting


def test_of_a_row_that_repeats_the_first_is_told_and_rows_keep_their_order(ledger):
    poll(ledger, open_run(ledger), [an_entry(2), an_entry(1), replace(an_entry(2), title="again")])
    assert [item.entry.title for item in pending(ledger)] == ["Title 2", "Title 1"]


def test_a_list_longer_than_any_batch_is_taken_in_whole(ledger):
    run = open_run(ledger)
    entries = [an_entry(number, age=timedelta(days=30 * (number % 2))) for number in range(1200)]
    poll(ledger, run, entries[:3], source="beta")
    assert poll(ledger, run, entries[:1100]).found == 1097
    later = START + timedelta(hours=1)
    result = poll(ledger, run, entries, now=later)
    assert (result.found, result.known) == (100, 1100)
    with ledger.database.read() as connection:
        mine = select(sighting.c.first_seen, sighting.c.last_seen, func.count()).where(sighting.c.endpoint == 1)
        seen = connection.execute(mine.group_by(sighting.c.first_seen, sighting.c.last_seen)).all()
    assert sorted(seen) == [(START, later, 1100), (later, later, 100)]
    assert len(pending(ledger)) == 600
    lines = close_run(ledger, run)
    assert lines["alpha"].outcomes[Outcome.STALE] + lines["beta"].outcomes[Outcome.STALE] == 600
    assert lines["alpha"].balances
    assert lines["beta"].balances


def lists_of_an_index(ledger, run, *names):
    """An index and its lists, none of them polled."""
    endpoints = Endpoints(ledger.database)
    [index] = endpoints.declare([("alpha", "https://alpha.example/index.xml")]).values()
    lists = tuple(FurtherList(url=f"https://alpha.example/{name}.xml") for name in names)
    endpoints.record_poll(run, index, Poll(at=START, lists=lists), next_due=START, max_age=WEEK)
    return endpoints.lists_of(index, START)


@pytest.mark.parametrize(
    ("numbers", "waiting"),
    [
        (range(95, 205), range(105, 205)),
        (range(205, 95, -1), range(205, 105, -1)),
    ],
    ids=["ascending", "descending"],
)
def test_of_an_undated_backlog_the_newest_hundred_are_taken_for_recent(ledger, numbers, waiting):
    poll(ledger, open_run(ledger), [an_entry(number) for number in numbers])
    assert [item.entry.title for item in pending(ledger)] == [f"Title {number}" for number in waiting]


def test_the_lists_of_an_index_share_one_hundred(ledger):
    run = open_run(ledger)
    first, second, third = lists_of_an_index(ledger, run, "a", "b", "c")
    for state, numbers in ((first, range(60)), (second, range(100, 160)), (third, range(200, 260))):
        entries = tuple(an_entry(number) for number in numbers)
        Endpoints(ledger.database).record_poll(
            run, state, Poll(at=START, entries=entries), next_due=START, max_age=WEEK
        )
    expected = [*range(60), *range(120, 160)]
    assert [item.entry.title for item in pending(ledger)] == [f"Title {number}" for number in expected]
    assert close_run(ledger, run)["alpha"].balances


def test_an_entry_goes_to_the_host_of_its_address_not_of_its_endpoint(ledger):
    poll(ledger, open_run(ledger), [an_entry(1, host="www.gamma.example")])
    assert ledger.hosts_with_pending(START, ALL, {}) == {"gamma.example": Waiting(newest=1, since=START)}


def test_an_outcome_never_changes(ledger):
    run = open_run(ledger)
    poll(ledger, run, [an_entry(1)])
    [item] = pending(ledger)
    ledger.end(run, Ended(pending=item, outcome=Outcome.GONE, reason="HTTP 404", at=START))
    with pytest.raises(AlreadyEndedError):
        ledger.end(run, Ended(pending=item, outcome=Outcome.FAILED, reason="again", at=START))
    ledger.postpone(Postponed(pending=item, weight=1, reason="late", at=START, next_try=START + WEEK))
    book = close_run(ledger, run)["alpha"]
    assert (book.outcomes[Outcome.GONE], book.outcomes[Outcome.FAILED], book.balances) == (1, 0, True)


def test_a_postponed_entry_comes_back_when_its_time_has_come(ledger):
    poll(ledger, open_run(ledger), [an_entry(1)])
    [item] = pending(ledger)
    later = START + timedelta(minutes=10)
    ledger.postpone(Postponed(pending=item, weight=0.5, reason="HTTP 503", at=START, next_try=later))
    assert pending(ledger) == []
    assert [again.attempts for again in pending(ledger, now=later)] == [0.5]


def test_a_claimed_host_cannot_be_claimed_twice_until_the_visit_ends(ledger):
    run = open_run(ledger)
    first = ledger.claim("alpha.example", now=START, lease=WEEK)
    assert ledger.claim("alpha.example", now=START, lease=WEEK) is None
    ledger.end_visit(
        run,
        first,
        {Asked(START.date(), "alpha", "alpha.example"): Cost(requests=2, bytes=10)},
        [("alpha", "it was slow")],
    )
    assert ledger.claim("alpha.example", now=START, lease=WEEK).generation == 2
    book = close_run(ledger, run)["alpha"]
    assert (book.requests, book.bytes, book.error) == (2, 10, "it was slow")


def test_a_worker_that_lost_its_lease_cannot_give_the_host_back(ledger):
    run = open_run(ledger)
    lost = ledger.claim("alpha.example", now=START, lease=timedelta(seconds=1))
    assert ledger.claim("alpha.example", now=START + timedelta(seconds=2), lease=WEEK) is not None
    ledger.end_visit(run, lost, {}, [])
    assert ledger.claim("alpha.example", now=START + timedelta(seconds=3), lease=WEEK) is None


def test_when_a_host_was_asked_and_wants_a_pause_is_remembered(ledger):
    memory = HostMemory(last_request=START, not_before=START + WEEK)
    ledger.remember_hosts({"alpha.example": memory})
    assert ledger.host_memory("alpha.example") == memory
    assert ledger.host_memory("beta.example") == HostMemory()


@pytest.mark.parametrize(
    ("before", "given", "after"),
    [(None, 6, 6), (6, None, 6), (6, 2, 6), (2, 6, 6), (None, None, None), (-2, None, None), (500, 6, 6),
     (500, None, None)],
)  # fmt: skip
def test_of_two_wishes_the_later_one_stays_unless_it_is_of_a_wrong_clock(ledger, before, given, after):
    """In hours from now."""
    for hours in (before, given):
        until = None if hours is None else START + timedelta(hours=hours)
        ledger.remember_hosts({"alpha.example": HostMemory(last_request=START, not_before=until)})
    expected = None if after is None else START + timedelta(hours=after)
    assert ledger.host_memory("alpha.example").not_before == expected


@pytest.mark.parametrize(
    ("sources", "watched", "reader"),
    [
        ({"alpha", "beta"}, {"alpha", "beta"}, "alpha"),
        ({"beta"}, {"alpha", "beta"}, None),
        ({"beta"}, {"beta"}, "beta"),
        ({"gamma"}, {"gamma"}, None),
    ],
    ids=["its owner", "its owner is not crawled in this run", "another that announces it", "nobody who announces it"],
)
def test_who_reads_an_entry_that_two_sources_announce(ledger, sources, watched, reader):
    run = open_run(ledger)
    poll(ledger, run, [an_entry(1)])
    poll(ledger, run, [an_entry(1)], source="beta")
    scope = Scope(sources=frozenset(sources), watched=frozenset(watched))
    found = ledger.pending("alpha.example", now=START, scope=scope)
    assert [item.source for item in found] == ([reader] if reader else [])
    for item in found:
        ledger.end(run, Ended(pending=item, outcome=Outcome.GONE, reason="", at=START))
        assert close_run(ledger, run)["alpha"].outcomes[Outcome.GONE] == 1


def test_what_goes_wrong_with_a_source_is_noted_once_a_line(ledger):
    run = open_run(ledger)
    with ledger.database.write() as connection:
        for error in ("first", "second\nline", "first", *map(str, range(30))):
            books.add_error(connection, run, "alpha", error)
    lines = close_run(ledger, run)["alpha"].error.splitlines()
    assert (lines[:2], len(lines)) == (["first", "second line"], 20)


def test_a_dead_run_is_closed_as_interrupted_by_the_next_and_its_leases_are_freed(ledger):
    dead = open_run(ledger)
    poll(ledger, dead, [an_entry(1), an_entry(2)])
    ledger.claim("alpha.example", now=START, lease=WEEK)
    run = open_run(ledger)
    assert ledger.claim("alpha.example", now=START, lease=WEEK) is not None
    books_now = {book.source: book for book in _books(ledger, [dead])}
    assert (books_now["alpha"].carried_out, books_now["alpha"].balances) == (2, True)
    assert close_run(ledger, run)["alpha"].carried_in == 2


def test_the_books_do_not_balance_when_an_entry_vanishes(ledger):
    run = open_run(ledger)
    poll(ledger, run, [an_entry(1)])
    with ledger.database.write() as connection:
        connection.execute(entry.delete())
    assert not close_run(ledger, run)["alpha"].balances


def test_a_source_outside_the_run_keeps_its_line_while_entries_wait(ledger):
    poll(ledger, open_run(ledger), [an_entry(1)])
    with ledger.database.write() as connection:
        run = books.open_run(connection, command="test", process=1, now=START, sources=["beta"])
    assert close_run(ledger, run)["alpha"].carried_out == 1


def _books(ledger, numbers):
    with ledger.database.read() as connection:
        return books.books_of(connection, numbers)


class LedgerMachine(RuleBasedStateMachine):
    """Random interleavings of polls, ends, failures, clean ends and sudden deaths of runs, against a plain model."""

    def __init__(self):
        super().__init__()
        self.database = Database.open("sqlite://")
        self.ledger = Ledger(self.database)
        self.now = START
        self.announced = set()
        self.ended = {}
        self.owner = {}
        self.run = None

    def teardown(self):
        self.database.close()

    @initialize()
    def begin(self):
        self.run = open_run(self.ledger, self.now)

    @rule(
        source=st.sampled_from(SOURCES),
        numbers=st.lists(st.integers(0, 12), max_size=6),
        old=st.sets(st.integers(0, 12), max_size=3),
    )
    def poll(self, source, numbers, old):
        entries = [an_entry(number, age=timedelta(days=30) if number in old else None) for number in numbers]
        result = poll(self.ledger, self.run, entries, source=source, now=self.now)
        fresh = {item.key for item in entries} - self.announced
        assert (result.found, result.known) == (len(fresh), len(entries) - len(fresh))
        for item in entries:
            if item.key in fresh and item.key not in self.owner:
                self.owner[item.key] = source
                if item.published is not None:
                    self.ended[item.key] = Outcome.STALE
        self.announced |= fresh

    @rule(pick=st.randoms(use_true_random=False), outcome=st.sampled_from(Outcome))
    def end_one(self, pick, outcome):
        waiting = pending(self.ledger, now=self.now)
        if waiting:
            item = pick.choice(waiting)
            self.ledger.end(self.run, Ended(pending=item, outcome=outcome, reason="", at=self.now))
            assert item.entry.key not in self.ended
            self.ended[item.entry.key] = outcome

    @rule(pick=st.randoms(use_true_random=False), hours=st.integers(0, 30))
    def postpone_one(self, pick, hours):
        waiting = pending(self.ledger, now=self.now)
        if waiting:
            until = self.now + timedelta(hours=hours)
            self.ledger.postpone(
                Postponed(pending=pick.choice(waiting), weight=0.5, reason="x", at=self.now, next_try=until)
            )

    @rule(hours=st.integers(1, 40))
    def time_passes(self, hours):
        self.now += timedelta(hours=hours)

    @rule()
    def end_run_and_begin_another(self):
        close_run(self.ledger, self.run, self.now)
        self.begin()

    @rule()
    def die_and_begin_another(self):
        self.begin()

    @invariant()
    @precondition(lambda self: self.run)
    def every_announced_key_is_held_once_with_its_first_owner_and_its_one_outcome(self):
        with self.database.read() as connection:
            rows = connection.execute(select(entry.c.key, entry.c.source, entry.c.outcome)).all()
        assert {row.key: row.source for row in rows} == self.owner
        assert {row.key: Outcome(row.outcome) for row in rows if row.outcome} == self.ended
        assert len(rows) == len(self.announced)

    @invariant()
    @precondition(lambda self: self.run)
    def every_closed_book_balances_and_carries_over(self):
        lines = [_books(self.ledger, [number]) for number in range(1, self.run + 1)]
        carried = Counter()
        for run_lines in lines:
            for book in run_lines:
                assert book.balances
                assert book.carried_in == carried[book.source]
                if book.carried_out is not None:
                    carried[book.source] = book.carried_out


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
