"""What the archive writes into an entry's row says why it ended so."""

from dataclasses import replace
from datetime import timedelta

import pytest
from archive_rows import NOON, StoredRows, a_config, a_verdict
from pages import article
from sqlalchemy import event, select, update

from crawler.database import Database
from crawler.items import Ended
from crawler.outcomes import Outcome
from crawler.revisits import Revisits
from crawler.tables import article as article_table
from crawler.tables import version
from pipelines.archive.explain import explain
from pipelines.archive.revise import Revisions
from pipelines.archive.store import Archive
from pipelines.archive.versions import Change
from pipelines.copies.find import find_copy


@pytest.fixture
def database(tmp_path):
    opened = Database.open(f"sqlite:///{tmp_path}/archive.db")
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("verdicts", "reason"),
    [
        pytest.param((), "no theme takes it", id="no theme at all"),
        pytest.param(
            (a_verdict(score=1.0), a_verdict("space", score=2.0)),
            "no theme takes it; nearest: space with 2.0 of 3.0",
            id="too few words",
        ),
        pytest.param(
            (a_verdict("space", vetoed_by="火箭队"),),
            "no theme takes it; nearest: space with 5.0 of 3.0, vetoed by 火箭队",
            id="vetoed",
        ),
    ],
)
def test_an_article_off_theme_is_stored_with_what_kept_it_out(database, tmp_path, verdicts, reason):
    rows = StoredRows(database)
    number = rows.an_entry()
    run = rows.a_run(ended=NOON, books={"chenfeng": {}})
    archive = Archive(database, tmp_path, a_config(tmp_path), lambda: NOON)
    archive.store(article("正文", number=number, source="chenfeng", verdicts=verdicts), run=run)
    with database.read() as connection:
        assert explain(connection, str(number)).reason == reason


def test_storing_an_article_goes_through_no_table(database, tmp_path):
    rows = StoredRows(database)
    number, run = rows.an_entry(), rows.a_run(ended=NOON, books={"chenfeng": {}})
    read = article("正文" * 50, number=number, source="chenfeng", verdicts=(a_verdict(),))
    plans = []

    def note(connection, cursor, statement, parameters, context, many):
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            explained = connection.connection.driver_connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.extend(detail for *_, detail in explained)

    event.listen(database.engine, "before_cursor_execute", note)
    with database.read() as connection:
        found = find_copy(connection, read, "a text hash")
    Archive(database, tmp_path, a_config(tmp_path), lambda: NOON).store(replace(read, copy=found), run=run)
    assert len(plans) > 10
    # The index that is gone through holds what waits to be done, and nothing else.
    assert [plan for plan in plans if plan.startswith("SCAN") and "USING INDEX ix_article_unfiled" not in plan] == []


def test_a_change_has_the_time_of_its_transaction(database, tmp_path):
    """A digest that is cut between the fetch and the commit must not miss it."""
    rows, config, later = StoredRows(database), a_config(tmp_path), NOON + timedelta(minutes=5)
    number, run = rows.an_entry(), rows.a_run(ended=NOON, books={"chenfeng": {}})
    read = article("甲。" * 50, number=number, source="chenfeng", verdicts=(a_verdict(),), text_hash="a")
    archive = Archive(database, tmp_path, config, lambda: NOON)
    archive.store(read, run=run)
    revisions = Revisions(database, config, archive, Revisits(database, config.settings.revisit), lambda: later)
    assert revisions.store(replace(read, text="乙。" * 50, text_hash="b", fetched_at=NOON)) is Change.UPDATED
    revisions.store(Ended(pending=read.pending, outcome=Outcome.GONE, reason="HTTP 404", at=NOON))
    with database.read() as connection:
        seen = connection.scalar(select(version.c.seen).where(version.c.number == 2))
        assert (seen, connection.scalar(select(article_table.c.deleted_at))) == (later, later)


@pytest.mark.parametrize("edited", [True, False])
def test_files_of_an_older_presswatch_are_told_apart_from_edited_ones(database, tmp_path, edited):
    rows, archive = StoredRows(database), Archive(database, tmp_path, a_config(tmp_path), lambda: NOON)
    number, run = rows.an_entry(), rows.a_run(ended=NOON, books={"chenfeng": {}})
    archive.store(article("甲。" * 50, number=number, source="chenfeng", verdicts=(a_verdict(),)), run=run)
    [file] = tmp_path.rglob("*.md")
    if edited:
        file.write_text("我的批注。", encoding="utf-8")
    with database.write() as connection:  # as the migration leaves it
        connection.execute(update(article_table).values(file_hash=""))
    assert archive.recover() == []
    with database.write() as connection:
        connection.execute(update(article_table).values(filed=False, thumbnail="https://a.example/x.png"))
    archive.write_unfiled()
    assert [path.read_text("utf-8") for path in tmp_path.rglob("*.edited-*")] == (["我的批注。"] if edited else [])
