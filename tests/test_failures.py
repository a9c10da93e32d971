"""The table of failures: closed, the same for lists and pages, told in both languages, and as the guide shows it."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from rig import Answer, article_page, book_of, feed

from crawler.config.models import Language
from crawler.failure_table import RULES, STATUSES, Failure, Told, Whom, failure_named, failure_of_status
from crawler.outcomes import Outcome
from crawler.polling import LONGEST_BACKOFF
from pipelines.archive.explain_reasons import in_chinese
from pipelines.digest.causes import told_in_chinese
from pipelines.extract.failures import failures
from pipelines.failure_advice import ADVICE, WHOM, advice_for
from pipelines.failure_words import FAILURES

GUIDE = Path(__file__).parents[1] / "docs" / "guide-operator.md"
REFUSING = (400, 401, 402, 403, 404, 405, 406, 407, 410, 414, 429, 451, 500, 501, 502, 503, 504, 567)


def test_every_failure_has_its_row_and_every_status_one_of_them():
    assert set(RULES) == set(Failure)
    assert {failure_of_status(status) for status in range(300, 600) if status != 304} <= set(RULES)
    assert not any(200 <= status < 300 for status in STATUSES)


@pytest.mark.parametrize("failure", Failure)
def test_every_row_keeps_to_its_bounds(failure):
    rule = RULES[failure]
    assert 0 <= rule.weight <= 1
    assert timedelta(0) <= rule.step <= LONGEST_BACKOFF
    assert (rule.weight, rule.step) != (0, timedelta(0)) or failure is Failure.DISK
    # What nobody is asked to do anything about is told only when it lasts.
    assert rule.whom is not Whom.NOBODY or rule.told is Told.IF_IT_LASTS


@pytest.mark.parametrize("failure", Failure)
def test_every_row_is_told_in_both_languages_with_what_to_do(failure):
    assert re.search(r"[\u4e00-\u9fff]", FAILURES[failure])
    for language in Language:
        assert advice_for(failure, language, lasts=True) == (
            WHOM[language][Whom.AUTHOR if RULES[failure].whom is Whom.AUTHOR else Whom.OPERATOR],
            ADVICE[language][failure],
        )
    assert in_chinese(f"{failure}: HTTP 999").endswith("（HTTP 999）")
    assert FAILURES[failure] in told_in_chinese(f"{failure}: HTTP 999")


@pytest.mark.parametrize("failure", Failure)
def test_a_row_is_known_again_by_what_the_ledger_holds(failure):
    assert failure_named(f"{failure}: some.example: told: so") is failure
    assert failure_named(failure.value) is failure
    assert (advice_for(f"{failure}: x", Language.EN) is None) is (RULES[failure].whom is Whom.NOBODY)


def test_an_error_of_no_row_has_no_advice():
    assert failure_named("3 rows look like entries but could not be read") is None
    assert advice_for("3 rows look like entries but could not be read", Language.EN) is None


def test_the_guide_shows_the_table():
    """Each row of the code is a line of the guide, in its order, and there is no other."""
    shown = re.search(r"\| told as \| status \|.*?\n\n", GUIDE.read_text("utf-8"), re.DOTALL)[0]
    assert shown.strip().splitlines()[2:] == [guide_line(failure) for failure in Failure]


def guide_line(failure):
    rule = RULES[failure]
    statuses = ", ".join(str(status) for status, known in sorted(STATUSES.items()) if known is failure)
    others = {Failure.CLIENT_ERROR: "other 4xx", Failure.SERVER_ERROR: "other 5xx", Failure.REDIRECTS: "3xx"}
    pages = f"{rule.ends}" if rule.ends else f"{rule.last} at last"
    step = (
        f"{rule.step // timedelta(minutes=1)} min"
        if rule.step < timedelta(hours=1)
        else f"{rule.step // timedelta(hours=1)} h"
    )
    if failure is Failure.DISK:
        step, pages = "next run", "stays pending"
    told = f"{rule.whom}, {rule.told}" if rule.whom is not Whom.NOBODY else f"operator, {rule.told}"
    status, advice = statuses or others.get(failure, ""), ADVICE[Language.EN][failure]
    cells = (failure, status, f"{rule.weight:g}", step, pages, told, advice)
    return f"| {' | '.join(cells)} |"


def test_lists_and_pages_read_the_same_rows(rig, site):
    """One run: each status as a list's, and as that of a page which a list announces."""
    pages = [f"https://page{status}.example/a" for status in REFUSING]
    site.routes["alpha.example/feed"] = Answer(feed(*pages))
    for status in REFUSING:
        rig.source(f"list{status}", f"https://list{status}.example/feed")
        site.routes[f"list{status}.example/feed"] = Answer(status=status)
        site.routes[f"page{status}.example/a"] = Answer(status=status)
    report = rig.crawl()
    lists = dict(rig.query("SELECT source, failures FROM endpoint WHERE source <> 'alpha'"))
    rows = rig.query("SELECT host, attempts, outcome, last_error, reason FROM entry")
    found = {host: (attempts, outcome, error or reason) for host, attempts, outcome, error, reason in rows}
    for status in REFUSING:
        failure = failure_of_status(status)
        rule, told = RULES[failure], f"{failure}: HTTP {status}"
        assert lists[f"list{status}"] == rule.weight
        assert (
            book_of(report, f"list{status}").error.splitlines()[-1].endswith(told)
            or "left alone" in book_of(report, f"list{status}").error
        )
        attempts, outcome, error = found[f"page{status}.example"]
        assert (outcome, error) == ((rule.ends and rule.ends.value), told)
        assert attempts == (0 if rule.ends else rule.weight)
    assert (report.errors, report.balances) == ((), True)


