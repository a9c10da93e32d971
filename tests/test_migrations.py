"""Migrations carry every row of an older database along, and keep the database as it was."""

import json
import logging
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from alembic.config import Config as AlembicConfig
from alembic.script import ScriptDirectory
from click.testing import CliRunner
from filelock import FileLock
from old_schema import PATHS, make_database_at_0001, schema_of, write_filed_files
from rig import START, Answer, article_page, feed
from sqlalchemy.exc import IntegrityError
from test_site_keys import NONE_OF_THEIRS, ONE_KEY

import crawler
from crawler.cli import cli
from crawler.database import Database, StorageError, newest_revision, sqlite_url, upgrade
from crawler.urls import article_key, former_key

FEED = "https://alpha.example/feed"


@pytest.fixture
def old(rig):
    """A rig whose database is at 0001, with the file that its rows say is written."""
    make_database_at_0001(rig.data / "presswatch.db")
    write_filed_files(rig.data / "archive")
    return rig


@pytest.fixture
def path(tmp_path):
    make_database_at_0001(tmp_path / "old.db")
    return tmp_path / "old.db"


@pytest.fixture
def presswatch(rig):
    def call(*arguments, now=START):
        options = ["--config", rig.config, "--data", rig.data, "--now", now.isoformat(), "--route", rig.route]
        return CliRunner().invoke(cli, [*map(str, options), *arguments], prog_name="presswatch")

    return call


def tables(path):
    """Table → its columns and rows, of those that a migration made."""
    with closing(sqlite3.connect(path)) as connection:
        made = [name for [name] in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        names = [name for name in made if not name.startswith(("alembic", "search_index"))]
        found = {}
        for name in names:
            rows = connection.execute(f"SELECT * FROM {name}")
            columns = [column[0] for column in rows.description]
            found[name] = [dict(zip(columns, row, strict=True)) for row in rows]
        return found


NEVER_USED = {"host": {"failures", "last_error"}}  # dropped by 0005


def assert_rows_were_carried_along(before, after):
    assert before.keys() <= after.keys()
    for name, known in before.items():
        unused = NEVER_USED.get(name, set()) - set(after[name][0] if after[name] else ())
        rows = [{column: value for column, value in row.items() if column not in unused} for row in known]
        carried = [{column: row[column] for column in rows[0]} if rows else row for row in after[name]]
        assert carried == rows, name


def assert_sound(path):
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def revisions():
    config = AlembicConfig()
    config.set_main_option("script_location", str(next(iter(crawler.__path__)) + "/migrations"))
    return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]


def test_the_old_database_has_a_row_in_every_table(path):
    assert [name for name, rows in tables(path).items() if not rows] == []


def test_every_row_of_0001_is_carried_along_to_today(path):
    before = tables(path)
    Database.open(sqlite_url(path)).close()
    assert_rows_were_carried_along(before, tables(path))
    assert_sound(path)


def test_every_revision_carries_the_rows_of_the_one_before_along(path):
    database, steps = Database(sqlite_url(path)), revisions()
    assert steps[0] == "0001"
    for revision in steps[1:]:
        before = tables(path)
        with database.write() as connection:
            upgrade(connection, revision)
        assert database.revision() == revision
        assert_rows_were_carried_along(before, tables(path))
        assert_sound(path)
    database.close()
    assert steps[-1] == newest_revision()


def test_what_0001_did_not_know_has_its_plain_value(path):
    Database.open(sqlite_url(path)).close()
    after = tables(path)
    assert {row["origin"] for row in after["entry"]} == {"crawl"}
    new = (
        "thumbnail", "file_hash", "indexed", "etag", "last_modified", "revisit_at", "revisited", "deleted_at",
        "deleted_why",
    )  # fmt: skip
    assert {tuple(row[column] for column in new) for row in after["article"]} == {
        ("", "", 0, "", "", None, None, None, "")
    }


def test_one_article_stands_for_a_text_as_before_and_one_that_has_a_representative_stands_aside(path):
    database = Database.open(sqlite_url(path))
    twin = "UPDATE article SET text_hash = 'hash-one', outcome = 'kept', representative = {} WHERE entry = 3"
    refusal = pytest.raises(IntegrityError, match=r"UNIQUE constraint failed: article\.text_hash")
    with refusal, database.write() as connection:
        connection.exec_driver_sql(twin.format("NULL"))
    with database.write() as connection:
        connection.exec_driver_sql(twin.format("1"))
    database.close()


