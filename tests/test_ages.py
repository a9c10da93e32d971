"""Ages as lists say them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.ages import read_age
from crawler.dates import read_moment
from crawler.items import Precision

DAY, HOUR, SECOND = Precision.DAY, Precision.HOUR, Precision.SECOND
AGES = {
    "1小时30分钟前": ({"hours": 1, "minutes": 30}, SECOND),
    "1 小时 30 分钟前": ({"hours": 1, "minutes": 30}, SECOND),
    "1天3小时前": ({"days": 1, "hours": 3}, HOUR),
    "1天2小时3分4秒前": ({"days": 1, "hours": 2, "minutes": 3, "seconds": 4}, SECOND),
    "2 hours 30 minutes ago": ({"hours": 2, "minutes": 30}, SECOND),
    "2 hours and 30 mins ago": ({"hours": 2, "minutes": 30}, SECOND),
    "2 days, 1 hour ago": ({"days": 2, "hours": 1}, HOUR),
    "a day and an hour ago": ({"days": 1, "hours": 1}, HOUR),
    "half an hour ago": ({"minutes": 30}, HOUR),
    "1个半小时前": ({"hours": 1, "minutes": 30}, HOUR),
    "2 days ago": ({"days": 2}, DAY),
}


@pytest.mark.parametrize(("text", "expected"), AGES.items())
def test_an_age_is_the_sum_of_its_parts(text, expected):
    found = read_age(f"作者 · {text} · 评论 5")
    assert (found.length, found.precision, found.text) == (timedelta(**expected[0]), expected[1], text)


@pytest.mark.parametrize(
    "text",
    [
        "一天3小时前", "一小时30分钟前", "两小时 30分钟前", "two hours 30 minutes ago", "two days and 3 hours ago",
        "1周3天前", "1个月2天前", "1 week 3 days ago", "一个半小时前", "1天半前", "半天前", "3周前", "half hour ago",
        "1.5小时前", "小时前", "3小时", "ago",
    ],
)  # fmt: skip
def test_an_age_of_which_a_part_is_not_known_is_none(text):
    assert read_age(text) is None


def test_a_name_before_an_age_is_no_part_of_it():
    assert read_age("admins 3 hours ago").length == timedelta(hours=3)


def test_an_age_of_days_and_hours_is_a_moment_one_of_days_is_a_day():
    now, zone = datetime(2025, 2, 14, 10, 0, 30, tzinfo=UTC), ZoneInfo("Asia/Shanghai")
    assert read_moment("1天3小时前", zone, "list", now).at == now - timedelta(days=1, hours=3)
    assert read_moment("1天前", zone, "list", now).at == datetime(2025, 2, 13, tzinfo=zone)


@given(st.integers(0, 9999), st.integers(0, 23), st.integers(0, 59))
def test_no_part_is_lost(days, hours, minutes):
    length = timedelta(days=days, hours=hours, minutes=minutes)
    for text in (f"{days}天{hours}小时{minutes}分钟前", f"{days} days, {hours} hours and {minutes} minutes ago"):
        assert read_age(text).length == length


@pytest.mark.parametrize("text", ["1{}x", "1小时{}x", "1小时,{}x", "1 hour and{}x", "an{}x", "half{}x"])
def test_a_long_run_of_spaces_costs_no_time(text):
    """Reading them again and again from each place would take hours."""
    assert read_age(text.format(" " * 200_000)) is None


def test_a_long_run_of_parts_costs_no_time():
    assert read_age("1小时" * 50_000) is None
