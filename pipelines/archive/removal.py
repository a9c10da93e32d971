"""An article's rows and files, removed for good. A step of `pipelines.forget`."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, delete, or_, select, update

from crawler.items import Origin
from crawler.tables import article, book, endpoint, entry, run, sighting, story, version
from crawler.tombstones import bury, keys_of
from pipelines.archive.files import key_hash
from pipelines.archive.tree import files_below
from pipelines.copies.groups import leave

_GONE = "(forgotten)"  # in place of an address


@dataclass(frozen=True, kw_only=True)
class Remains:
    """All by which an article can be found again: what must go, and where else it may stand."""

    entry: int
    key: str
    title: str
    source: str
    outcome: str  # empty while pending
    origin: str  # a crawler.items.Origin
    first_seen: datetime
    versions: int
    keys: frozenset[str]  # every key it goes by
    titles: frozenset[str]  # every title it had
    addresses: frozenset[str]  # every URL it goes by
    announced_by: frozenset[str]  # the endpoints, whose answers name it too
    twins: tuple[int, ...]  # other articles of its copy group: they stay


def entry_of(connection: Connection, key: str) -> int:
    """
    Raises:
        NoResultFound: there is no entry of this key.
    """
    number: int = connection.scalars(select(entry.c.id).where(entry.c.key == key)).one()
    return number


def remains_of(connection: Connection, entry_id: int) -> Remains:
    """
    Raises:
        NoResultFound: there is no such entry.
    """
    row = connection.execute(select(entry).where(entry.c.id == entry_id)).mappings().one()
    read = connection.execute(select(article).where(article.c.entry == entry_id)).mappings().one_or_none()
    titles = connection.scalars(select(version.c.title).where(version.c.entry == entry_id)).all()
    places = select(endpoint.c.url).join(sighting, sighting.c.endpoint == endpoint.c.id)
    addresses = {row["url"], row["original_url"], *((read["url"], read["original_url"]) if read else ())} - {""}
    return Remains(
        entry=entry_id,
        key=row["key"],
        title=read["title"] if read else row["title"],
        source=row["source"],
        outcome=row["outcome"] or "",
        origin=row["origin"],
        first_seen=row["first_seen"],
        versions=len(titles),
        keys=keys_of({row["key"], read["final_key"] if read else ""}, addresses),
        titles=frozenset({row["title"], read["title"] if read else "", *titles} - {""}),
        addresses=frozenset(addresses),
        announced_by=frozenset(connection.scalars(places.where(sighting.c.key == row["key"]))),
        twins=_twins(connection, entry_id),
    )


def remove_rows(connection: Connection, remains: Remains, *, reason: str, now: datetime) -> None:
    """Hand on its copy group, remove its rows and what else the database says of it, and leave tombstones.

    The files of those that named it wait to be written anew.
    """
    number = remains.entry
    read = connection.execute(select(article).where(article.c.entry == number)).mappings().one_or_none()
    # One original a text: the article that goes must not be in the way of its heir.
    connection.execute(update(article).where(article.c.entry == number).values(text_hash=f"forgotten {number}"))
    leave(connection, number)
    connection.execute(update(story).where(story.c.representative == number).values(representative=None))
    connection.execute(delete(version).where(version.c.entry == number))
    connection.execute(delete(article).where(article.c.entry == number))
    home = connection.scalars(select(entry.c.endpoint).where(entry.c.id == number)).one()
    connection.execute(delete(sighting).where(sighting.c.key == remains.key))
    connection.execute(delete(entry).where(entry.c.id == number))
    _take_back(connection, remains, read)
    _remove_file_endpoint(connection, home)
    _remove_from_errors(connection, remains.addresses)
    bury(connection, remains.keys, reason=reason, now=now)


def files_of(folder: Path, keys: Iterable[str]) -> Iterator[str]:
    """The files below `folder` with one of the keys in their names: archive files, and edited ones set aside.

    Raises:
        OSError: a folder cannot be read.
    """
    marks = [f"-{key_hash(key)}.md" for key in keys]
    return (name for name in files_below(folder) if any(mark in name for mark in marks))


def _twins(connection: Connection, entry_id: int) -> tuple[int, ...]:
    above = select(article.c.representative).where(article.c.entry == entry_id).scalar_subquery()
    group = or_(article.c.representative == entry_id, article.c.representative == above, article.c.entry == above)
    rows = select(article.c.entry).where(group, article.c.entry != entry_id).order_by(article.c.entry)
    return tuple(connection.scalars(rows))


def _take_back(connection: Connection, remains: Remains, read: RowMapping | None) -> None:
    """Leave other articles what is their own, where they took an address or a date from the one that goes or led to it.

    Their files wait to be written anew.
    """
    if read is None:
        return
    own = {"own_url": entry.c.url, "own_original": entry.c.original_url, "own_date": entry.c.published}
    columns = [column.label(name) for name, column in own.items()]
    query = select(article, *columns).join(entry, entry.c.id == article.c.entry)
    named = or_(article.c.entry.in_(remains.twins), article.c.final_key.in_(remains.keys))
    for row in connection.execute(query.where(named)).mappings().all():
        values = _own_facts(row, remains, read)
        if values:
            this = article.c.entry == row["entry"]
            connection.execute(update(article).where(this).values(**values, filed=False))


def _own_facts(row: RowMapping, remains: Remains, read: RowMapping) -> dict[str, Any]:
    """What an article has of `remains`, put back to what it was announced with."""
    values: dict[str, Any] = {}
    if row["url"] in remains.addresses:
        values["url"] = row["own_url"]
    if row["original_url"] in remains.addresses:
        values["original_url"] = row["own_original"]
    if row["final_key"] in remains.keys:
        # A seed's own key is none of an address; it is known by that of its address, where it has one.
        values["final_key"] = next(iter(keys_of([], [row["own_url"]])), "")
    is_undated = row["origin"] == Origin.SEED.value and row["own_date"] is None
    if is_undated and row["published"] is not None and row["datings"] == read["datings"]:
        values |= {"published": None, "datings": []}
    return {name: value for name, value in values.items() if value != row[name]}


def _remove_file_endpoint(connection: Connection, number: int) -> None:
    """An endpoint that is a file (`seeds:`, `warc:`) and brought nothing else goes too: its name may tell the title."""
    is_a_file = ~or_(endpoint.c.url.startswith("http://"), endpoint.c.url.startswith("https://"))
    brought = (
        select(entry.c.id).where(entry.c.endpoint == endpoint.c.id),
        select(sighting.c.key).where(sighting.c.endpoint == endpoint.c.id),
    )
    unused = [~query.exists() for query in brought]
    connection.execute(delete(endpoint).where(endpoint.c.id == number, is_a_file, *unused))


def _remove_from_errors(connection: Connection, addresses: Iterable[str]) -> None:
    """What went wrong with its page was noted with its address."""
    for address in addresses:
        # Not where it is only the beginning of another address.
        whole = re.compile(re.escape(address) + r"(?=$|[\s:;,)'\"])")
        for table in (book, run):
            named = select(table).where(table.c.error.contains(address, autoescape=True))
            for row in connection.execute(named).all():
                this = and_(*(column == getattr(row, column.name) for column in table.primary_key))
                connection.execute(update(table).where(this).values(error=whole.sub(_GONE, row.error)))
