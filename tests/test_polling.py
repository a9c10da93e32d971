"""When an endpoint is next due."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.config.models import Endpoint
from crawler.crontab import cron_trigger
from crawler.polling import LONGEST_RETRY_AFTER, next_poll, parse_retry_after, retry_time

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2025, 3, 3, 8, 0, 5, tzinfo=UTC)


def minutes_until_next(failures=0.0, ttl=None, **endpoint):
    following = next_poll(
        Endpoint(url="https://a.example/feed", **endpoint), ZONE, polled=NOW, failures=failures, ttl=ttl
    )
    return (following - NOW).total_seconds() / 60


@pytest.mark.parametrize(
    ("facts", "minutes"),
    [
        ({}, 29),
        ({"every": "6h"}, 359),
        ({"every": "2m"}, 1.8),
        ({"every": "30m", "ttl": 3600}, 60),
        ({"every": "30m", "ttl": 60}, 29),
        ({"every": "30m", "ttl": 10**9}, 24 * 60),
        ({"every": "30m", "failures": 1}, 58),
        ({"every": "30m", "failures": 2.5}, 101.5),
        ({"every": "30m", "failures": 500}, 24 * 60),
        ({"every": "48h", "failures": 3}, 48 * 60 - 1),
    ],
    ids=[
        "adaptive is 30 minutes for now",
        "fixed",
        "short ones keep their length but a tenth",
        "the publisher's ttl is respected",
        "a shorter ttl changes nothing",
        "a silly ttl is capped",
        "one failure doubles",
        "failures count in fractions, linearly",
        "back-off is capped",
        "an interval above the cap is not shortened",
    ],
)
def test_intervals(facts, minutes):
    assert minutes_until_next(**facts) == pytest.approx(minutes)


def test_a_poll_five_seconds_after_crons_tick_is_due_again_at_the_next_tick():
    following = next_poll(Endpoint(url="https://a.example/", every="30m"), ZONE, polled=NOW, failures=0)
    assert following <= datetime(2025, 3, 3, 8, 30, tzinfo=UTC)


def test_cron_is_read_in_the_sources_zone():
    endpoint = Endpoint(url="https://a.example/", cron="0 7 * * *")
    assert next_poll(endpoint, ZONE, polled=NOW, failures=0) == datetime(2025, 3, 3, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "weekdays"),
    [
        ("*", "Mon Tue Wed Thu Fri Sat Sun"),
        ("1-5", "Mon Tue Wed Thu Fri"),
        ("0", "Sun"),
        ("7", "Sun"),
        ("0,6", "Sat Sun"),
        ("5-7", "Fri Sat Sun"),
        ("1-5/2", "Mon Wed Fri"),
        ("mon-fri", "Mon Tue Wed Thu Fri"),
    ],
)
def test_days_of_the_week_count_as_in_cron(days, weekdays):
    trigger, moment, seen = cron_trigger(f"0 7 * * {days}", ZONE), NOW, set()
    for _ in range(14):
        moment = trigger.get_next_fire_time(None, moment + timedelta(seconds=1))
        seen.add(f"{moment:%a}")
    assert seen == set(weekdays.split())


@pytest.mark.parametrize(
    "line", ["0 7 * *", "0 7 * * 8", "0 7 * * 5-1", "61 7 * * *", "0 7 * * funday", "0 0 30 2 *", "0 0 31 4,6 *"]
)
def test_a_line_that_is_no_crontab_is_refused(line):
    with pytest.raises(ValueError, match=r"\w"):
        cron_trigger(line, ZONE)


@pytest.mark.parametrize(("failures", "minutes"), [(0.25, 5), (1, 10), (2.5, 25), (1000, 1440)])
def test_pages_are_tried_again_after_a_time_that_grows_linearly(failures, minutes):
    assert retry_time(NOW, failures=failures) - NOW == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("99999999999", 86400),
        ("Mon, 03 Mar 2025 08:10:05 GMT", 600),
        ("Monday, 03-Mar-25 08:10:05 GMT", 600),
        ("Mon Mar  3 08:10:05 2025", 600),
        ("Mon, 03 Mar 2025 07:00:00 GMT", 0),
        ("Mon, 03 Mar 2035 07:00:00 GMT", 86400),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣٠", None),
        ("Mon, 03 Mar 99999999999999999999 07:00:00 GMT", None),
        ("Mon, 99 Mar 2025 07:00:00 GMT", None),
    ],
)
def test_retry_after_in_seconds_and_as_a_date_is_capped(value, seconds):
    moment = parse_retry_after(value, NOW)
    assert moment == (None if seconds is None else NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        ("Mon, 03 Mar 2025 08:00:05 GMT", 600),  # its clock is ours
        ("Mon, 03 Mar 2025 07:00:05 GMT", 4200),  # it is an hour behind us: an hour more than it would look like
        ("Mon, 03 Mar 2025 09:10:05 GMT", 0),  # ahead, and what it names is over
        ("Thu, 01 Jan 1970 00:00:00 GMT", 86400),
        ("", 600),
        ("yesterday", 600),
    ],
)
def test_a_date_is_one_of_the_servers_own_clock(sent, seconds):
    moment = parse_retry_after("Mon, 03 Mar 2025 08:10:05 GMT", NOW, sent)
    assert moment == NOW + timedelta(seconds=seconds)
    assert parse_retry_after("120", NOW, sent) == NOW + timedelta(seconds=120)


@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_it_says_the_wait_is_between_nothing_and_a_day(value, sent):
    moment = parse_retry_after(value, NOW, sent)
    assert moment is None or NOW <= moment <= NOW + LONGEST_RETRY_AFTER
