"""Dates as lists spell them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.dates import read_moment, read_moment_beside
from crawler.items import Precision

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2025, 2, 14, 10, 0, 30, tzinfo=UTC)  # 18:00:30 in Shanghai


def read(value, now=NOW, zone=ZONE):
    return read_moment(value, zone, "list", now)


def here(*parts):
    return datetime(*parts, tzinfo=ZONE)


WHOLE = {
    "2025-02-13 10:05:06": (here(2025, 2, 13, 10, 5, 6), Precision.SECOND),
    "2025-2-3 1:05": (here(2025, 2, 3, 1, 5), Precision.SECOND),
    "2025/02/13": (here(2025, 2, 13), Precision.DAY),
    "2025年02月01日 22时13分 星期六": (here(2025, 2, 1, 22, 13), Precision.SECOND),
    "2025-02-13T10:05:06+00:00": (datetime(2025, 2, 13, 10, 5, 6, tzinfo=UTC), Precision.SECOND),
    "2025-02-13T10:05:06.789Z": (datetime(2025, 2, 13, 10, 5, 6, tzinfo=UTC), Precision.SECOND),
    "分类: 芯片 2025-2-13 10:05": (here(2025, 2, 13, 10, 5), Precision.SECOND),
    "Mon, 03 Feb 2025 09:30:00 +0800": (here(2025, 2, 3, 9, 30), Precision.SECOND),
    "Mon, 03 Feb 2025 09:30:00 GMT": (datetime(2025, 2, 3, 9, 30, tzinfo=UTC), Precision.SECOND),
    "3 Feb 2025 09:30": (here(2025, 2, 3, 9, 30), Precision.SECOND),
}
EPOCHS = {
    1739440800: datetime(2025, 2, 13, 10, 0, tzinfo=UTC),
    1739440800.75: datetime(2025, 2, 13, 10, 0, tzinfo=UTC),
    1739440800123: datetime(2025, 2, 13, 10, 0, tzinfo=UTC),
    "1739440800": datetime(2025, 2, 13, 10, 0, tzinfo=UTC),
    " 1739440800123 ": datetime(2025, 2, 13, 10, 0, tzinfo=UTC),
}
AGES = {
    "刚刚": (timedelta(0), Precision.SECOND),
    "just now": (timedelta(0), Precision.SECOND),
    "30秒前": (timedelta(seconds=30), Precision.SECOND),
    "5 分钟前": (timedelta(minutes=5), Precision.SECOND),
    "3 小时前": (timedelta(hours=3), Precision.HOUR),
    "３小时前": (timedelta(hours=3), Precision.HOUR),
    "3个小时之前": (timedelta(hours=3), Precision.HOUR),
    "半小时前": (timedelta(minutes=30), Precision.HOUR),
    "作者 · 3小时前 · 评论 5": (timedelta(hours=3), Precision.HOUR),
    "3 hours ago": (timedelta(hours=3), Precision.HOUR),
    "an hour ago": (timedelta(hours=1), Precision.HOUR),
    "5 mins ago": (timedelta(minutes=5), Precision.SECOND),
}
DAYS = {
    "2天前": here(2025, 2, 12),
    "2 days ago": here(2025, 2, 12),
    "今天": here(2025, 2, 14),
    "昨天": here(2025, 2, 13),
    "前天": here(2025, 2, 12),
    "Yesterday": here(2025, 2, 13),
    "02月13日": here(2025, 2, 13),
    "2月13日": here(2025, 2, 13),
    "02-13": here(2025, 2, 13),
    "02/13": here(2025, 2, 13),
    "2-3": here(2025, 2, 3),
    "02月15日": here(2025, 2, 15),
    "02月16日": here(2024, 2, 16),
    "12-31": here(2024, 12, 31),
    "2月29日": here(2024, 2, 29),
}
CLOCKS = {
    "今天 08:30": here(2025, 2, 14, 8, 30),
    "昨天10:05": here(2025, 2, 13, 10, 5),
    "前天 10：05": here(2025, 2, 12, 10, 5),
    "yesterday at 10:05": here(2025, 2, 13, 10, 5),
    "02-13 10:05": here(2025, 2, 13, 10, 5),
    "2-3 10:05": here(2025, 2, 3, 10, 5),
    "2月13日 08:30": here(2025, 2, 13, 8, 30),
    "12月31日 23:59:58": here(2024, 12, 31, 23, 59, 58),
}
NONE = [
    "", " ", "星期六", "10:05", "2月", "13日", "大前天", "半天前", "3周前", "1.5小时前", "小时前", "3-4 分钟阅读",
    "25-02-13", "2025-13-40", "2月30日", "13-01", "今日头条", "前日本首相", "昨天 25:00", "02-13-2025", "2-3-4",
    "1.02-13", "173944080", "17394408001", "9999999999", "0", "99999天前", "Feb 2025", "99 Feb 2025 09:30",
    0, -1, 0.0, 1, 173944080, 99999999999999, 10**400, float("nan"), float("inf"), True, False,
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), WHOLE.items())
def test_whole_dates(text, expected):
    found = read(text)
    assert (found.at, found.precision) == expected
    assert found.text in text
    assert (found.zone == "") == (found.at.tzinfo is not ZONE)


@pytest.mark.parametrize(("value", "at"), EPOCHS.items())
def test_seconds_and_milliseconds_since_1970(value, at):
    found = read(value)
    assert (found.at, found.precision, found.zone, found.where) == (at, Precision.SECOND, "", "list")


@pytest.mark.parametrize(("text", "expected"), AGES.items())
def test_ages_count_from_the_answer(text, expected):
    found = read(text)
    assert (NOW - found.at, found.precision, found.zone) == (*expected, "")
    assert found.text in text


@pytest.mark.parametrize(("text", "at"), DAYS.items())
def test_days_without_a_time(text, at):
    found = read(text)
    assert (found.at, found.precision, found.text, found.zone) == (at, Precision.DAY, text, "Asia/Shanghai")


@pytest.mark.parametrize(("text", "at"), CLOCKS.items())
def test_days_with_a_time(text, at):
    found = read(text)
    assert (found.at, found.precision, found.text, found.zone) == (at, Precision.SECOND, text, "Asia/Shanghai")


@pytest.mark.parametrize("value", NONE)
def test_what_is_no_date_is_none(value):
    assert read(value) is None


BESIDE = {
    "张三 2025-02-13 原创": "2025-02-13",
    "张三, 3 Feb 2025 09:30 GMT, 2 comments": "3 Feb 2025 09:30 GMT",
    "（3小时前）": "3小时前",
    "发布时间： 昨天 10:05 |": "昨天 10:05",
    "Published on 02-13": "02-13",
    "1739440800": "1739440800",
    "刚刚上市": None,
    "成立 3天前": None,
    "第03-04节": None,
    "昨天的世界": None,
    "": None,
}


@pytest.mark.parametrize(("text", "shown"), BESIDE.items())
def test_among_words_only_a_date_with_its_year_counts(text, shown):
    found = read_moment_beside(text, ZONE, "list", NOW)
    assert (found and found.text) == shown


def test_a_named_day_is_that_of_the_sources_zone():
    late = datetime(2025, 2, 14, 17, 0, tzinfo=UTC)  # the 15th in Shanghai
    assert read("今天", late).at == here(2025, 2, 15)
    assert read("今天", late, ZoneInfo("UTC")).at == datetime(2025, 2, 14, tzinfo=UTC)


def test_on_new_years_eve_january_is_the_next_year():
    eve = datetime(2024, 12, 31, 12, 0, tzinfo=UTC)
    assert read("01-01", eve).at == here(2025, 1, 1)
    assert read("01-02", eve).at == here(2024, 1, 2)


# Those whose seconds since 1970 have ten digits.
MOMENTS = st.integers(10**9, 4 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
FORMS = st.sampled_from(["{}月{}日", "{:02}-{:02}", "{:02}/{:02} 08:30"])


@given(st.text() | st.integers() | st.floats() | st.from_regex(r"[\d年月日:\- 前昨天小时ago/]{1,20}"), MOMENTS)
def test_anything_may_stand_there(value, now):
    found = read(value, now)
    assert found is None or (found.at.tzinfo is not None and found.text)


@given(MOMENTS, st.integers(1, 12), st.integers(1, 31), FORMS)
def test_a_year_that_is_not_shown_is_never_ahead_and_never_the_year_before_last(now, month, day, form):
    found = read(form.format(month, day), now)
    if found is None:
        assert (month, day) == (2, 30) or day == 31
        return
    assert (found.at.month, found.at.day) == (month, day)
    age = now - found.at
    assert timedelta(days=-1) <= age <= timedelta(days=366 if (month, day) != (2, 29) else 8 * 366)


@given(MOMENTS, st.integers(0, 9999))
def test_an_age_is_what_it_says(now, number):
    assert read(f"{number}小时前", now).at == now - timedelta(hours=number)


@given(MOMENTS)
def test_a_moment_is_read_back(moment):
    stamp = int(moment.timestamp())
    mail = moment.strftime("%a, %d %b %Y %H:%M:%S +0000")
    for spelling in (moment.isoformat(), stamp, str(stamp), stamp * 1000, mail):
        assert read(spelling, moment + timedelta(hours=1)).at == moment


@pytest.mark.parametrize("text", ["1{}x", "12-12{}x", "2-3{}x", "2025{}x", "2025-03-01{}x", "今天{}x", "Mon, 3{}x"])
def test_a_long_run_of_spaces_costs_no_time(text):
    """Reading them again and again from each place would take hours."""
    read(text.format(" " * 200_000))
