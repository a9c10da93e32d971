"""A digest holds what was kept between two cuts, once, in order, with its reasons and the books of the time."""

import re
from datetime import timedelta

import pytest
from archive_rows import DAY, HOUR, NOON, TEXT, a_config, a_dating, a_source, a_verdict, build
from markdown_it import MarkdownIt

from crawler.items import Precision, TermHit
from pipelines.digest.render import render_markdown


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


def test_a_source_that_copies_itself_is_no_echo(database, config, rows):
    early, late = (a_dating(NOON - age * HOUR).to_json() for age in (9, 1))
    repeated = rows.an_article(1, "自己转自己", published=early)
    rows.an_article(2, copy_of=repeated)
    rows.an_article(3, "较新的", published=late)
    assert titles(build(database, config)) == ["较新的", "自己转自己"]


# -- a line -----------------------------------------------------------------------------------------------------------


def test_a_line_links_the_original_and_tells_source_time_lead_and_reason(database, config, rows):
    rows.an_article(1, original_url="https://origin.example/1")
    text = render_markdown(build(database, config))
    seen = "原文（见于 [晨风科技](https://chenfeng.example/1)）"
    assert f"- **[新一代人形机器人亮相](https://origin.example/1)** · {seen} · 2025-03-03 10:00\n" in text
    assert "\n  宇树科技今天在杭州展示了新一代人形机器人。它能连续行走四个小时，售价不到十万元。\n" in text
    assert "\n  因：标题“人形机器人”\n" in text


@pytest.mark.parametrize(
    ("published", "shown"),
    [
        pytest.param(None, "收录于 2025-03-03 12:00", id="unknown"),
        pytest.param(a_dating(precision=Precision.DAY).to_json(), "2025-03-03\n", id="a day"),
        pytest.param(a_dating(NOON - HOUR, precision=Precision.HOUR).to_json(), "2025-03-03 11 时\n", id="an hour"),
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


@pytest.mark.parametrize(
    "sources",
    [(a_source("chenfeng", rights="headline"),), (a_source("xinchao"),)],
    ids=["headlines", "not known any more"],
)
def test_a_source_whose_rights_are_headlines_or_not_known_shows_no_lead(database, rows, tmp_path, sources):
    rows.an_article(1)
    config = a_config(tmp_path, sources=sources)
    assert TEXT[:10] not in render_markdown(build(database, config))


def test_the_lead_is_of_the_text_as_it_was_kept(database, config, rows):
    rows.a_version(rows.an_article(1), number=2, text="这是来源后来才换上去的另一段文字。")
    text = render_markdown(build(database, config))
    assert "宇树科技今天在杭州" in text
    assert "后来才换上去" not in text


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


def test_an_empty_day_says_so(database, config):
    text = render_markdown(build(database, config))
    assert "没有新文章。" in text
    assert "本期没有运行结束。" in text