def test_a_migration_that_fails_changes_nothing(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE tombstone (mine TEXT)")
    before = tables(path)
    with pytest.raises(StorageError) as failure:
        Database.open(sqlite_url(path))
    cause = "cannot be brought from schema 0001 to 0005: table tombstone already exists; it is left as it was"
    assert str(failure.value) == f"{path} {cause}"
    assert tables(path) == before
    assert schema_of(path) == "0001"


# -- keys of 0003 ------------------------------------------------------------------------------------------------------

QQ_OLD = "url:news.qq.com/rain/a/20250303A01ABC00"
QQ_MOBILE = "url:view.inews.qq.com/a/20250303A01ABC00"
QQ_NEW = "qq:20250303A01ABC"


def rekeyed(path, *keys):
    """The keys of the first entries after 0003, where these were theirs before it."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for number, key in enumerate(keys, 1):
            [before] = connection.execute("SELECT key FROM entry WHERE id = ?", [number]).fetchone()
            connection.execute("UPDATE entry SET key = ? WHERE id = ?", [key, number])
            connection.execute("UPDATE sighting SET key = ? WHERE key = ?", [key, before])
            connection.execute("UPDATE article SET final_key = ? WHERE entry = ?", [key, number])
    Database.open(sqlite_url(path)).close()
    return [row["key"] for row in tables(path)["entry"][: len(keys)]]


def old_spellings():
    """Every spelling that has another key since 0003: (what it was, what it is)."""
    urls = [url for spellings in ONE_KEY.values() for url in spellings]
    urls += [*NONE_OF_THEIRS.values(), "https://36kr.com/p/123?f=rss", "https://a.example/?b=1&f=rss&g=2"]
    pairs = {(former_key(url, article_key(url)) or article_key(url), article_key(url)) for url in urls}
    return sorted((before, now) for before, now in pairs)


@pytest.mark.parametrize(("before", "now"), old_spellings())
def test_an_entry_gets_the_key_that_its_address_has_now(path, before, now):
    assert rekeyed(path, before) == [now]
    after = tables(path)
    assert after["article"][0]["final_key"] == now
    assert now in {row["key"] for row in after["sighting"]}


def test_of_two_entries_of_one_article_the_older_gets_its_key_and_nothing_is_lost(path):
    assert rekeyed(path, QQ_OLD, QQ_MOBILE) == [QQ_NEW, QQ_MOBILE]
    after = tables(path)
    assert [row["final_key"] for row in after["article"][:2]] == [QQ_NEW, QQ_NEW]
    assert {row["key"] for row in after["sighting"]} >= {QQ_NEW, QQ_MOBILE}
    assert_sound(path)


def test_a_key_that_is_somebodys_stays_his(path):
    assert rekeyed(path, "url:36kr.com/p/1?f=rss", "url:36kr.com/p/1") == ["url:36kr.com/p/1?f=rss", "url:36kr.com/p/1"]


def test_files_that_name_a_changed_key_wait_to_be_written_anew(path):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE article SET filed = 1 WHERE path != ''")
    rekeyed(path, QQ_OLD)
    assert [(row["entry"], row["filed"]) for row in tables(path)["article"]] == [(1, 0), (2, 0), (3, 0)]


def test_a_kept_article_of_before_is_known_and_its_file_written_anew(rig, site):
    address = "news.qq.com/rain/a/20250303A01ABC00"
    rig.source(url="https://www.qq.com/feed")
    site.routes["www.qq.com/feed"] = Answer(feed(f"https://{address}"))
    site.routes[address] = Answer(article_page("机器人进厂"))
    rig.crawl()
    path = rig.data / "presswatch.db"
    as_at_0002(path, {QQ_NEW: QQ_OLD})
    rig.clock.move_by(timedelta(hours=2))
    site.routes["www.qq.com/feed"] = Answer(feed(f"https://{address}?pgv_ref=aio", title="另一行机器人"))
    site.hits.clear()
    rig.crawl()
    assert rig.query("SELECT key, outcome FROM entry") == [(QQ_NEW, "kept")]
    assert site.pages() == ["www.qq.com/feed"]
    [file] = rig.files()
    assert f'key: "{QQ_NEW}"' in (rig.data / "archive" / file).read_text(encoding="utf-8")


def as_at_0002(path, keys):
    """Undo 0003 to 0005, and put keys back to what they were."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for now, before in keys.items():
            for table, column in (("entry", "key"), ("sighting", "key"), ("article", "final_key")):
                connection.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", [before, now])
        for table in ("traffic", "silence"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("ALTER TABLE robots DROP COLUMN asked_at")
        connection.execute("ALTER TABLE host ADD COLUMN failures FLOAT NOT NULL DEFAULT 0")
        connection.execute("ALTER TABLE host ADD COLUMN last_error TEXT NOT NULL DEFAULT ''")
        connection.execute("DROP INDEX ix_endpoint_parent")
        for column in ("parent", "appeared", "changed", "undated"):
            connection.execute(f"ALTER TABLE endpoint DROP COLUMN {column}")
        for index in ("ix_book_kept", "ix_book_polled", "ix_run_ended", "ix_run_started"):
            connection.execute(f"DROP INDEX {index}")
        for column in ("live", "told"):
            connection.execute(f"ALTER TABLE run DROP COLUMN {column}")
        connection.execute("UPDATE alembic_version SET version_num = '0002'")


# -- the copy ----------------------------------------------------------------------------------------------------------


def test_the_database_as_it_was_is_kept_and_told_once(path, caplog):
    before = tables(path)
    for _ in range(2):
        Database.open(sqlite_url(path)).close()
    kept = path.with_name("old.db.before-0005")
    assert tables(kept) == before
    assert schema_of(kept) == "0001"
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (
            logging.WARNING,
            f"{path} was brought from schema 0001 to 0005; as it was it is kept as old.db.before-0005",
        )
    ]


def test_a_new_database_needs_no_copy(tmp_path, caplog):
    Database.open(sqlite_url(tmp_path / "new.db")).close()
    assert sorted(found.name for found in tmp_path.iterdir()) == ["new.db", "new.db.opening"]
    assert caplog.records == []


def test_where_the_copy_cannot_be_kept_the_database_is_left_as_it_was(path):
    path.with_name("old.db.before-0005").mkdir()
    before = tables(path)
    with pytest.raises(StorageError, match=r"old\.db\.before-0005: it cannot be written there \(Is a directory\)"):
        Database.open(sqlite_url(path))
    assert tables(path) == before
    assert not list(path.parent.glob("*.tmp"))


# -- life on it --------------------------------------------------------------------------------------------------------


def test_an_old_installation_goes_on_where_it_was(old, site, presswatch):
    site.routes["alpha.example/feed"] = Answer(feed(*[f"https://alpha.example/{name}" for name in "abcde"]))
    for name in "de":
        page = article_page(f"机器人{name}", f"第{name}台机器人走进工厂，工程师记录它的动作。" * 12)
        site.routes[f"alpha.example/{name}"] = Answer(page)
    later, next_day = START + timedelta(hours=2), START + timedelta(days=1, hours=1)
    assert presswatch("crawl", "--all", now=later).exit_code == 0
    assert old.outcomes() == {"a": "kept", "b": "copy", "c": "off_theme", "d": "kept", "e": "kept"}
    assert old.query("SELECT interrupted, carried_out FROM run JOIN book ON run = id WHERE id = 2") == [(1, 1)]
    assert old.query("SELECT count(*) FROM article WHERE path != '' AND NOT filed") == [(0,)]
    assert (old.data / "archive" / PATHS[1]).is_file()
    assert 'copy_of: "url:alpha.example/a"' in (old.data / "archive" / PATHS[1]).read_text(encoding="utf-8")
    digest = presswatch("digest", now=next_day).stdout
    assert all(title in digest for title in ("机器人进厂", "机器人d", "机器人e"))
    explained = json.loads(presswatch("explain", "https://alpha.example/b", "--json").stdout)
    assert explained["article"]["outcome"] == "copy"
    assert [hit for hit in site.pages() if hit[-2:] in {"/a", "/b", "/c"}] == []


# -- the command -------------------------------------------------------------------------------------------------------


def test_migrate_says_from_where_to_where(old, presswatch):
    result = presswatch("migrate")
    path = old.data / "presswatch.db"
    assert result.stdout == f"{path}: schema 0001 → 0005; as it was it is kept as {path}.before-0005\n"
    assert (result.exit_code, result.stderr) == (0, "")
    again = presswatch("migrate")
    assert (again.exit_code, again.stdout) == (0, f"{path}: schema 0005, nothing to do\n")


def test_migrate_tells_it_as_a_document(old, presswatch):
    path = str(old.data / "presswatch.db")
    expected = {"database": path, "from": "0001", "to": "0005", "copy": f"{path}.before-0005"}
    assert json.loads(presswatch("migrate", "--json").stdout) == expected
    assert json.loads(presswatch("migrate", "--json").stdout) == {**expected, "from": "0005", "copy": None}


def test_migrate_makes_no_database(rig, presswatch):
    result = presswatch("migrate")
    assert result.exit_code == 2
    assert f"the data folder {rig.data} holds no presswatch.db: run presswatch crawl first" in result.stderr
    assert not rig.data.exists()


def test_migrate_waits_for_no_run(old, presswatch):
    with FileLock(old.data / "run.lock"):
        result = presswatch("migrate")
    assert (result.exit_code, "another run holds" in result.stderr) == (4, True)
    assert schema_of(old.data / "presswatch.db") == "0001"


def test_migrate_refuses_what_a_newer_presswatch_wrote(old, presswatch):
    with closing(sqlite3.connect(old.data / "presswatch.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    result = presswatch("migrate")
    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: {old.data}/presswatch.db is at schema 9999, which this presswatch (0005) does not know: "
        "it was written by a newer one; install that one\n"
    )


def test_texts_that_were_let_go_before_it_was_noted_are_known_to_be_gone(tmp_path):
    path = tmp_path / "old.db"
    make_database_at_0001(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE version SET text = '', markdown = '' WHERE entry = 3")
    Database.open(sqlite_url(path)).close()
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT entry FROM article WHERE expired IS NOT NULL").fetchall()
    assert rows == [(3,)]
