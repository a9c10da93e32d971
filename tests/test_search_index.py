"""The search index holds the newest version of every article and nothing else, whatever happens to them."""

from zoneinfo import ZoneInfo

import pytest
from archive_rows import DAY, NOON, Rows, a_config, a_verdict
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import article as an_article
from sqlalchemy import create_mock_engine, delete, select, text, update
from sqlalchemy.exc import IntegrityError

from crawler.database import Database
from crawler.tables import meta, version
from pipelines.archive.store import Archive
from pipelines.search.find import search
from pipelines.search.index import catch_up, count_missing, index_article, index_missing, unindex_article
from pipelines.search.model import Filters, Search
from pipelines.search.tokens import tokens


def found(connection, query, **filters):
    asked = Search(query=query, filters=Filters(zone=ZoneInfo("Asia/Shanghai"), **filters), every_copy=True, limit=1000)
    return [hit.entry for hit in search(connection, asked).hits]


def documents_by_token(connection):
    """Token → articles that hold it, as the index itself has it."""
    connection.execute(text("CREATE VIRTUAL TABLE IF NOT EXISTS temp.terms USING fts5vocab(main, search_index, 'row')"))
    return dict(connection.execute(text("SELECT term, doc FROM temp.terms")).all())


def check(connection):
    connection.execute(text("INSERT INTO search_index(search_index) VALUES ('integrity-check')"))


@pytest.fixture
def connection(database):
    with database.write() as opened:
        yield opened


@pytest.fixture
def stored(connection):
    return Rows(connection)


# -- one article ------------------------------------------------------------------------------------------------------


def test_an_article_is_found_once_it_is_indexed_and_indexing_again_changes_nothing(connection, stored):
    number = stored.an_article(1, text="机器人")
    assert found(connection, "机器人") == []
    for _ in range(2):
        index_article(connection, number)
        assert found(connection, "机器人") == [number]
    assert documents_by_token(connection)["器人"] == 1


def test_an_article_that_is_taken_out_leaves_nothing(connection, stored):
    number = stored.an_article(1, text="机器人 DeepSeek")
    index_article(connection, number)
    for _ in range(2):
        unindex_article(connection, number)
        assert documents_by_token(connection) == {}
    check(connection)


def test_a_new_version_replaces_the_old_one(connection, stored):
    number = stored.an_article(1, text="旧词")
    index_article(connection, number)
    unindex_article(connection, number)
    stored.a_version(number, number=2, text="新词", title="新题")
    index_article(connection, number)
    assert [found(connection, word) for word in ("旧词", "新词", "新题")] == [[], [number], [number]]
    check(connection)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda rows, number: rows.a_version(number, number=2, text="新词"), id="a version comes"),
        pytest.param(lambda rows, _: rows.connection.execute(update(version).values(text="")), id="a text changes"),
        pytest.param(lambda rows, _: rows.connection.execute(delete(version)), id="a version goes"),
    ],
)
def test_a_text_that_would_change_under_the_index_is_refused(connection, stored, change):
    number = stored.an_article(1, text="旧词")
    index_article(connection, number)
    with pytest.raises(IntegrityError, match="call unindex_article before its version changes"):
        change(stored, number)
    unindex_article(connection, number)
    change(stored, number)
    check(connection)


def test_another_database_is_told_that_it_cannot_be_searched_yet():
    postgres = create_mock_engine("postgresql://", lambda *_: None)
    for function in (index_article, unindex_article, index_missing):
        with pytest.raises(NotImplementedError, match="search works on SQLite so far, not on postgresql"):
            function(postgres, 1)


# -- all of them ------------------------------------------------------------------------------------------------------


def test_what_is_missing_is_indexed_in_batches(connection, stored):
    for number in range(5):
        stored.an_article(number)
    assert count_missing(connection) == 5
    assert [index_missing(connection, 2) for _ in range(4)] == [2, 2, 1, 0]
    assert count_missing(connection) == 0
    assert len(found(connection, "机器人")) == 5


def test_an_index_of_another_tokenizer_is_made_anew(database, rows, monkeypatch):
    numbers = [rows.an_article(number) for number in range(3)]
    with monkeypatch.context() as older:
        older.setattr("pipelines.search.index.tokenizer", lambda: "0")
        older.setattr("pipelines.search.index.tokens", lambda text: "old " + tokens(text))
        catch_up(database)
        with database.read() as connection:
            assert set(documents_by_token(connection)) >= {"old"}
            assert count_missing(connection) == 0
    with database.read() as connection:
        assert count_missing(connection) == 3
    catch_up(database)
    with database.write() as connection:
        assert "old" not in documents_by_token(connection)
        assert sorted(found(connection, "机器人")) == numbers
        assert connection.scalars(select(meta.c.value)).one() != "0"
        check(connection)


