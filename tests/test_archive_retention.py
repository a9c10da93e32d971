"""Texts are let go when their time has come; what digests, books and copies need stays."""

import json
import os
from datetime import timedelta

import pytest
from archive_rows import DAY, NOON, a_verdict
from house import LONG, House
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError

from crawler.config.models import Language
from pipelines.archive.explain import explain
from pipelines.archive.explain_text import Voice
from pipelines.archive.retention import Retention, Rule
from pipelines.archive.verify import verify
from pipelines.search.index import catch_up
from pipelines.search.tokens import tokens

RETENTION = {"retention": {"off_theme": "14d", "deleted": "30d", "articles": "90d"}}


@pytest.fixture
def house(tmp_path):
    """An article that is kept, one that its source took away at once, and one off theme."""
    made = House(tmp_path, RETENTION)
    made.keep(1)
    made.keep(2, summary="摘要里也有正文")
    made.keep(3, verdicts=(a_verdict(score=1.0),))
    made.change("UPDATE article SET deleted_at = kept_at, deleted_why = 'gone' WHERE entry = 2")
    made.archive.write_file(2)
    yield made
    made.database.close()


def apply(house, days, **collaborators):
    return Retention(house.database, house.files, house.config, **collaborators).apply(NOON + timedelta(days=days))


def without_text(house):
    return [
        entry for [entry] in house.query("SELECT entry FROM version WHERE text = '' AND markdown = '' AND diff = ''")
    ]


@pytest.mark.parametrize(
    ("days", "gone"),
    [
        pytest.param(13, [], id="nothing yet"),
        pytest.param(15, [(3, Rule.OFF_THEME)], id="off theme"),
        pytest.param(31, [(2, Rule.DELETED), (3, Rule.OFF_THEME)], id="deleted"),
        pytest.param(91, [(2, Rule.DELETED), (3, Rule.OFF_THEME), (1, Rule.ARTICLES)], id="all the others"),
    ],
)
def test_each_text_goes_when_its_time_has_come(house, days, gone):
    paths = {number: house.path_of(number) for number in (1, 2)}
    expired = apply(house, days)
    assert [(item.entry, item.rule) for item in expired.articles] == gone
    entries = {number for number, _ in gone}
    assert set(without_text(house)) == entries
    assert {number for number, path in paths.items() if not path.exists()} == entries & {1, 2}
    assert list(verify(house.database, house.config, house.files)) == []
    assert apply(house, days).articles == ()


def test_the_row_stays_and_says_that_its_text_was_let_go(house):
    before = house.query("SELECT title, url, themes, text_hash, kept_at FROM article WHERE entry = 1")
    apply(house, 91)
    assert house.query("SELECT title, url, themes, text_hash, kept_at FROM article WHERE entry = 1") == before
    assert house.query("SELECT path, filed, file_hash FROM article WHERE entry = 1") == [("", 0, "")]
    with house.database.read() as connection:
        told = Voice(language=Language.ZH_CN, zone=house.config.settings.zone).explanation(explain(connection, "1"))
    assert "正文：已于 2025-06-02 12:00:00 按保留期限清除" in told
    assert "文件：" not in told


def test_of_a_deleted_article_nothing_is_quoted_any_more(house):
    apply(house, 91)
    quoted = {
        entry: [hit["excerpt"] for verdict in json.loads(verdicts) for hit in verdict["hits"]]
        for entry, verdicts in house.query("SELECT entry, verdicts FROM article")
    }
    assert quoted == {1: ["新一代人形机器人亮相"], 2: [""], 3: ["新一代人形机器人亮相"]}
    assert house.query("SELECT summary FROM entry WHERE id = 2") == [("",)]


def test_without_a_limit_articles_are_kept_for_ever(tmp_path):
    house = House(tmp_path)
    house.keep(1)
    assert apply(house, 36500).articles == ()
    house.database.close()


def test_a_seed_is_never_let_go(house):
    house.change("UPDATE article SET origin = 'seed' WHERE entry = 1")
    assert [item.entry for item in apply(house, 36500).articles] == [2, 3]


def test_the_digest_of_an_old_day_is_told_without_the_texts(house):
    issued = house.issue()
    assert "晨风科技今天" in issued.markdown
    apply(house, 91)
    again = house.call("digest", "--date", "2025-03-03")
    assert again.exit_code == 0, again.stderr
    assert "第1台样机亮相" in again.stdout
    assert "晨风科技今天" not in again.stdout


