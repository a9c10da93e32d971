"""Weeks and months of the daemon: every digest once, every poll on time, whatever clocks, sources and people do."""

import asyncio
import gc
import itertools
import threading
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import psutil
import pytest
from rig import Answer, article_page, feed
from virtual_days import VirtualDays

START = datetime(2024, 10, 20, 0, 0, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SUBSCRIPTIONS = [
    {"name": "shanghai", "at": "08:00", "timezone": "Asia/Shanghai"},
    {"name": "angeles", "at": "01:30", "timezone": "America/Los_Angeles"},  # comes twice on 3 November
    {"name": "berlin", "at": "02:30", "timezone": "Europe/Berlin"},  # twice on 27 October, never on 30 March
]
MOST_GROWTH = 0.10  # of the memory a daemon takes after its first third, that it may take more at its end


@pytest.fixture
def days(rig, site, monkeypatch):
    """Three sources that bring an article a day each; `sick` and `hanging` have bad weeks."""
    rig.write("presswatch.yaml", {"min_free_mb": 0, "safety": {"timeout": "2s"}, "revisit": ["24h"]})
    rig.write("subscriptions.yaml", {"subscriptions": SUBSCRIPTIONS})
    days = VirtualDays(rig, monkeypatch, start=START, tick_every=HOUR)
    days.polled = defaultdict(list)
    days.bad = {}  # source → (from, to, the answer)
    days.gate = threading.Event()
    for name in ("alpha", "sick", "hanging"):
        url = f"https://{name}.example/feed"
        rig.source(name, url, endpoints=[{"url": url, "every": "12h"}], politeness={"delay": "0s"})
        site.routes[f"{name}.example/feed"] = lambda request, name=name: answer(days, name)
        for number in range(220):
            site.routes[f"{name}.example/{number}"] = lambda request, name=name, number=number: Answer(
                article_page(f"{name}机器人{number}", f"{name}的第{number}台机器人今天走进了工厂，工程师记录了它。" * 5)
            )
    yield days
    days.gate.set()


def answer(days, name):
    now = days.clock.now()
    days.polled[name].append(now)
    begin, end, bad = days.bad.get(name, (None, None, None))
    if begin is not None and begin <= now < end:
        return bad() if callable(bad) else bad
    number = (now - START) // DAY
    links = [f"https://{name}.example/{item}" for item in range(max(0, number - 3), number + 1)]
    return Answer(feed(*links, published=format_datetime(now)))


def never(gate):
    async def answer():
        await asyncio.to_thread(gate.wait)
        return Answer(status=500)

    return answer


def bad_days(days, site):
    """Two weeks with all that goes wrong with clocks and sources."""
    # A laptop sleeps over the digests of Shanghai and Berlin.
    days.set_clock(START + 3 * DAY + 20 * HOUR, START + 4 * DAY + 5 * HOUR)
    # Both come a second time.
    days.set_clock(START + 6 * DAY + 2 * HOUR, START + 6 * DAY)
    days.set_clock(START + 9 * DAY + 12 * HOUR, START + 10 * DAY + 12 * HOUR)
    days.bad["sick"] = (START + 11 * DAY, START + 14 * DAY, Answer(status=500))
    days.bad["hanging"] = (START + 12 * DAY, START + 13 * DAY, never(days.gate))


class Flatness:
    """Memory, handles and tasks of this process, sampled when nothing is under way."""

    def __init__(self, days, first: datetime):
        self._days, self._first, self._process = days, first, psutil.Process()
        self.before = None

    def __call__(self):
        if self.before is None and self._days.clock.now() >= self._first:
            self.before = self.now()

    def now(self):
        gc.collect()
        return self._process.memory_info().rss, self._process.num_fds(), self._days.tasks


def days_between(first: date, last: date):
    return [(first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1)]


def dates(days, name):
    return [
        day for [day] in days.query("SELECT date FROM digest WHERE subscription = :name ORDER BY cut_to", name=name)
    ]


def check_books(days):
    assert all(report.balances and not report.errors for report in days.reports)
    [[found, ended, waiting]] = days.query(
        "SELECT (SELECT sum(found) FROM book), (SELECT count(*) FROM entry WHERE outcome IS NOT NULL), "
        "(SELECT count(*) FROM entry WHERE outcome IS NULL)"
    )
    assert (found, waiting) == (ended, 0)
    cuts = days.query("SELECT subscription, cut_from, cut_to FROM digest ORDER BY subscription, cut_to")
    for (name, _, end), (other, begin, _) in itertools.pairwise(cuts):
        assert name != other or begin == end


def late_polls(days, name, *ways_out):
    """Polls that came later than they should, but for those whose pause holds one of `ways_out`."""
    times = days.polled[name]
    pauses = [(before, now) for before, now in itertools.pairwise(times) if now - before > 12 * HOUR + days.tick_every]
    return [pause for pause in pauses if not any(pause[0] <= moment <= pause[1] for moment in ways_out)]


@pytest.mark.parametrize(
    "number",
    [22, pytest.param(200, marks=pytest.mark.long)],
    ids=["22 days", "200 days"],
)
def test_every_digest_comes_once_and_every_poll_on_time(days, site, number):
    bad_days(days, site)
    end = START + number * DAY + 12 * HOUR  # all three have had their digest of that day
    days.at_jump = flat = Flatness(days, START + number * DAY / 3)
    days.live(START + 15 * DAY)
    days.clock.move_by(5 * DAY + 12 * HOUR)  # nobody started it again
    days.live(end)

    missed = days_between(date(2024, 11, 4), date(2024, 11, 8))  # what they held is in the digest of the 9th
    for subscription in SUBSCRIPTIONS:
        zone = ZoneInfo(subscription["timezone"])
        wanted = days_between(START.astimezone(zone).date(), end.astimezone(zone).date())
        got = dates(days, subscription["name"])
        assert got == [day for day in wanted if day not in missed]
        files = {path.stem for path in (days.rig.data / "digests" / subscription["name"]).glob("2*.md")}
        assert files == set(got)
    jumps = START + 4 * DAY, START + 9 * DAY + 20 * HOUR, START + 17 * DAY
    assert late_polls(days, "alpha", *jumps) == []
    assert len(days.polled["alpha"]) >= 2 * (number - 8)
    for name in ("sick", "hanging"):
        begin, until, _ = days.bad[name]
        assert [moment for moment in days.polled[name] if begin < moment < until], "it is asked on"
        assert (
            late_polls(days, name, *jumps, *(moment for moment in days.polled[name] if begin <= moment <= until)) == []
        )
    check_books(days)
    if number > 100:
        (memory, handles, tasks), (memory_before, handles_before, tasks_before) = flat.now(), flat.before
        assert memory < memory_before * (1 + MOST_GROWTH)
        assert (handles, tasks) <= (handles_before + 2, tasks_before)


def test_a_digest_time_that_the_clocks_leave_out_is_a_digest(days):
    days.clock.set(datetime(2025, 3, 28, 12, tzinfo=UTC))
    days.live(datetime(2025, 4, 1, 12, tzinfo=UTC))
    assert dates(days, "berlin") == days_between(date(2025, 3, 28), date(2025, 4, 1))
    cuts = [str(cut) for [cut] in days.query("SELECT cut_to FROM digest WHERE subscription = 'berlin' ORDER BY cut_to")]
    assert [cut[11:16] for cut in cuts[1:]] == ["01:30", "01:30", "00:30", "00:30"]