CAPTCHA = "<html><body><p>环境异常</p><p>当前环境异常，完成验证后即可继续访问。</p><a>去验证</a></body></html>"
LISTS = {
    "feed": {"kind": "feed"},
    "sitemap": {"kind": "sitemap"},
    "listing": {"kind": "listing", "entries": {"items": "li", "link": "a"}},
    "json": {"kind": "json", "entries": {"items": "list", "link": "url"}},
}


@pytest.mark.parametrize("kind", LISTS)
def test_a_captcha_instead_of_a_list_is_told_as_one_and_holds_its_host(rig, site, kind):
    rig.source(**LISTS[kind])
    site.routes["alpha.example/feed"] = Answer(CAPTCHA)
    report = rig.crawl()
    told = f"{Failure.CHALLENGE}: WeChat asks for a captcha"
    assert f"https://alpha.example/feed: {told}" in book_of(report).error
    assert (
        "alpha.example: WeChat asks for a captcha; it is left alone until 2025-03-03 06:00 UTC" in book_of(report).error
    )
    assert rig.query("SELECT last_error, failures, next_due FROM endpoint") == [
        (told, RULES[Failure.CHALLENGE].weight, "2025-03-03 06:00:02.000000")
    ]
    rig.clock.move_by(timedelta(hours=5))
    site.hits.clear()
    rig.crawl(poll_now=True)
    assert site.hits == []


def test_pages_that_keep_robots_out_end_as_their_row_says():
    outcomes = {one.outcome for one in failures() if one.hold}
    assert outcomes == {RULES[Failure.CHALLENGE].ends} == {Outcome.BLOCKED}


def test_a_list_that_is_none_counts_by_its_row(rig, site):
    site.routes["alpha.example/feed"] = Answer(article_page("no feed"))
    rig.crawl()
    [(failed, told)] = rig.query("SELECT failures, last_error FROM endpoint")
    assert failed == RULES[Failure.PARSE].weight
    assert told.startswith(f"{Failure.PARSE}: an HTML page, not a feed")


def test_a_list_that_is_gone_is_asked_less_often_than_one_that_times_out(rig, site):
    site.routes["alpha.example/feed"] = Answer(status=404)
    pauses = []
    for _ in range(10):
        began = rig.clock.now()
        site.hits.clear()
        rig.crawl(poll_now=True)
        [(seconds,)] = rig.query(
            "SELECT CAST(ROUND((julianday(next_due) - julianday(:now)) * 86400) AS INTEGER) FROM endpoint",
            now=began.replace(tzinfo=None).isoformat(sep=" "),
        )
        pauses.append(round(seconds / 3600))
    assert pauses == [3, 6, 9, 12, 15, 18, 21, 24, 24, 24]
