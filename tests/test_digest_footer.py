"""The footer of a digest: the books of its time, the sources that were sick in it, what may not be read."""

from dataclasses import replace

import pytest
from archive_rows import DAY, HOUR, NOON, a_config, a_source, build

from crawler.config.models import Language, Source
from pipelines.digest.render import render_html, render_markdown


def test_the_books_of_all_runs_of_the_period_are_summed(database, config, rows):
    first = {"carried_in": 2, "found": 5, "kept": 3, "failed": 1, "carried_out": 3, "known": 4, "requests": 9}
    second = {"carried_in": 3, "found": 0, "off_theme": 3, "carried_out": 0, "known": 5, "requests": 4}
    rows.a_run(ended=NOON - DAY, books={"chenfeng": {"found": 100, "kept": 100}})
    rows.a_run(ended=NOON - 2 * HOUR, books={"chenfeng": first})
    rows.a_run(ended=NOON, books={"chenfeng": second})
    digest = build(database, config)
    assert digest.books.runs == 2
    assert digest.books.imbalances == ()
    assert "| 收录 | 离题 | 失败 | 转出 |" in (text := render_markdown(digest))
    assert "各项结果：收录 kept · 离题 off\\_theme · 失败 failed\n" in text
    assert "| 晨风科技 | 2 | 5 | 3 | 3 | 1 | 0 | 9 | 13 |" in text


@pytest.mark.parametrize(
    ("books", "told"),
    [
        pytest.param(
            [{"carried_in": 1, "found": 5, "kept": 3, "carried_out": 1}],
            "**🔴 账目不平：晨风科技 第 2 次运行：转入 1 + 新见 5 ≠ 结果 3 + 转出 1。**",
            id="one run",
        ),
        pytest.param(
            [{"found": 2, "carried_out": 2}, {"carried_in": 1, "kept": 1}],
            "**🔴 账目不平：晨风科技 各次运行衔接处：转入 0 + 新见 2 ≠ 结果 1 + 转出 0。**",
            id="two runs that do not join",
        ),
    ],
)
def test_books_that_do_not_balance_are_the_first_line(database, config, rows, books, told):
    rows.an_article(1)
    for number, counts in enumerate(books):
        rows.a_run(ended=NOON - HOUR + number * HOUR / 2, books={"chenfeng": counts})
    text = render_markdown(build(database, config))
    assert text.splitlines()[0] == told
    assert "新一代人形机器人亮相" in text


def test_of_two_sources_with_one_title_both_imbalances_are_told(database, rows, tmp_path):
    config = a_config(tmp_path, sources=(a_source("chenfeng", "镜像"), a_source("xinchao", "镜像")))
    rows.a_run(ended=NOON - 2 * HOUR, books={"chenfeng": {"found": 1}, "xinchao": {"found": 3, "carried_out": 3}})
    rows.a_run(ended=NOON - HOUR, books={"xinchao": {"carried_in": 1, "kept": 1}})
    assert [(item.run, item.source) for item in build(database, config).books.imbalances] == [(2, "镜像"), (0, "镜像")]


def test_an_interrupted_run_is_told(database, config, rows):
    rows.a_run(ended=NOON - HOUR, interrupted=True)
    assert "第 2 次运行（始于 2025-03-03 10:00）中断" in render_markdown(build(database, config))


NO_ROOM = "only {} MB are free in /srv/<b>, less than min_free_mb: 1000"


@pytest.mark.parametrize(
    ("language", "one", "several"),
    [
        (
            "zh-CN",
            "1 次运行出错，最早为第 2 次（始于 2025-03-03 08:00）：visit of a.example: KeyError: 'a'",
            r"/srv/\<b\> 只剩 5 MB 可用，少于 min\_free\_mb 的 1000 MB",
        ),
        (
            "en",
            "1 run failed, run 2 of 2025-03-03 08:00: visit of a.example: KeyError: 'a'",
            r"only 5 MB are free in /srv/\<b\>, less than min\_free\_mb: 1000",
        ),
    ],
)
def test_what_befell_whole_runs_is_told_once(database, config, rows, language, one, several):
    rows.a_run(ended=NOON - 3 * HOUR, error="visit of a.example: KeyError: 'a'")
    rows.a_run(ended=NOON - 2 * HOUR, error=NO_ROOM.format(5))
    rows.a_run(ended=NOON - HOUR, error=NO_ROOM.format(4))
    digest = build(database, config, language=language)
    text = render_markdown(digest)
    assert (one in text.splitlines(), several in text, NO_ROOM.format(4)[:12] in text) == (True, True, False)
    assert (len(digest.books.faults), "/srv/&lt;b&gt;" in render_html(digest)) == (2, True)