def test_an_article_of_another_tokenizers_index_can_be_taken_out(connection, stored, monkeypatch):
    number, other = (stored.an_article(name) for name in (1, 2))
    with monkeypatch.context() as older:
        older.setattr("pipelines.search.index.tokenizer", lambda: "0")
        older.setattr("pipelines.search.index.tokens", lambda text: "old " + tokens(text))
        index_missing(connection, 10)
    unindex_article(connection, number)
    assert documents_by_token(connection) == {}
    index_article(connection, other)
    assert found(connection, "机器人") == [other]
    check(connection)


TEXTS = st.text("人形机器人，A ", max_size=12)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("store"), st.just(0), TEXTS),
        st.tuples(st.just("change"), st.integers(0, 5), TEXTS),
        st.tuples(st.just("remove"), st.integers(0, 5), st.just("")),
        st.tuples(st.just("catch up"), st.just(0), st.just("")),
    ),
    max_size=20,
)


@pytest.fixture(scope="module")
def lasting(tmp_path_factory):
    opened = Database.open(f"sqlite:///{tmp_path_factory.mktemp('lasting')}/search.db")
    yield opened
    opened.close()


@settings(deadline=None)
@given(STEPS)
def test_whatever_comes_changes_and_goes_the_index_holds_the_newest_versions(lasting, steps):
    with lasting.engine.connect() as connection, connection.begin() as transaction:
        rows, texts = Rows(connection), {}
        for what, place, words in steps:
            number = list(texts)[place % len(texts)] if texts else 0
            if what == "store":
                texts[rows.an_article(len(texts), "题", text=words)] = words
            elif what == "catch up":
                index_missing(connection, 100)
            elif number:
                unindex_article(connection, number)
                versions = connection.scalars(select(version.c.number).where(version.c.entry == number)).all()
                rows.a_version(number, number=max(versions) + 1, text=words, title="题")
                texts[number] = words
                if what == "change":
                    index_article(connection, number)
        index_missing(connection, 100)
        check(connection)
        held = [set(tokens(words).split()) | {"题"} for words in texts.values()]
        expected = {token: sum(token in one for one in held) for one in held for token in one}
        assert documents_by_token(connection) == expected
        transaction.rollback()


# -- in the archive ---------------------------------------------------------------------------------------------------


@pytest.fixture
def archive(database, tmp_path):
    return Archive(database, tmp_path / "archive", a_config(tmp_path), lambda: NOON + 30 * DAY)


@pytest.mark.parametrize(
    ("verdicts", "filters"), [((a_verdict(),), {}), ((), {"off_theme": True})], ids=["kept", "off theme"]
)
def test_what_is_stored_is_found_at_once(database, rows, archive, verdicts, filters):
    number = rows.an_entry()
    run = rows.a_run(ended=NOON, books={"chenfeng": {}})
    archive.store(an_article("机器人", number=number, source="chenfeng", verdicts=verdicts), run=run)
    with database.read() as connection:
        assert found(connection, "机器人", **filters) == [number]
        assert found(connection, "机器人") == ([] if filters else [number])


def test_what_an_upgrade_left_out_is_indexed_before_the_next_run(database, rows, archive):
    number = rows.an_article(1, filed=True)
    archive.recover()
    with database.read() as connection:
        assert found(connection, "机器人") == [number]


@pytest.mark.parametrize("batch", [1, 200])
def test_a_text_off_theme_that_expires_is_found_by_its_title_alone(database, rows, archive, monkeypatch, batch):
    monkeypatch.setattr("pipelines.archive.retention._BATCH", batch)
    facts = {"outcome": "off_theme", "text": "机器人", "verdicts": ()}
    days = (1, 2, 29)
    *old, new = (rows.an_article(number, "标题", kept_at=NOON + number * DAY, **facts) for number in days)
    catch_up(database)
    archive.recover()
    with database.write() as connection:
        assert found(connection, "机器人", off_theme=True) == [new]
        assert sorted(found(connection, "标题", off_theme=True)) == [*old, new]
        check(connection)