def test_a_copy_still_folds_under_an_original_whose_text_is_gone(house):
    apply(house, 91)
    house.now = NOON + 92 * DAY
    copied = house.keep(1, source="xinchao", title="第1台样机亮相")
    assert house.query("SELECT outcome, representative FROM article WHERE entry = :id", id=copied) == [("copy", 1)]
    assert list(verify(house.database, house.config, house.files)) == []


def test_an_expired_text_is_in_no_byte_of_the_database(house):
    assert LONG.format(3).encode() in bytes_of(house)
    apply(house, 15)
    assert LONG.format(3)[:40].encode() not in bytes_of(house)
    assert LONG.format(1)[:40].encode() in bytes_of(house)


def bytes_of(house):
    with house.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return b"".join(path.read_bytes() for path in house.data.glob("presswatch.db*"))


def test_a_file_that_was_edited_is_kept_under_another_name(house):
    path = house.path_of(1)
    path.write_text("mine", "utf-8")
    [aside] = apply(house, 91).kept_aside
    assert aside.read_text("utf-8") == "mine"
    assert not path.exists()


def test_a_file_that_is_behind_its_rows_is_not_taken_for_edited(house):
    house.change("UPDATE article SET account = '晨风' WHERE entry = 1")
    assert apply(house, 91).kept_aside == ()


def test_a_file_that_cannot_be_removed_is_told_and_keeps_its_row(house, monkeypatch):
    path = house.path_of(2)
    unlink = type(path).unlink

    def refuse(self, **options):
        if self == path:
            raise PermissionError(13, "Permission denied")
        unlink(self, **options)

    monkeypatch.setattr(type(path), "unlink", refuse)
    expired = apply(house, 91)
    assert expired.faults == (f"{path} cannot be removed: Permission denied",)
    assert [item.entry for item in expired.articles] == [3, 1]
    assert house.call("archive", "prune", now=NOON + 91 * DAY).exit_code == 1
    assert house.archive.recover() == []
    house.now = NOON + 91 * DAY
    assert house.archive.recover() == list(expired.faults)
    monkeypatch.undo()
    assert [item.entry for item in apply(house, 91).articles] == [2]


def test_a_process_that_dies_between_file_and_row_is_made_up_for(house):
    house.path_of(1).unlink()
    assert 1 in {item.entry for item in apply(house, 91).articles}
    assert list(verify(house.database, house.config, house.files)) == []


def test_what_expired_is_found_by_its_title_alone(house):
    def found(words):
        return house.query(
            "SELECT count(*) FROM search_index WHERE search_index MATCH :words", words=f'"{tokens(words)}"'
        )

    catch_up(house.database)
    [(title, text)] = house.query("SELECT title, text FROM version WHERE entry = 1")
    begins = text.partition("，")[0]
    assert (found(title), found(begins)) == ([(1,)], [(1,)])
    apply(house, 91)
    assert (found(title), found(begins)) == ([(1,)], [(0,)])


def test_a_search_index_that_refuses_keeps_the_texts(house, monkeypatch):
    def refuse(connection, entry_id):
        raise IntegrityError("", {}, Exception("no"))

    monkeypatch.setattr("pipelines.archive.retention.unindex_article", refuse)
    with pytest.raises(IntegrityError):
        apply(house, 91)
    assert without_text(house) == []


def test_each_run_begins_with_it(house):
    house.now = NOON + 15 * DAY
    assert house.archive.recover() == []
    assert without_text(house) == [3]


def test_no_table_is_gone_through_when_nothing_expires(house):
    statements = []

    def note(connection, cursor, statement, parameters, context, many):
        if statement.startswith("SELECT article"):
            statements.append((statement, parameters))

    event.listen(house.database.engine, "before_cursor_execute", note)
    apply(house, 1)
    event.remove(house.database.engine, "before_cursor_execute", note)
    assert len(statements) == len(Rule)
    with house.database.read() as connection:
        for statement, parameters in statements:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            assert "USING INDEX" in plan[0][3], plan


# -- the copies that migrations keep -----------------------------------------------------------------------------------


def copies_of(house, *, age):
    """A migration's copy, what a killed one left, and three files that are neither; all so many days old."""
    names = ["db.before-0002", "db.before-mine", "db.before", "db.before-0002.bak"]
    paths = [house.data / f"presswatch.{name}" for name in names] + [house.data / ".presswatch.db.before-0002.tmp"]
    for path in paths:
        path.write_bytes(LONG.format(2).encode())
        os.utime(path, ((NOON - age * DAY).timestamp(),) * 2)
    return {paths[0], paths[-1]}, set(paths[1:-1])