def test_what_a_source_or_a_dead_process_tells_is_no_fault_of_the_run_too(database, config, rows):
    told = "https://chenfeng.example/feed: KeyError: 'a'"
    rows.a_run(ended=NOON - HOUR, error=told, books={"chenfeng": {"polls": 1, "polls_failed": 1, "error": told}})
    rows.a_run(ended=NOON, error="interrupted: the process ended", interrupted=True)
    assert build(database, config).books.faults == ()


def a_failing_run(rows, *, ended=NOON - HOUR, source="chenfeng", polls=1, error="https://chenfeng.example/feed: 503"):
    rows.a_run(ended=ended, books={source: {"polls": polls, "polls_failed": 1, "error": error}})


def test_an_endpoint_that_fails_is_told_with_its_cause(database, config, rows):
    a_failing_run(rows, error="https://chenfeng.example/feed: 503 <b>down</b>: no answer")
    text = render_markdown(build(database, config))
    assert "- 晨风科技 <https://chenfeng.example/feed>：503 \\<b\\>down\\</b\\>: no answer" in text


def test_what_went_wrong_with_no_address_is_told_too(database, config, rows):
    a_failing_run(rows, error="https://chenfeng.example/feed was not polled: later\nfirst\nsecond")
    causes = [(item.url, item.cause) for item in build(database, config).failing]
    assert causes == [("", "https://chenfeng.example/feed was not polled: later"), ("", "first"), ("", "second")]


@pytest.mark.parametrize(
    ("ended", "is_told"),
    [
        pytest.param(NOON - DAY, False, id="at the cut before"),
        pytest.param(NOON, True, id="at the cut"),
        pytest.param(NOON + HOUR, False, id="after the cut"),
    ],
)
def test_failures_are_those_of_the_period(database, config, rows, ended, is_told):
    a_failing_run(rows, ended=ended)
    assert bool(build(database, config).failing) is is_told


def test_of_two_sources_with_one_title_neither_hides_the_others_faults(database, rows, tmp_path):
    config = a_config(tmp_path, sources=(a_source("chenfeng", "镜像"), a_source("xinchao", "镜像")))
    a_failing_run(rows, source="chenfeng")
    rows.a_run(ended=NOON, books={"xinchao": {"polls": 1}})
    assert [item.source for item in build(database, config).failing] == ["镜像"]


def test_a_failure_of_one_endpoint_is_not_healed_by_a_poll_of_another(database, rows, tmp_path):
    urls = ["https://chenfeng.example/feed", "https://chenfeng.example/tech"]
    source = Source(name="chenfeng", kind="feed", endpoints=[{"url": url} for url in urls])
    a_failing_run(rows)
    rows.a_run(ended=NOON - HOUR / 2, books={"chenfeng": {"polls": 1}})
    assert len(build(database, a_config(tmp_path, sources=(source,))).failing) == 1
    rows.a_run(ended=NOON, books={"chenfeng": {"polls": 2}})
    assert build(database, a_config(tmp_path, sources=(source,))).failing == ()


def test_a_failure_that_healed_in_the_period_is_not_told(database, config, rows):
    a_failing_run(rows)
    rows.a_run(ended=NOON, books={"chenfeng": {"polls": 1}})
    assert build(database, config).failing == ()


def entries_seen(rows, days_ago):
    for ago in days_ago:
        rows.an_entry(seen=NOON - ago * DAY - HOUR)


@pytest.mark.parametrize(
    ("days_ago", "is_silent"),
    [
        pytest.param([10, 9, 8, 7], True, id="a week after a daily rhythm"),
        pytest.param([5, 4, 3, 2], False, id="two days after a daily rhythm"),
        pytest.param([28, 21, 14, 7], False, id="a week after a weekly rhythm"),
        pytest.param([10, 9, 8], False, id="three days are no rhythm yet"),
        pytest.param([400, 300, 200, 100, 10, 9, 8, 7], True, id="a slow year before this quarter"),
        pytest.param([304, 303, 302, 301, 10], False, id="a rhythm of last year alone"),
    ],
)
def test_silence_is_three_times_the_usual_gap(database, config, rows, days_ago, is_silent):
    entries_seen(rows, days_ago)
    rows.a_run(ended=NOON, books={"chenfeng": {"polls": 1}})
    digest = build(database, config)
    assert [item.source for item in digest.silent] == ["晨风科技"] * is_silent
    assert ("7 天没有新条目，往常约每 24 小时一次" in render_markdown(digest)) is is_silent


