"""A digest holds what was kept between two cuts, once, in order, with its reasons and the books of the time."""

import re
from datetime import timedelta

import pytest
from archive_rows import DAY, HOUR, NOON, TEXT, StoredRows, a_config, a_dating, a_source, a_verdict
from markdown_it import MarkdownIt

from crawler.config.models import Subscription
from crawler.database import Database
from crawler.items import Precision, TermHit
from pipelines.digest.build import build_digest
from pipelines.digest.render import render_markdown


@pytest.fixture
def database(tmp_path):
    opened = Database.open(f"sqlite:///{tmp_path}/digest.db")
    yield opened
    opened.close()


@pytest.fixture
def config(tmp_path):
    return a_config(tmp_path)


@pytest.fixture
def rows(database):
    return StoredRows(database)


def build(database, config, *, cut_from=NOON - DAY, cut_to=NOON, now=NOON, **subscription):
    wanted = Subscription(**{"name": "daily", "title": "每日要闻", **subscription})
    with database.read() as connection:
        return build_digest(connection, config, wanted, cut_from, cut_to, now)


def titles(digest):
    return [line.title for section in digest.sections for line in section.lines]


# -- membership -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kept_at", "is_in"),
    [
        pytest.param(NOON - DAY, False, id="at the cut before"),
        pytest.param(NOON - DAY + timedelta(seconds=1), True, id="just after the cut before"),
        pytest.param(NOON, True, id="at the cut"),
        pytest.param(NOON + timedelta(seconds=1), False, id="after the cut"),
    ],
)
def test_an_article_belongs_to_the_period_in_which_it_was_kept(database, config, rows, kept_at, is_in):
    rows.an_article(1, kept_at=kept_at)
    assert bool(titles(build(database, config))) is is_in


def test_an_article_published_long_ago_is_in_when_it_was_kept_now(database, config, rows):
    rows.an_article(1, "旧闻", published=a_dating(NOON - 300 * DAY).to_json())
    assert titles(build(database, config)) == ["旧闻"]


@pytest.mark.parametrize(
    ("subscription", "expected"),
    [
        pytest.param({}, ["机器人", "火箭"], id="all"),
        pytest.param({"themes": ("space",)}, ["火箭"], id="one theme"),
        pytest.param({"sources": ("xinchao",)}, ["火箭"], id="one source"),
        pytest.param({"themes": ("humanoid",), "sources": ("xinchao",)}, [], id="theme and source"),
    ],
)
def test_a_subscription_gets_its_themes_and_sources(database, config, rows, subscription, expected):
    rows.an_article(1, "机器人")
    rows.an_article(2, "火箭", source="xinchao", verdicts=(a_verdict("space"),))
    assert titles(build(database, config, **subscription)) == expected


def test_off_theme_articles_are_not_told(database, config, rows):
    rows.an_article(1, outcome="off_theme", verdicts=(a_verdict(score=1.0),))
    assert titles(build(database, config)) == []


def test_of_a_backlog_the_five_newest_of_each_endpoint_appear_and_the_rest_is_counted(database, config, rows):
    for number in range(7):
        published = a_dating(NOON - number * DAY).to_json()
        rows.an_article(number, f"旧文{number}", backlog=True, published=published, text_hash=f"a{number}")
    rows.an_article(20, "另一处的旧文", source="xinchao", backlog=True)
    rows.an_article(21, "新文")
    digest = build(database, config)
    assert set(titles(digest)) == {"旧文0", "旧文1", "旧文2", "旧文3", "旧文4", "另一处的旧文", "新文"}
    assert digest.backlog_omitted == 2
    assert "另有 2 篇旧文入档。" in render_markdown(digest)


# -- copies -----------------------------------------------------------------------------------------------------------


def test_a_copy_is_folded_under_its_original(database, config, rows):
    original = rows.an_article(1, "原文")
    rows.an_article(2, "转载", source="xinchao", copy_of=original)
    digest = build(database, config)
    assert titles(digest) == ["原文"]
    assert digest.further_copies == ()
    assert "转载：[新潮观察](https://xinchao.example/2)" in render_markdown(digest)


def test_a_copy_of_what_was_sent_before_is_told_as_further_and_never_as_a_line(database, config, rows):
    original = rows.an_article(1, "前天的原文", kept_at=NOON - 2 * DAY)
    rows.an_article(2, "今天的转载", source="xinchao", copy_of=original)
    digest = build(database, config)
    assert titles(digest) == []
    told = "[前天的原文](https://chenfeng.example/1)：又有 1 处转载（[新潮观察](https://xinchao.example/2)）"
    assert told in render_markdown(digest)
    assert "今天的转载" not in render_markdown(digest)


