"""Cuts are at the subscription's hour in its zone, once a day whatever its clocks do, and cover every missed day."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from archive_rows import NOON, a_config, build

from crawler.config.models import Subscription
from pipelines.digest.cuts import due_cut, store_cut
from pipelines.digest.issue import issue_due
from pipelines.digest.render import render_html, render_json, render_markdown
from pipelines.health.cuts import Cut


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "at", "now", "expected"),
    [
        pytest.param(
            "America/Los_Angeles", "07:30", "2025-03-08 20:00", ("2025-03-08", "2025-03-08 15:30"), id="winter"
        ),
        pytest.param(
            "America/Los_Angeles", "07:30", "2025-03-09 20:00", ("2025-03-09", "2025-03-09 14:30"), id="spring"
        ),
        pytest.param(
            "America/Los_Angeles", "07:30", "2025-11-02 20:00", ("2025-11-02", "2025-11-02 15:30"), id="autumn"
        ),
        pytest.param(
            "America/Los_Angeles", "02:30", "2025-03-09 10:29", ("2025-03-08", "2025-03-08 10:30"), id="gap −"
        ),
        pytest.param("America/Los_Angeles", "02:30", "2025-03-09 10:30", ("2025-03-09", "2025-03-09 10:30"), id="gap"),
        pytest.param(
            "America/Los_Angeles", "01:30", "2025-11-02 08:29", ("2025-11-01", "2025-11-01 08:30"), id="twice −"
        ),
        pytest.param(
            "America/Los_Angeles", "01:30", "2025-11-02 08:30", ("2025-11-02", "2025-11-02 08:30"), id="twice"
        ),
        pytest.param(
            "America/Los_Angeles", "01:30", "2025-11-02 09:30", ("2025-11-02", "2025-11-02 08:30"), id="again"
        ),
        pytest.param("Africa/Cairo", "00:00", "2025-04-25 03:00", ("2025-04-25", "2025-04-24 22:00"), id="no midnight"),
        pytest.param("Asia/Shanghai", "08:00", "2025-03-09 00:00", ("2025-03-09", "2025-03-09 00:00"), id="on the dot"),
    ],
)
def test_the_cut_that_has_come(database, tmp_path, zone, at, now, expected):
    daily = Subscription(name="daily", at=at, timezone=zone)
    with database.write() as connection:
        last = Cut(date="2025-01-01", cut_from=NOON, cut_to=utc("2025-01-01 12:00"), issued=NOON)
        store_cut(connection, daily, last)
        cut = due_cut(connection, a_config(tmp_path), daily, utc(now))
    date, cut_to = expected
    assert (cut.date, cut.cut_to, cut.cut_from) == (date, utc(cut_to), last.cut_to)


@pytest.mark.parametrize("at", ["00:00", "01:30", "02:00", "02:30", "07:30", "23:59"])
@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("America/Los_Angeles", "2025-03-09"),
        ("America/Los_Angeles", "2025-11-02"),
        ("Australia/Lord_Howe", "2025-04-06"),  # by half an hour
        ("Australia/Lord_Howe", "2025-10-05"),
        ("Africa/Cairo", "2025-04-25"),  # at midnight
        ("Africa/Cairo", "2025-10-31"),
    ],
)
def test_asked_every_half_hour_around_a_change_of_clocks_each_day_has_one_cut_and_they_join(
    database, tmp_path, zone, change, at
):
    daily = Subscription(name="daily", at=at, timezone=zone)
    config, start = a_config(tmp_path), utc(change) - timedelta(days=3)
    cuts = [Cut(date="2025-01-01", cut_from=NOON, cut_to=start - timedelta(days=3), issued=start)]
    with database.write() as connection:
        store_cut(connection, daily, cuts[0])
        for number in range(48 * 7):
            if cut := due_cut(connection, config, daily, start + number * timedelta(minutes=30)):
                store_cut(connection, daily, cut)
                cuts.append(cut)
    days = [datetime.fromisoformat(cut.date).date() for cut in cuts[1:]]
    assert len(days) >= 7
    assert {(later - earlier).days for earlier, later in pairwise(days)} == {1}
    assert all(later.cut_from == earlier.cut_to for earlier, later in pairwise(cuts))
    assert all(
        22 <= (later.cut_to - earlier.cut_to) / timedelta(hours=1) <= 26 for earlier, later in pairwise(cuts[1:])
    )


def test_days_without_a_digest_are_in_the_next_one_which_says_so(database, config, rows, tmp_path):
    daily, folder = config.subscriptions[0], tmp_path / "digests"
    issue_due(database, config, daily, utc("2025-03-03 02:30"), folder)
    for day in (3, 4, 5, 6):
        rows.an_article(day, f"{day} 日的", kept_at=utc(f"2025-03-0{day} 03:00"))
    found = issue_due(database, config, daily, utc("2025-03-07 01:00"), folder)
    assert [line.title for section in found.digest.sections for line in section.lines] == [
        "6 日的", "5 日的", "4 日的", "3 日的",
    ]  # fmt: skip
    assert (found.digest.date, found.digest.missed_days) == ("2025-03-07", 3)
    period = "2025-03-03 10:30 至 2025-03-07 08:00（Asia/Shanghai），共 4 篇。"
    assert f"{period}\n\n之前 3 天没有出报，内容并入本期。\n" in found.markdown
    assert sorted(path.name for path in (folder / "daily").glob("2025-*.md")) == ["2025-03-03.md", "2025-03-07.md"]


@pytest.mark.parametrize(
    ("zone", "cut_from", "cut_to", "missed"),
    [
        pytest.param("Asia/Shanghai", "2025-03-03 00:00", "2025-03-04 00:00", 0, id="a day"),
        pytest.param("Asia/Shanghai", "2025-03-03 15:59", "2025-03-04 00:00", 0, id="a night"),
        pytest.param("Asia/Shanghai", "2025-03-03 00:00", "2025-03-03 05:00", 0, id="five hours"),
        pytest.param("Asia/Shanghai", "2025-03-03 00:00", "2025-03-05 00:00", 1, id="two days"),
        pytest.param("America/Los_Angeles", "2025-11-01 14:30", "2025-11-02 15:30", 0, id="a day of 25 hours"),
        pytest.param("America/Los_Angeles", "2025-03-08 15:30", "2025-03-09 14:30", 0, id="a day of 23 hours"),
    ],
)
def test_a_missed_day_is_one_of_the_subscriptions_calendar(database, config, zone, cut_from, cut_to, missed):
    digest = build(database, config, cut_from=utc(cut_from), cut_to=utc(cut_to), timezone=zone)
    assert digest.missed_days == missed
    assert ("没有出报" in render_markdown(digest)) is bool(missed)


@pytest.mark.parametrize("render", [render_markdown, render_html, render_json])
def test_the_same_digest_gives_the_same_bytes(database, config, rows, render):
    rows.an_article(1)
    rows.a_run(ended=NOON, books={"chenfeng": {"found": 1, "kept": 1}})
    first, second = build(database, config), build(database, config)
    assert render(first) == render(second) == render(replace(first))
