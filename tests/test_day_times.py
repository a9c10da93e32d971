"""The time of day behind a date, and its zone."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.dates import read_moment
from crawler.items import Precision

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2025, 3, 3, tzinfo=UTC)


def read(text, zone=ZONE, now=NOW):
    return read_moment(text, zone, "list", now)


# Behind 2025-03-01: hours ahead of UTC.
ZONES = {
    "09:30 UTC": 0, "09:30 GMT": 0, "09:30 Z": 0, "09:30Z": 0, "09:30UTC": 0, "09:30 utc": 0, "09:30（UTC）": 0,
    "09:30:00 +0100": 1, "09:30:00 GMT+8": 8, "09:30 gmt+8": 8, "09:30 UTC+08:00": 8, "09:30 UTC+0800": 8,
    "09:30 (UTC+8)": 8, "09:30 UTC-3:30": -3.5, "09:30 UTC +9": 9, "09:30 (北京时间)": 8, "09:30（北京时间）": 8,
    "09:30 北京时间": 8, "09:30 EST": -5, "09:30 EDT": -4, "09:30 (PST)": -8, "09:30 PDT": -7, "09:30 AM EST": -5,
}  # fmt: skip


@pytest.mark.parametrize(("shown", "ahead"), ZONES.items())
def test_a_zone_that_is_named_is_not_assumed(shown, ahead):
    found = read(f"2025-03-01 {shown}", ZoneInfo("Asia/Tokyo"))
    assert found.at == datetime(2025, 3, 1, 9, 30, tzinfo=timezone(timedelta(hours=ahead)))
    assert (found.precision, found.zone, found.text) == (Precision.SECOND, "", f"2025-03-01 {shown}")


@pytest.mark.parametrize(
    "behind", ["Z世代", "ESTATE", "UTCX", "GPU", "（来源：北京", "(UTC", "北京", "-2024 年回顾", "+1500"]
)
def test_words_behind_a_time_are_no_zone(behind):
    found = read(f"2025-03-01 09:30 {behind}")
    assert (found.at, found.zone) == (datetime(2025, 3, 1, 9, 30, tzinfo=ZONE), "Asia/Shanghai")
    assert found.text == "2025-03-01 09:30"


@pytest.mark.parametrize(
    ("zone", "ahead"), [("Asia/Shanghai", 8), ("Asia/Singapore", 8), ("America/Chicago", -6), ("America/Winnipeg", -6)]
)
@pytest.mark.parametrize("month", [1, 7])
def test_cst_is_the_sources_own(zone, ahead, month):
    found = read(f"2024-{month}-01 09:30 CST", ZoneInfo(zone))
    assert found.at == datetime(2024, month, 1, 9, 30, tzinfo=timezone(timedelta(hours=ahead)))
    assert found.zone == ""


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("text", ["2025-03-01 09:30 CST", "Sat, 01 Mar 2025 09:30:00 CST"])
def test_the_cst_of_another_place_tells_the_day_alone(zone, text):
    found = read(text, ZoneInfo(zone))
    assert (found.at, found.precision) == (datetime(2025, 3, 1, tzinfo=ZoneInfo(zone)), Precision.DAY)
    assert (found.zone, found.text) == (zone, text)


OTHERS = {
    "Sat, 01 Mar 2025 09:30:00 EST": datetime(2025, 3, 1, 14, 30, tzinfo=UTC),
    "1 Mar 2025 09:30 PM": datetime(2025, 3, 1, 21, 30, tzinfo=ZONE),
    "yesterday at 10:05 PM GMT": datetime(2025, 3, 2, 22, 5, tzinfo=UTC),
    "今天 23:30 (UTC-10)": datetime(2025, 3, 3, 9, 30, tzinfo=UTC),  # it is the second there
    "02-13 10:05 UTC": datetime(2025, 2, 13, 10, 5, tzinfo=UTC),
    "2月13日下午3:05": datetime(2025, 2, 13, 15, 5, tzinfo=ZONE),
    "昨天 晚上8:05": datetime(2025, 3, 2, 20, 5, tzinfo=ZONE),
    "3-1 下午3:05": datetime(2025, 3, 1, 15, 5, tzinfo=ZONE),
}


@pytest.mark.parametrize(("text", "at"), OTHERS.items())
def test_the_other_forms_of_dates_have_them_too(text, at):
    found = read(text)
    assert (found.at, found.text, found.zone) == (at, text, "Asia/Shanghai" if at.tzinfo is ZONE else "")


# Behind 2025年3月1日.
HOURS = {
    " 09:30 PM": (21, 30), " 9:30 AM": (9, 30), " 9:30AM": (9, 30), " 9:30 p.m.": (21, 30), " 12:05 am": (0, 5),
    " 12:05 PM": (12, 5), " 00:05 PM": (12, 5), " 21:30 PM": (21, 30), "下午3:05": (15, 5), " 下午 3:05": (15, 5),
    " 下午12:05": (12, 5), "上午9:30": (9, 30), " 早上7点30分": (7, 30), "凌晨12:05": (0, 5), "凌晨2时05分": (2, 5),
    "中午11:50": (11, 50), "中午12:05": (12, 5), "中午1:05": (13, 5), "傍晚6:10": (18, 10), "晚上8:05": (20, 5),
    "晚间22:05": (22, 5), " 8点05": (8, 5), "22时13分": (22, 13),
}  # fmt: skip


@pytest.mark.parametrize(("shown", "clock"), HOURS.items())
def test_the_part_of_the_day_tells_the_hour(shown, clock):
    found = read(f"2025年3月1日{shown}")
    assert found.at == datetime(2025, 3, 1, *clock, tzinfo=ZONE)
    assert (found.precision, found.text) == (Precision.SECOND, f"2025年3月1日{shown}")


def test_an_hour_without_minutes_is_an_hour():
    found = read("2025-03-01 晚上8点")
    assert (found.at, found.precision) == (datetime(2025, 3, 1, 20, tzinfo=ZONE), Precision.HOUR)
    assert (found.text, found.zone) == ("2025-03-01 晚上8点", "Asia/Shanghai")


@pytest.mark.parametrize("shown", [" 晚上12点", " 晚上1:30", " 3点建议", " 8点", " 下午", " AM"])
def test_an_hour_that_is_not_told_is_none(shown):
    found = read(f"2025年3月1日{shown}")
    assert (found.at, found.precision) == (datetime(2025, 3, 1, tzinfo=ZONE), Precision.DAY)


@pytest.mark.parametrize("text", ["2025-03-01 25:00 PM", "2025-03-01 09:70", "2025-03-01 09:30 UTC+99"])
def test_no_such_time_is_no_date(text):
    assert read(text) is None


def spelt(form):
    return lambda at: at.strftime(form)


def chinese(at):
    return f"{at:%Y年%m月%d日} {'上午' if at.hour < 12 else '下午'}{at.hour % 12 or 12}:{at:%M:%S}"


# Those with ten digits of seconds since 1970, in the zone in which they are spelt.
CHINA, NEW_YORK = timezone(timedelta(hours=8)), timezone(timedelta(hours=-5))
SPELLINGS = st.sampled_from(
    [
        *((UTC, spelt(f"%Y-%m-%d %H:%M:%S{zone}")) for zone in (" UTC", " GMT", " Z", "Z", " UTC+0", "（UTC）")),
        *((CHINA, spelt(f"%Y-%m-%d %H:%M:%S{zone}")) for zone in ("", " GMT+8", " UTC+08:00", " (北京时间)", " CST")),
        *((NEW_YORK, spelt(f"%Y/%m/%d {clock} EST")) for clock in ("%H:%M:%S", "%I:%M:%S %p")),
        (NEW_YORK, spelt("%a, %d %b %Y %H:%M:%S EST")),
        (CHINA, spelt("%Y年%m月%d日%H时%M分%S秒")),
        (CHINA, spelt("%d %b %Y %I:%M:%S %p")),
        (CHINA, chinese),
    ]
)


@given(st.integers(10**9, 4 * 10**9), SPELLINGS)
def test_a_moment_is_read_back_from_every_spelling(stamp, spelling):
    zone, write = spelling
    moment = datetime.fromtimestamp(stamp, zone)
    text = write(moment)
    found = read(text, now=moment)
    assert (found.at, found.precision, found.text) == (moment, Precision.SECOND, text)
