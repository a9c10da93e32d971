"""When an endpoint is polled next, and why then."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from archive_rows import DAY, HOUR, NOON

from crawler.config.models import Endpoint
from pipelines.health.next_poll import Because, next_poll_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUTE = timedelta(minutes=1)
URL = "https://chenfeng.example/feed"
POLLED = {"next_due": NOON + 20 * MINUTE, "last_polled": NOON - 9 * MINUTE, "failures": 0.0, "ttl": None}


def asked(row, held_until=None, **rhythm):
    return next_poll_of(Endpoint(url=URL, **rhythm), SHANGHAI, row, held_until=held_until, now=NOON)


@pytest.mark.parametrize(
    ("row", "rhythm", "because"),
    [
        pytest.param(None, {}, Because.NEVER_POLLED, id="no row"),
        pytest.param({**POLLED, "next_due": None, "last_polled": None}, {}, Because.NEVER_POLLED, id="never polled"),
        pytest.param(POLLED, {}, Because.ADAPTIVE, id="adaptive"),
        pytest.param(POLLED, {"every": "30m"}, Because.INTERVAL, id="interval"),
        pytest.param(POLLED, {"cron": "*/20 7-23 * * *"}, Because.CRON, id="cron"),
        pytest.param({**POLLED, "failures": 0.25}, {"every": "30m"}, Because.FAILURES, id="failures"),
        pytest.param({**POLLED, "ttl": 3600}, {"every": "30m"}, Because.TTL, id="ttl"),
        pytest.param({**POLLED, "ttl": 60}, {"every": "30m"}, Because.INTERVAL, id="a ttl shorter than the interval"),
    ],
)
def test_why_then(row, rhythm, because):
    assert asked(row, **rhythm).because is because


@pytest.mark.parametrize(
    ("held", "because", "at"),
    [
        pytest.param(NOON + HOUR, Because.HOST, NOON + HOUR, id="beyond its own time"),
        pytest.param(NOON + 20 * MINUTE, Because.HOST, NOON + 20 * MINUTE, id="to its own time"),
        pytest.param(NOON + MINUTE, Because.INTERVAL, NOON + 20 * MINUTE, id="for shorter"),
    ],
)
def test_a_host_that_asked_to_be_left_alone_is_why(held, because, at):
    found = asked(POLLED, held, every="30m")
    assert (found.because, found.at, found.is_due) == (because, at, False)


@pytest.mark.parametrize(
    ("due_at", "is_due"),
    [
        pytest.param(NOON, True, id="now"),
        pytest.param(NOON + MINUTE, False, id="in a minute"),
        pytest.param(NOON + 9 * DAY, True, id="by a clock that was wrong"),
    ],
)
def test_whether_it_is_due(due_at, is_due):
    assert asked({**POLLED, "next_due": due_at}, every="30m").is_due is is_due


def test_the_config_is_told_with_it():
    every, cron = asked(POLLED, every="2h"), asked({**POLLED, "ttl": 60}, cron="0 8 * * *")
    assert (every.interval, every.cron, every.ttl) == (7200, "", None)
    assert (cron.interval, cron.cron, cron.ttl) == (None, "0 8 * * *", 60)