def test_a_copy_that_came_after_the_cut_is_not_in_the_digest_of_the_cut(database, config, rows):
    original = rows.an_article(1)
    before = render_markdown(build(database, config))
    rows.an_article(2, source="xinchao", copy_of=original, kept_at=NOON + HOUR)
    assert render_markdown(build(database, config)) == before


def test_further_copies_of_what_a_subscription_does_not_get_are_not_told(database, config, rows):
    original = rows.an_article(1, kept_at=NOON - 2 * DAY)
    rows.an_article(2, source="xinchao", copy_of=original)
    assert build(database, config, themes=("space",)).further_copies == ()


# -- order ------------------------------------------------------------------------------------------------------------


def test_sections_stand_in_the_order_of_the_config(database, config, rows):
    rows.an_article(1, verdicts=(a_verdict("space", 9.0),))
    rows.an_article(2, verdicts=(a_verdict("humanoid", 3.0),))
    assert [section.title for section in build(database, config).sections] == ["人形机器人", "航天"]


def test_an_article_of_two_themes_appears_once_under_its_best(database, config, rows):
    rows.an_article(1, verdicts=(a_verdict("space", 8.0), a_verdict("humanoid", 4.0)))
    assert [section.theme for section in build(database, config).sections] == ["space"]
    assert [section.theme for section in build(database, config, themes=("humanoid",)).sections] == ["humanoid"]


def test_articles_of_a_theme_that_left_the_config_come_last_and_are_not_lost(database, config, rows):
    rows.an_article(1, "孤文", verdicts=(a_verdict("retired"),))
    rows.an_article(2, "文章", verdicts=(a_verdict("space"),))
    assert titles(build(database, config)) == ["文章", "孤文"]


def test_lines_are_ranked_by_score_then_echo_then_freshness(database, config, rows):
    late, early = (a_dating(NOON - age * HOUR).to_json() for age in (1, 9))
    rows.an_article(1, "第四", verdicts=(a_verdict(score=5.0),), published=early)
    rows.an_article(2, "第三", verdicts=(a_verdict(score=5.0),), published=late)
    echoed = rows.an_article(3, "第二", verdicts=(a_verdict(score=4.99),), published=early)
    rows.an_article(4, "第一", verdicts=(a_verdict(score=6.0),), published=early)
    rows.an_article(5, source="xinchao", copy_of=echoed)
    assert titles(build(database, config)) == ["第一", "第二", "第三", "第四"]


# -- a line -----------------------------------------------------------------------------------------------------------


def test_a_line_links_the_original_and_tells_source_time_lead_and_reason(database, config, rows):
    rows.an_article(1, original_url="https://origin.example/1")
    text = render_markdown(build(database, config))
    assert "- **[新一代人形机器人亮相](https://origin.example/1)** · 晨风科技 · 2025-03-03 10:00\n" in text
    assert "\n  宇树科技今天在杭州展示了新一代人形机器人。它能连续行走四个小时，售价不到十万元。\n" in text
    assert "\n  因：标题“人形机器人”\n" in text


@pytest.mark.parametrize(
    ("published", "shown"),
    [
        pytest.param(None, "收录于 2025-03-03 12:00", id="unknown"),
        pytest.param(a_dating(precision=Precision.DAY).to_json(), "2025-03-03\n", id="a day"),
        pytest.param(a_dating(NOON - HOUR).to_json(), "2025-03-03 11:00", id="a time"),
    ],
)
def test_the_time_is_as_exact_as_it_is_known(database, config, rows, published, shown):
    rows.an_article(1, published=published)
    assert f"晨风科技 · {shown}" in render_markdown(build(database, config))


def test_times_are_in_the_subscriptions_zone(database, config, rows):
    rows.an_article(1)
    text = render_markdown(build(database, config, timezone="America/New_York"))
    assert "2025-03-02 21:00" in text
    assert "（America/New_York）" in text


def test_a_source_whose_rights_are_headlines_shows_no_lead(database, rows, tmp_path):
    rows.an_article(1)
    config = a_config(tmp_path, sources=(a_source("chenfeng", rights="headline"),))
    assert TEXT[:10] not in render_markdown(build(database, config))


def test_reasons_name_the_fields_and_the_weightiest_terms(database, config, rows):
    hits = tuple(TermHit(term=f"词{n}", field="lead", count=1, weight=float(n), excerpt="") for n in range(6))
    title = TermHit(term="人形机器人", field="title", count=1, weight=3.0, excerpt="")
    rows.an_article(1, verdicts=(a_verdict(hits=(*hits, title)),))
    assert "因：标题“人形机器人”，导语“词5”“词4”“词3”“词2”\n" in render_markdown(build(database, config))


