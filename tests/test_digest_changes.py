"""What happened to articles after they were told: new versions, and deletions."""

from datetime import timedelta

import pytest
from archive_rows import DAY, HOUR, NOON, TEXT, build
from sqlalchemy import update

from crawler.tables import article
from pipelines.digest.issue import preview
from pipelines.digest.render import render_markdown

NEW = TEXT.replace("四个小时", "五个小时").replace("样机。", "样机。它会说话。")
DIFF = "- 它能连续行走四个小时，售价不到十万元。\n+ 它能连续行走五个小时，售价不到十万元。\n+ 它会说话。"


@pytest.fixture
def told(rows):
    """An article of the day before."""
    return rows.an_article(1, kept_at=NOON - 30 * HOUR)


def delete(database, entry_id, at):
    with database.write() as connection:
        this = article.c.entry == entry_id
        connection.execute(update(article).where(this).values(deleted_at=at, deleted_why="HTTP 404"))


def test_a_new_version_is_told_once_with_what_changed(database, config, rows, told):
    rows.a_version(told, number=2, text=NEW, seen=NOON - HOUR, diff=DIFF)
    [change] = build(database, config).changed
    assert (change.title, change.is_deleted, change.removed, change.added) == ("新一代人形机器人亮相", False, 1, 2)
    assert build(database, config, cut_from=NOON, cut_to=NOON + DAY).changed == ()
    assert "：已更新（删 1 句，增 2 句），2025-03-03 11:00" in render_markdown(build(database, config))


def test_several_versions_of_a_period_are_one_change(database, config, rows, told):
    rows.a_version(told, number=2, text=NEW, seen=NOON - 2 * HOUR, diff="- 甲。\n+ 乙。")
    rows.a_version(told, number=3, text=NEW, seen=NOON - HOUR, diff="+ 丙。")
    [change] = build(database, config).changed
    assert (change.at, change.removed, change.added) == (NOON - HOUR, 1, 2)


def test_a_deletion_is_told_and_outweighs_a_new_version(database, config, rows, told):
    rows.a_version(told, number=2, text=NEW, seen=NOON - 2 * HOUR, diff=DIFF)
    delete(database, told, NOON - HOUR)
    [change] = build(database, config).changed
    assert (change.is_deleted, change.at) == (True, NOON - HOUR)
    assert "：已删除，2025-03-03 11:00" in render_markdown(build(database, config))


def test_a_deleted_text_is_withheld_from_its_own_line_at_once(database, config, rows):
    number = rows.an_article(2)
    delete(database, number, NOON + HOUR)
    digest = build(database, config)
    [line] = digest.sections[0].lines
    assert (line.lead, line.is_deleted) == ("", True)
    text = render_markdown(digest)
    assert " · 已删除\n" in text
    assert "宇树科技今天在杭州" not in text


def test_who_does_not_get_an_article_does_not_get_its_changes(database, config, rows, told):
    rows.a_version(told, number=2, text=NEW, seen=NOON - HOUR, diff=DIFF)
    assert build(database, config, themes=("space",)).changed == ()
    assert build(database, config, sources=("xinchao",)).changed == ()


def test_nothing_changed_is_not_told(database, config, told):
    digest = build(database, config)
    assert digest.changed == ()
    assert "更新与删除" not in render_markdown(digest)


def test_a_preview_tells_the_changes_of_the_running_period(database, config, rows, told):
    rows.a_digest(cut_to=NOON - 3 * HOUR)
    rows.a_version(told, number=2, text=NEW, seen=NOON - HOUR, diff=DIFF)
    found = preview(database, config, config.subscriptions[0], NOON + timedelta(minutes=1))
    assert len(found.digest.changed) == 1
