"""The search index: which tokens stand in which article. SQLite's FTS5; the texts themselves stand in table `version`.

FTS5 can only take an article out when it is told exactly the tokens it was given. So whoever changes the newest version
of an article calls `unindex_article` first and `index_article` afterwards, in one transaction; a trigger refuses what
forgets the first. An index that another tokenizer made is emptied by the first who writes to it, and filled again.
"""

from sqlalchemy import Connection, func, select, text, update

from crawler.database import Database, insert_for
from crawler.tables import article, meta, version
from pipelines.search.tokens import tokenizer, tokens

_TOKENIZER = "search_tokenizer"
_BATCH = 200  # articles indexed in one transaction: others wait for it a third of a second

_ADD = text("INSERT INTO search_index(rowid, title, body) VALUES (:entry, :title, :body)")
_TAKE_OUT = text("INSERT INTO search_index(search_index, rowid, title, body) VALUES ('delete', :entry, :title, :body)")
_EMPTY = text("INSERT INTO search_index(search_index) VALUES ('delete-all')")
_MERGE = text("INSERT INTO search_index(search_index) VALUES ('optimize')")


def index_article(connection: Connection, entry_id: int) -> None:
    """Make an article findable by its newest version; nothing happens when it is already.

    Raises:
        NotImplementedError: the database is no SQLite.
        NoResultFound: the entry has no article.
    """
    _prepare(connection)
    if not _is_indexed(connection, entry_id):
        connection.execute(_ADD, _row(connection, entry_id))
        _mark(connection, entry_id, indexed=True)


def unindex_article(connection: Connection, entry_id: int) -> None:
    """Take an article out of the index, before its newest version changes; nothing happens when it is not in.

    Raises:
        NotImplementedError: the database is no SQLite.
        NoResultFound: the entry has no article.
    """
    _prepare(connection)
    if _is_indexed(connection, entry_id):
        connection.execute(_TAKE_OUT, _row(connection, entry_id))
        _mark(connection, entry_id, indexed=False)


def forget_deleted_words(connection: Connection) -> None:
    """Write the index anew without what was taken out: until then FTS5 keeps its words beside the note that they went.

    Raises:
        NotImplementedError: the database is no SQLite.
    """
    _check(connection)
    connection.execute(_MERGE)


def index_missing(connection: Connection, limit: int) -> int:
    """Index the first `limit` articles that are not; returns how many they were.

    Raises:
        NotImplementedError: the database is no SQLite.
    """
    _prepare(connection)
    missing = connection.scalars(select(article.c.entry).where(~article.c.indexed).limit(limit)).all()
    for entry_id in missing:
        index_article(connection, entry_id)
    return len(missing)


def count_missing(connection: Connection) -> int:
    """How many articles are not in the index by the tokens of today.

    Raises:
        NotImplementedError: the database is no SQLite.
    """
    _check(connection)
    counted = select(func.count()).select_from(article)
    if _made_by(connection) == tokenizer():
        counted = counted.where(~article.c.indexed)
    return connection.scalars(counted).one()


def catch_up(database: Database) -> None:
    """Index whatever is not, as after an upgrade. Each batch is a transaction of its own, so no run lock is needed.

    Raises:
        NotImplementedError: the database is no SQLite.
    """
    with database.read() as connection:
        complete = count_missing(connection) == 0
    while not complete:
        with database.write() as connection:
            complete = index_missing(connection, _BATCH) < _BATCH


def _prepare(connection: Connection) -> None:
    """See to it that the index holds tokens of today's tokenizer only."""
    _check(connection)
    made_by = _made_by(connection)
    if made_by == tokenizer():
        return
    if made_by is not None:
        connection.execute(_EMPTY)
        connection.execute(update(article).where(article.c.indexed).values(indexed=False))
    noted = insert_for(connection)(meta).values(name=_TOKENIZER, value=tokenizer())
    connection.execute(noted.on_conflict_do_update(index_elements=["name"], set_={"value": noted.excluded.value}))


def _check(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        raise NotImplementedError(f"search works on SQLite so far, not on {connection.dialect.name}")


def _made_by(connection: Connection) -> str | None:
    return connection.scalar(select(meta.c.value).where(meta.c.name == _TOKENIZER))


def _is_indexed(connection: Connection, entry_id: int) -> bool:
    indexed: bool = connection.scalars(select(article.c.indexed).where(article.c.entry == entry_id)).one()
    return indexed


def _mark(connection: Connection, entry_id: int, *, indexed: bool) -> None:
    connection.execute(update(article).where(article.c.entry == entry_id).values(indexed=indexed))


def _row(connection: Connection, entry_id: int) -> dict[str, object]:
    newest = (
        select(version.c.title, version.c.text)
        .where(version.c.entry == entry_id)
        .order_by(version.c.number.desc())
        .limit(1)
    )
    row = connection.execute(newest).one()
    return {"entry": entry_id, "title": tokens(row.title), "body": tokens(row.text)}