def test_a_run_lets_go_a_migrations_copy_that_is_as_old_as_a_deleted_text_may_be(house, caplog):
    ours, others = copies_of(house, age=0)
    house.now = NOON + 30 * DAY
    house.archive.recover()
    assert all(path.exists() for path in ours)
    house.now += timedelta(seconds=1)
    assert house.archive.recover() == []
    assert not any(path.exists() for path in ours)
    assert all(path.exists() for path in others)
    assert caplog.records == []


def test_prune_names_the_copies_and_a_dry_run_keeps_them(house):
    ours, _ = copies_of(house, age=31)
    path = house.data / "presswatch.db.before-0002"
    told = f"{path}, the database as it was before a migration, "
    assert f"{told}would be let go\n" in house.call("archive", "prune", "--dry-run", now=NOON).stdout
    assert all(copy.exists() for copy in ours)
    assert f"{told}let go\n" in house.call("archive", "prune", now=NOON).stdout
    assert not any(copy.exists() for copy in ours)
    copies_of(house, age=31)
    document = json.loads(house.call("archive", "prune", "--json", now=NOON).stdout)
    assert set(document["safety_copies"]) == {str(copy) for copy in ours}


def test_a_copy_that_cannot_be_removed_is_told(house, monkeypatch):
    copies_of(house, age=31)
    path = house.data / "presswatch.db.before-0002"
    unlink = type(path).unlink

    def refuse(self, **options):
        if self == path:
            raise PermissionError(13, "Permission denied")
        unlink(self, **options)

    monkeypatch.setattr(type(path), "unlink", refuse)
    assert apply(house, 0).faults == (f"{path} cannot be removed: Permission denied",)


# -- the command ------------------------------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_go_and_changes_nothing(house):
    before = house.tree()
    result = house.call("archive", "prune", "--dry-run", now=NOON + 31 * DAY)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == (
        "deleted: entry 2 第2台样机亮相\noff_theme: entry 3 第3台样机亮相\n"
        "2 texts would be let go: 1 by deleted, 1 by off_theme, 0 by articles\n"
        "0 capture files would be let go\n"
    )
    assert (house.tree(), without_text(house)) == (before, [])


def test_prune_lets_go_and_says_what(house):
    house.path_of(2).write_text("mine", "utf-8")
    result = house.call("archive", "prune", now=NOON + 31 * DAY)
    assert result.exit_code == 0
    kept, done, captures = result.stdout.splitlines()
    assert kept.startswith(f"kept aside: {house.files}/chenfeng/2025/03/03-")
    assert done == "2 texts let go: 1 by deleted, 1 by off_theme, 0 by articles"
    assert captures == "0 capture files let go"
    document = json.loads(house.call("archive", "prune", "--json", now=NOON + 91 * DAY).stdout)
    assert (document["texts"], document["dry_run"]) == ({"deleted": 0, "off_theme": 0, "articles": 1}, False)


def test_captures_that_are_no_folder_are_told_after_what_was_let_go(house):
    (house.data / "captures").write_text("not a folder")
    told = f"{house.data}/captures: it cannot be written there (Not a directory): put right what is in the way\n"
    dry = house.call("archive", "prune", "--dry-run", now=NOON + 31 * DAY)
    assert (dry.exit_code, dry.stderr) == (1, told)
    result = house.call("archive", "prune", now=NOON + 31 * DAY)
    assert (result.exit_code, result.stderr) == (1, told)
    assert "2 texts let go: 1 by deleted, 1 by off_theme, 0 by articles\n0 capture files let go\n" in result.stdout


def test_a_capture_that_cannot_be_removed_is_told_and_so_is_what_went_before_it(house):
    (house.data / "captures").mkdir()
    first, second = (house.data / "captures" / f"2025010{day}T000000Z-run{day}.warc.gz" for day in (1, 2))
    first.write_bytes(b"")
    second.mkdir()
    result = house.call("archive", "prune", "--json", now=NOON)
    document = json.loads(result.stdout)
    assert (document["captures"], len(document["faults"])) == ([first.name], 1)
    assert (result.exit_code, f"{second}: " in result.stderr, first.exists()) == (1, True, False)