def test_a_hostile_title_makes_neither_html_nor_a_second_item(database, config, rows):
    rows.an_article(1, "<script>x</script>](javascript:1)\n- **假的** | # 题")
    html = MarkdownIt("gfm-like", {"linkify": False}).render(render_markdown(build(database, config)))
    assert "<script" not in html
    assert html.count("<li>") == 1
    assert set(re.findall(r'href="([^"]*)"', html)) == {"https://chenfeng.example/1"}


# -- the footer -------------------------------------------------------------------------------------------------------


def test_the_books_of_all_runs_of_the_period_are_summed(database, config, rows):
    first = {"carried_in": 2, "found": 5, "kept": 3, "failed": 1, "carried_out": 3, "known": 4, "requests": 9}
    second = {"carried_in": 3, "found": 0, "off_theme": 3, "carried_out": 0, "known": 5, "requests": 4}
    rows.a_run(ended=NOON - DAY, books={"chenfeng": {"found": 100, "kept": 100}})
    rows.a_run(ended=NOON - 2 * HOUR, books={"chenfeng": first})
    rows.a_run(ended=NOON, books={"chenfeng": second})
    digest = build(database, config)
    assert digest.books.runs == 2
    assert digest.books.imbalances == ()
    assert "| kept | off_theme | failed | 转出 |" in (text := render_markdown(digest))
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


def test_an_interrupted_run_is_told(database, config, rows):
    rows.a_run(ended=NOON - HOUR, interrupted=True)
    assert "第 2 次运行（始于 2025-03-03 10:00）中断" in render_markdown(build(database, config))


def test_an_endpoint_that_fails_is_told_with_its_cause(database, config, rows):
    rows.an_endpoint(last_error="503 <b>down</b>", last_polled=NOON)
    text = render_markdown(build(database, config))
    assert "- 晨风科技 <https://chenfeng.example/feed>：503 \\<b\\>down\\</b\\>" in text


def test_a_digest_issued_again_tells_failures_by_the_books_of_its_time(database, config, rows):
    rows.an_endpoint(last_error="today's error", last_polled=NOON + DAY)
    rows.a_run(ended=NOON, books={"chenfeng": {"polls": 1, "polls_failed": 1, "error": "yesterday's error"}})
    assert [item.cause for item in build(database, config).failing] == ["yesterday's error"]


def test_a_failure_that_healed_in_the_period_is_not_told(database, config, rows):
    rows.a_run(ended=NOON - HOUR, books={"chenfeng": {"polls": 1, "polls_failed": 1, "error": "503"}})
    rows.a_run(ended=NOON, books={"chenfeng": {"polls": 1}})
    assert build(database, config).failing == ()


@pytest.mark.parametrize(
    ("days_ago", "is_silent"),
    [
        pytest.param([10, 9, 8, 7], True, id="a week after a daily rhythm"),
        pytest.param([5, 4, 3, 2], False, id="two days after a daily rhythm"),
        pytest.param([28, 21, 14, 7], False, id="a week after a weekly rhythm"),
        pytest.param([10, 9, 8], False, id="three days are no rhythm yet"),
    ],
)
def test_silence_is_three_times_the_usual_gap(database, config, rows, days_ago, is_silent):
    for ago in days_ago:
        rows.an_entry(seen=NOON - ago * DAY)
    digest = build(database, config)
    assert [item.source for item in digest.silent] == ["晨风科技"] * is_silent
    assert ("7 天没有新条目，往常约每 1 天一次" in render_markdown(digest)) is is_silent


@pytest.mark.parametrize("change", ["gone", "disabled"])
def test_an_endpoint_nobody_polls_any_more_is_neither_silent_nor_failing(database, rows, tmp_path, change):
    for ago in (10, 9, 8, 7):
        rows.an_entry(seen=NOON - ago * DAY)
    rows.an_endpoint(last_error="503")
    sources = () if change == "gone" else (a_source("chenfeng", enabled=False),)
    digest = build(database, a_config(tmp_path, sources=sources))
    assert (digest.silent, digest.failing) == ((), ())


def test_refused_entries_are_listed_with_title_and_link_alone(database, config, rows):
    rows.an_entry(title="不让抓的", outcome="refused", ended=NOON, reason="robots", summary="秘密", seen=NOON - HOUR)
    rows.an_entry(title="昨天的", outcome="refused", ended=NOON - DAY, seen=NOON - 2 * DAY)
    text = render_markdown(build(database, config))
    assert "- [不让抓的](https://chenfeng.example/a)\n" in text
    assert "秘密" not in text
    assert "昨天的" not in text


def test_an_empty_day_says_so(database, config):
    text = render_markdown(build(database, config))
    assert "没有新文章。" in text
    assert "本期没有运行结束。" in text
