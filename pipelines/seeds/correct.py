"""A stored seed is brought to what its file says now. What the file does not say stays as it was."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, select, update

from crawler.items import Article
from crawler.tables import article as article_table
from crawler.tables import entry as entry_table
from pipelines.archive.rows import complete_seed
from pipelines.archive.versions import Reading, add_version


def correct_seed(connection: Connection, entry_id: int, read: Article, more: dict[str, Any]) -> bool:
    """Store what the file says otherwise than the rows; whether that was anything.

    Args:
        connection: to the database.
        entry_id: of the stored seed.
        read: the seed as it was read now.
        more: further columns of `article`: `themes`, which is always judged anew, and `thumbnail`.
    """
    is_new = add_version(connection, entry_id, Reading.of(read), read.fetched_at)
    row = connection.execute(select(article_table).where(article_table.c.entry == entry_id)).mappings().one()
    values = {**_facts(row, read), **_judgement(row, read, more["themes"])}
    if more["thumbnail"] and more["thumbnail"] != row["thumbnail"]:
        values["thumbnail"] = more["thumbnail"]
    if values:
        this = article_table.c.entry == entry_id
        connection.execute(update(article_table).where(this).values(**values, filed=False))
        _announce(connection, entry_id, values)
    if values and row["representative"] is not None:
        complete_seed(connection, row["representative"], entry_id)
    return is_new or bool(values)


def _facts(row: RowMapping, read: Article) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if read.published and read.published.to_json() != row["published"]:
        values |= {"published": read.published.to_json(), "datings": [dating.to_json() for dating in read.datings]}
    if read.account and read.account != row["account"]:
        values["account"] = read.account
    if read.url and not row["url"]:
        # Its own address goes before the one that a copy lent it.
        values |= {"url": read.url, "original_url": "", "final_key": read.final_key}
    return values


def _judgement(row: RowMapping, read: Article, themes: Sequence[str]) -> dict[str, Any]:
    values = {"verdicts": [verdict.to_json() for verdict in read.verdicts], "themes": list(themes)}
    return {} if all(row[name] == value for name, value in values.items()) else values


def _announce(connection: Connection, entry_id: int, values: dict[str, Any]) -> None:
    """What its entry says of it, to whoever asks for the article by its address."""
    told = {name: values[name] for name in ("url", "published") if name in values}
    if told:
        connection.execute(update(entry_table).where(entry_table.c.id == entry_id).values(told))
