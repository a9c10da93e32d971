"""When an article was published."""

from datetime import UTC, datetime, timedelta

import pytest
from html_pages import html, jsonld, portal
from pages import FEED, SEEN, SHANGHAI, dating, page

from crawler.dates import read_date
from crawler.items import Dating, Precision
from pipelines.extract.dates import choose_date
from pipelines.extract.extract import extract


@pytest.mark.parametrize(
    ("text", "at", "precision"),
    [
        ("2026-03-05", datetime(2026, 3, 5, tzinfo=SHANGHAI), Precision.DAY),
        ("发布于2026年3月5日 09:30", datetime(2026, 3, 5, 9, 30, tzinfo=SHANGHAI), Precision.SECOND),
        ("2026/3/5 9:30:15", datetime(2026, 3, 5, 9, 30, 15, tzinfo=SHANGHAI), Precision.SECOND),
        ("2026-03-05T09:30:15.123Z", datetime(2026, 3, 5, 9, 30, 15, tzinfo=UTC), Precision.SECOND),
        ("2026-03-05T09:30:15+09:00", datetime(2026, 3, 5, 0, 30, 15, tzinfo=UTC), Precision.SECOND),
    ],
)
def test_a_date_is_read_as_precisely_as_it_is_shown(text, at, precision):
    found = read_date(text, "Asia/Shanghai", "page")
    assert (found.at, found.precision, found.where) == (at, precision, "page")
    assert found.zone == ("" if text.endswith(("Z", "+09:00")) else "Asia/Shanghai")


@pytest.mark.parametrize("text", ["", "三月五日", "2026-03", "2026-13-45", "1526-03-05", "第12026-03-05号", "26-03-05"])
def test_what_is_no_whole_date_is_none(text):
    assert read_date(text, "Asia/Shanghai", "page") is None


def test_the_line_below_the_headline_dates_a_page():
    assert extract(page(portal()), FEED).published.at == datetime(2026, 3, 5, 9, 30, tzinfo=SHANGHAI)


def test_a_page_without_a_headline_element_is_dated_below_the_words_of_its_title():
    shown = "<div class=title>甲公司今天上市</div><div>发布时间：2026-03-02 09:05</div>"
    found = extract(page(html(shown, "<title>甲公司今天上市 - 科技频道 - 样例网</title>")), FEED)
    assert found.published.at == datetime(2026, 3, 2, 9, 5, tzinfo=SHANGHAI)


def test_a_page_without_a_date_has_none():
    found = extract(page(html("<h1>甲公司上市</h1>") + "版权所有 2019"), FEED)
    assert (found.published, found.datings) == (None, ())


@pytest.mark.parametrize(
    "lead",
    [
        "3 小时前，甲公司上市。", "昨天，甲公司上市。", "刚刚，甲公司上市。", "03-04，甲公司上市。",
        "Yesterday it went public.",
        "2019年3月5日，甲公司成立。", "甲公司成立于 2019-03-05。", "2019年3月5日 9时30分，甲公司成立。",
    ],
)  # fmt: skip
@pytest.mark.parametrize("around", ["<p>{}</p>", "<time>{}</time>", "<div class=date>{}</div>"])
def test_a_date_of_which_the_article_tells_is_not_its_own(lead, around):
    found = extract(page(html("<h1>甲公司上市</h1>" + around.format(lead))), FEED)
    assert (found.published, found.datings) == (None, ())


@pytest.mark.parametrize("shown", ["3 hours ago", "昨天", "刚刚"])
def test_linked_data_tells_whole_dates_alone(shown):
    head = f"""<script type="application/ld+json">{{"@type": "NewsArticle", "datePublished": "{shown}"}}</script>"""
    assert extract(page(html("<h1>甲公司上市</h1>", head)), FEED).datings == ()


def test_the_date_below_a_lead_that_tells_of_another_is_the_articles():
    lead = "<p>2019年3月5日，甲公司成立。</p><div>2026-03-03 09:30 来源：样例网</div>"
    found = extract(page(html("<h1>甲公司上市</h1>" + lead)), FEED)
    assert [dating.at for dating in found.datings] == [datetime(2026, 3, 3, 9, 30, tzinfo=SHANGHAI)]


def test_the_announced_date_is_chosen_and_the_pages_is_kept():
    announced = dating(SEEN - timedelta(hours=5))
    found = jsonld(published=announced)
    assert found.published == announced
    assert [candidate.where for candidate in found.datings] == ["feed", "page"]


def test_a_date_after_first_sight_is_never_chosen_but_kept_as_evidence():
    late, right = dating(SEEN + timedelta(hours=8)), dating(SEEN, where="page")
    assert choose_date((late, right), SEEN) == (right, (right, late))
    assert choose_date((late,), SEEN) == (None, (late,))


def test_a_clock_an_hour_ahead_is_believed():
    ahead = dating(SEEN + timedelta(hours=1))
    assert choose_date((ahead,), SEEN)[0] == ahead


def coarse(at, precision, zone="Asia/Shanghai"):
    return Dating(at=at, precision=precision, where="list", text="x", zone=zone)


def exact(at, zone="Asia/Shanghai"):
    return Dating(at=at, precision=Precision.SECOND, where="page", text="y", zone=zone)


DAY = coarse(datetime(2026, 3, 3, tzinfo=SHANGHAI), Precision.DAY)
HOUR = coarse(datetime(2026, 3, 3, 9, 40, tzinfo=SHANGHAI), Precision.HOUR)


@pytest.mark.parametrize(
    ("announced", "shown", "gives_way"),
    [
        pytest.param(DAY, exact(datetime(2026, 3, 3, 23, 59, tzinfo=SHANGHAI)), True, id="within-the-day"),
        pytest.param(DAY, exact(datetime(2026, 3, 4, 0, 1, tzinfo=SHANGHAI)), False, id="on-the-next-day"),
        pytest.param(DAY, exact(datetime(2026, 3, 2, 16, 1, tzinfo=UTC), ""), True, id="the-day-of-another-zone"),
        pytest.param(DAY, exact(datetime(2026, 3, 4, 20, tzinfo=UTC), ""), False, id="two-days-off"),
        pytest.param(DAY, coarse(datetime(2026, 3, 3, tzinfo=UTC), Precision.DAY), False, id="a-day-is-no-time"),
        pytest.param(HOUR, exact(datetime(2026, 3, 3, 8, 45, tzinfo=SHANGHAI)), True, id="within-the-hour"),
        pytest.param(HOUR, exact(datetime(2026, 3, 3, 6, 45, tzinfo=SHANGHAI)), False, id="hours-before"),
    ],
)
def test_an_announced_day_or_hour_gives_way_to_a_time_within_it(announced, shown, gives_way):
    found, candidates = choose_date((announced, shown), SEEN)
    assert found == (shown if gives_way else announced)
    assert set(candidates) == {announced, shown}


def test_the_most_trusted_of_two_equal_candidates_keeps_its_place():
    first, second = dating(SEEN), dating(SEEN - timedelta(hours=1), where="page")
    assert choose_date((first, second, dating(SEEN, where="page")), SEEN)[1] == (first, second)


def test_the_same_time_twice_is_one_candidate_the_more_trusted_one():
    first, second = dating(SEEN), dating(SEEN, where="page")
    assert choose_date((first, second), SEEN) == (first, (first,))
