"""One database, its tables by migration, short transactions that wait for each other."""

import sqlite3
import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from filelock import FileLock
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError, StatementError

from crawler.database import Database, StorageError, sqlite_url
from crawler.outcomes import Outcome
from crawler.tables import book, entry, metadata, run

# The search index is SQLite's own and stands in no metadata.
COMPARED = {"compare_type": True, "include_name": lambda name, kind, parents: not str(name).startswith("search_index")}
NOW = datetime(2025, 3, 3, 8, 0, tzinfo=timezone(timedelta(hours=8)))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "presswatch.db"


@pytest.fixture
def database(path):
    opened = Database.open(sqlite_url(path))
    yield opened
    opened.close()


def add_run(connection, command="crawl", started=NOW):
    connection.execute(insert(run).values(command=command, process=1, started=started))


def fail_after_writing(connection):
    add_run(connection)
    raise RuntimeError("in the middle")


def commands(connection):
    return connection.execute(select(run.c.command).order_by(run.c.id)).scalars().all()


def test_the_migrations_build_exactly_the_tables(database):
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts=COMPARED)
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() is not None


def test_a_difference_between_migrations_and_tables_would_be_seen(database):
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE run DROP COLUMN error")
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts=COMPARED)
        assert [difference[0] for difference in compare_metadata(context, metadata)] == ["add_column"]


def test_the_indexes_that_carry_conditions_were_migrated_with_them(database):
    with database.read() as connection:
        found = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'"
        ).all()
    conditions = {name: sql.partition(" WHERE ")[2] for name, sql in found}
    assert conditions == {
        "ix_book_kept": "kept + copy > 0",
        "ix_book_polled": "polls > 0",
        "ix_entry_pending": "outcome IS NULL",
        "ix_article_original": "outcome = 'kept' AND representative IS NULL",
        "ix_article_revisit_at": "revisit_at IS NOT NULL",
        "ix_article_unindexed": "indexed = 0",
        "ix_article_unfiled": "filed = 0 AND path != ''",
        "ix_version_later": "number > 1",
        "ix_article_unexpired": "expired IS NULL",
        "ix_article_deleted_at": "deleted_at IS NOT NULL",
    }


def test_the_books_have_a_column_for_every_outcome():
    assert {outcome.value for outcome in Outcome} <= set(book.c.keys())


def test_opening_again_changes_nothing(database, path):
    with database.write() as connection:
        add_run(connection)
    again = Database.open(sqlite_url(path))
    with again.read() as connection:
        assert commands(connection) == ["crawl"]
    again.close()


def test_a_time_is_stored_as_utc_and_comes_back_aware(database):
    with database.write() as connection:
        add_run(connection)
        assert connection.execute(select(run.c.started)).scalar_one().isoformat() == "2025-03-03T00:00:00+00:00"
        stored = connection.exec_driver_sql("SELECT started FROM run").scalar_one()
    assert stored == "2025-03-03 00:00:00.000000"


def test_a_time_without_a_zone_is_refused(database):
    refusal = pytest.raises(StatementError, match="a time without a zone cannot be stored: 2025-03-03T08:00:00")
    with refusal, database.write() as connection:
        add_run(connection, started=NOW.replace(tzinfo=None))
    with database.read() as connection:
        assert commands(connection) == []


def test_times_are_compared_across_zones(database):
    with database.write() as connection:
        add_run(connection)
        same_moment = NOW.astimezone(UTC)
        found = connection.execute(select(func.count()).where(run.c.started == same_moment).select_from(run))
        assert found.scalar_one() == 1


def test_a_failed_transaction_leaves_nothing(database):
    with pytest.raises(RuntimeError, match="in the middle"), database.write() as connection:
        fail_after_writing(connection)
    with database.read() as connection:
        assert commands(connection) == []


def test_foreign_keys_are_enforced(database):
    values = {"key": "k", "source": "s", "endpoint": 99, "host": "h", "url": "u", "first_seen": NOW, "first_run": 99}
    with pytest.raises(IntegrityError, match="FOREIGN KEY"), database.write() as connection:
        connection.execute(insert(entry).values(**values))


def test_a_schema_from_the_future_is_told(database, path):
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StorageError, match=r"presswatch\.db is at schema 9999.* written by a newer one; install that"):
        Database.open(sqlite_url(path))


def test_a_file_that_is_no_database_is_told_and_left_alone(path):
    path.write_text("Not a database, but long enough to be read as the header of one, surely. " * 20)
    before = path.read_bytes()
    with pytest.raises(StorageError, match=r"/presswatch\.db: this file is no SQLite database"):
        Database.open(sqlite_url(path))
    assert path.read_bytes() == before


def test_a_folder_that_does_not_exist_is_told(tmp_path):
    with pytest.raises(StorageError, match=r"none/presswatch\.db: it cannot be opened"):
        Database.open(sqlite_url(tmp_path / "none/presswatch.db"))


def test_two_writers_wait_for_each_other(database, path):
    first_writes, first_may_end, order = threading.Event(), threading.Event(), []
    other = Database(sqlite_url(path))

    def first():
        with database.write() as connection:
            add_run(connection, "first")
            first_writes.set()
            first_may_end.wait(10)
            order.append("first")

    def second():
        first_writes.wait(10)
        with other.write() as connection:
            order.append("second")
            add_run(connection, "second")

    threads = [threading.Thread(target=writer) for writer in (first, second)]
    for thread in threads:
        thread.start()
    first_writes.wait(10)
    threads[1].join(0.2)
    assert threads[1].is_alive(), "the second writer did not wait"
    first_may_end.set()
    for thread in threads:
        thread.join(30)
    other.close()
    assert order == ["first", "second"]
    with database.read() as connection:
        assert commands(connection) == ["first", "second"]


def test_many_writers_lose_nothing(database, path):
    def count_up():
        own = Database(sqlite_url(path))
        for _ in range(20):
            with own.write() as connection:
                highest = connection.execute(select(func.max(run.c.process))).scalar_one() or 0
                connection.execute(insert(run).values(command="x", process=highest + 1, started=NOW))
        own.close()

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with database.read() as connection:
        assert connection.execute(select(run.c.process).order_by(run.c.process)).scalars().all() == [*range(1, 81)]


def test_many_may_open_a_new_database_at_once(path):
    errors = []

    def open_it():
        try:
            Database.open(sqlite_url(path)).close()
        except (StorageError, sqlite3.Error) as error:
            errors.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []


def test_a_reader_keeps_its_view_while_others_write(database):
    with database.read() as reader:
        assert commands(reader) == []
        with database.write() as writer:
            add_run(writer)
        assert commands(reader) == []
    with database.read() as reader:
        assert commands(reader) == ["crawl"]


def test_a_reader_does_not_wait_for_a_writer(database):
    with database.write() as writer:
        add_run(writer)
        with database.read() as reader:
            assert commands(reader) == []


def test_a_committed_outcome_survives_a_power_cut(database):
    with database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2


def test_a_database_that_another_process_opens_for_too_long_is_told(tmp_path):
    with FileLock(tmp_path / "press.db.opening"), pytest.raises(StorageError, match=r"press\.db\.opening"):
        Database.open(sqlite_url(tmp_path / "press.db"), busy_seconds=0.05)