@pytest.mark.parametrize(
    ("expected", "hours_ago", "told"),
    [
        pytest.param("8..200", [10, 20], [("https://chenfeng.example/feed", 10, 3.0)], id="three gaps of 3 hours"),
        pytest.param("8..200", [9, 20], [], id="not yet"),
        pytest.param("0..200", [500], [], id="it may bring nothing"),
        pytest.param("0.5..2", [150], [("https://chenfeng.example/feed", 150, 48.0)], id="every other day"),
    ],
)
def test_silence_by_what_its_author_expects_needs_no_rhythm(database, rows, tmp_path, expected, hours_ago, told):
    source = a_source("chenfeng", expect={"new_per_day": expected})
    for ago in hours_ago:
        rows.an_entry(seen=NOON - ago * HOUR)
    rows.a_run(ended=NOON, started=NOON, books={"chenfeng": {"polls": 1}})
    silent = build(database, a_config(tmp_path, sources=(source,))).silent
    assert [(item.url, item.hours, item.usual_hours) for item in silent] == told


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"ended": NOON - 7 * DAY, "books": {"chenfeng": {"polls": 1}}}, id="not polled since"),
        pytest.param({"ended": NOON, "books": {"chenfeng": {"polls": 1, "polls_failed": 1}}}, id="every poll failed"),
        pytest.param({"ended": NOON, "books": {"chenfeng": {}}}, id="not due"),
        pytest.param({"ended": NOON, "books": {"xinchao": {"polls": 1}}}, id="another was polled"),
        pytest.param({"ended": NOON + HOUR, "books": {"chenfeng": {"polls": 1}}}, id="polled after the cut"),
        pytest.param(
            {"started": NOON - 7 * DAY, "ended": NOON, "interrupted": True, "books": {"chenfeng": {"polls": 1}}},
            id="polled by a run that died a week ago",
        ),
    ],
)
def test_who_was_not_polled_is_not_silent(database, config, rows, facts):
    entries_seen(rows, [10, 9, 8, 7])
    rows.a_run(**facts)
    assert build(database, config).silent == ()


def test_entries_after_the_cut_change_nothing_in_what_was_silent_before_it(database, config, rows):
    entries_seen(rows, [10, 9, 8, 7])
    rows.a_run(ended=NOON, books={"chenfeng": {"polls": 1}})
    before = build(database, config).silent
    entries_seen(rows, [-30, -60, -90])
    assert build(database, config).silent == before != ()


@pytest.mark.parametrize("change", ["gone", "disabled"])
def test_an_endpoint_nobody_polls_any_more_is_not_silent(database, rows, tmp_path, change):
    entries_seen(rows, [10, 9, 8, 7])
    rows.a_run(ended=NOON, books={"chenfeng": {"polls": 1}})
    sources = () if change == "gone" else (a_source("chenfeng", enabled=False),)
    assert build(database, a_config(tmp_path, sources=sources)).silent == ()


def test_refused_entries_are_listed_with_title_and_link_alone(database, config, rows):
    rows.an_entry(title="不让抓的", outcome="refused", ended=NOON, reason="robots", summary="秘密", seen=NOON - HOUR)
    rows.an_entry(title="昨天的", outcome="refused", ended=NOON - DAY, seen=NOON - 2 * DAY)
    text = render_markdown(build(database, config))
    assert "- [不让抓的](https://chenfeng.example/a)\n" in text
    assert "秘密" not in text
    assert "昨天的" not in text


def test_of_very_many_refused_entries_the_first_are_listed_and_the_others_counted(database, config, rows):
    for number in range(23):
        rows.an_entry(
            title=f"不让抓的{number}",
            outcome="refused",
            ended=NOON,
            url=f"https://chenfeng.example/{number}",
            key=str(number),
        )
    digest = build(database, config)
    assert ([item.title for item in digest.refused][::19], digest.refused_omitted) == (["不让抓的0", "不让抓的19"], 3)
    assert "不让抓的19](https://chenfeng.example/19)\n- 另有 3 篇\n\n" in render_markdown(digest)
    assert "不让抓的19</a></li>\n<li>另有 3 篇</li>" in render_html(digest)
    assert "3 more" in render_markdown(replace(digest, language=Language.EN))


def test_of_refused_entries_a_subscription_gets_those_of_its_sources_with_their_first_publication(
    database, config, rows
):
    refused = {"outcome": "refused", "ended": NOON}
    rows.an_entry(title="晨风的", original_url="https://origin.example/1", **refused)
    rows.an_entry(title="新潮的", source="xinchao", **refused)
    told = [(item.title, item.url) for item in build(database, config, sources=("chenfeng",)).refused]
    assert told == [("晨风的", "https://origin.example/1")]
