"""A clock that ran ahead for a while, or stood behind: each article is told once, and digests go on."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from archive_rows import DAY, HOUR, NOON
from house import House

from pipelines.digest.check import faults_of
from pipelines.digest.issue import build_cut, is_due
from pipelines.health.cuts import digests_of

RIGHT = NOON + 3 * DAY  # when the clock is right again


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    yield made
    made.database.close()


def titles(digest):
    return [line.title for section in digest.sections for line in section.lines]


def live(house, start, moments):
    """At each moment after `start`: an article is stored, then what is due is issued. The titles that were told."""
    told = []
    for moment in moments:
        house.now = start + moment
        [[number]] = house.query("SELECT coalesce(max(id), 0) FROM entry")
        house.keep(number + 1)
        issued = house.issue()
        told += titles(issued.digest) if issued else []
    return told


def cuts_of(house):
    with house.database.read() as connection:
        return digests_of(connection).of(house.config.subscriptions[0])


def told_again(house):
    """What the digests tell when they are made again by their rows."""
    with house.database.read() as connection:
        digests = [build_cut(connection, house.config, house.config.subscriptions[0], cut) for cut in cuts_of(house)]
    return [title for digest in digests for title in titles(digest)]


def put_right(house):
    """Whether there was anything to date back."""
    return house.call("archive", "date-back", now=RIGHT).exit_code == 0


@pytest.mark.parametrize("wrong_for", [(0 * HOUR,), (0 * HOUR, 26 * HOUR)], ids=["once", "for a day"])
@pytest.mark.parametrize("ahead", [2 * HOUR, DAY, 3 * DAY, 40 * DAY], ids=str)
def test_after_a_clock_ran_ahead_each_article_is_told_once_and_digests_go_on(house, ahead, wrong_for):
    told = live(house, NOON, [0 * HOUR, 30 * HOUR])
    told += live(house, RIGHT - 30 * HOUR + ahead, wrong_for)
    assert put_right(house) is (ahead > 3 * DAY)  # what lies less than a day ahead is waited for
    told += live(house, RIGHT, [day * DAY + hour * HOUR for day in range(3) for hour in (0, 21)])
    house.now = RIGHT + 4 * DAY
    told += titles(house.issue().digest)
    [[stored]] = house.query("SELECT count(*) FROM article")
    assert Counter(told) == Counter(told_again(house))
    assert (len(told), len(set(told))) == (stored, stored)
    assert not faults_of(house.database, house.config, house.config.subscriptions[0], house.now, house.data / "digests")
    house.archive.recover()
    assert house.query("SELECT count(*) FROM article WHERE NOT filed") == [(0,)]
    assert house.call("archive", "verify", now=house.now).exit_code == 0


def test_a_clock_that_is_right_again_is_noticed_where_nothing_new_was_stored(house):
    live(house, NOON, [0 * HOUR])
    live(house, NOON + 40 * DAY, [0 * HOUR])
    before = [cut.date for cut in cuts_of(house)]
    house.now = RIGHT
    fault, *_ = faults_of(
        house.database, house.config, house.config.subscriptions[0], house.now, house.data / "digests"
    )
    assert (fault.fault, "cut in the future, at 2025-04-12 08:00 (Asia/Shanghai)" in fault.told) == ("ahead", True)
    assert put_right(house)
    assert [cut.date for cut in cuts_of(house)] == before  # by which their files are named
    assert all(cut.cut_to < RIGHT + HOUR for cut in cuts_of(house))
    [empty] = faults_of(house.database, house.config, house.config.subscriptions[0], house.now, house.data / "digests")
    assert empty.fault == "empty"
    assert not is_due(house.database, house.config, house.config.subscriptions[0], house.now)
    assert house.issue(RIGHT + DAY).digest.date == "2025-03-07"


def test_nothing_is_dated_back_unless_a_person_asks(house):
    """A machine that was off for some days looks the same to a clock that stands in the gap."""
    live(house, NOON, [day * DAY for day in (0, 1, 5, 6, 7)])
    before = cuts_of(house), house.query("SELECT entry, kept_at FROM article ORDER BY entry")
    house.now = NOON + 2 * DAY
    assert house.issue() is None
    house.keep(6)
    assert before == (cuts_of(house), house.query("SELECT entry, kept_at FROM article ORDER BY entry")[:-1])


@pytest.mark.parametrize(
    "wrong", [pytest.param(datetime(2000, 1, 1, tzinfo=UTC), id="never set"), pytest.param(NOON + 3 * DAY, id="behind")]
)
def test_by_a_clock_that_is_behind_nothing_is_lost_and_nothing_dated_back(house, wrong):
    told = live(house, NOON, [day * DAY for day in range(9)])
    before = cuts_of(house), house.query("SELECT entry, kept_at FROM article ORDER BY entry")
    told += live(house, wrong, [0 * HOUR, HOUR])
    assert before == (cuts_of(house), house.query("SELECT entry, kept_at FROM article ORDER BY entry")[:-2])
    house.now = NOON + 10 * DAY
    told += titles(house.issue().digest)
    assert (len(told), len(set(told))) == (11, 11)
