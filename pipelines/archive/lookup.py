"""Which article a person means: by its id, its key, its URL, its title or a part of that."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, Select, or_, select

from crawler.tables import article, entry
from crawler.tombstones import Tombstone, buried, keys_of
from crawler.urls import UrlError, article_key, canonical_url, docsify_file_url

_CANDIDATES = 20
# As crawler.urls.article_key makes them, and pipelines.seeds.identity: an account's name may hold spaces.
_KEY = re.compile(r"(?:url|docsify|wechat|qq|iyiou|discuz):[^\s/]\S*|seed:\S.*")


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One of several articles a query may mean."""

    entry: int
    title: str
    source: str
    url: str
    outcome: str  # empty while pending


def find(connection: Connection, query: str) -> list[int]:
    """The entry ids of what `query` names exactly, else of the articles that have it in their titles.

    At most twenty, the newest first.
    """
    return find_exactly(connection, query) or _by_title(connection, query.strip())


def find_exactly(connection: Connection, query: str) -> list[int]:
    """The entry ids of what `query` names by id, by key or by URL; mostly one."""
    return find_own(connection, query) or _led_there(connection, query) or find_at(connection, query)


def find_own(connection: Connection, query: str) -> list[int]:
    """The entry whose own id or key `query` is, or whose key is that of the URL it is: one at most."""
    own = select(entry.c.id).where(entry.c.key.in_({query.strip(), *keys_named_by(query)}))
    return _by_id(connection, query.strip()) or _ids(connection, own)


def find_at(connection: Connection, query: str) -> list[int]:
    """The entries that were to be fetched at this URL: a mirror's goes by its original's key."""
    query = query.strip()
    try:
        spellings = {query, canonical_url(query), docsify_file_url(query)} if "://" in query else set()
    except UrlError:
        return []
    return _ids(connection, select(entry.c.id).where(entry.c.url.in_(spellings)))


def grave_of(connection: Connection, query: str) -> Tombstone | None:
    """The tombstone of the article that `query` names by its URL or its key: no title is left."""
    keys = keys_of(keys_named_by(query), [query.strip()])
    return next(iter(buried(connection, keys).values()), None)


def keys_named_by(query: str) -> frozenset[str]:
    """The keys that `query` may mean: itself, when it reads as one, or that of the URL it is; else none."""
    query = query.strip()
    if _KEY.match(query):
        return frozenset({query})
    try:
        return frozenset({article_key(query)}) if "://" in query else frozenset()
    except UrlError:
        return frozenset()


def candidates(connection: Connection, entries: Iterable[int]) -> tuple[Candidate, ...]:
    """What is needed to tell several entries apart."""
    return tuple(_candidate(connection, number) for number in entries)


def _by_id(connection: Connection, query: str) -> list[int]:
    if not (query.isascii() and query.isdigit() and len(query) < 19):
        return []
    return _ids(connection, select(entry.c.id).where(entry.c.id == int(query)))


def _led_there(connection: Connection, query: str) -> list[int]:
    """An announcement that led elsewhere is known by where it led as well."""
    if "://" not in query:
        return []
    return _ids(connection, select(article.c.entry).where(article.c.final_key.in_(keys_named_by(query))))


def _by_title(connection: Connection, query: str) -> list[int]:
    if not query:
        return []
    joined = select(entry.c.id).outerjoin(article, article.c.entry == entry.c.id)
    exact = _ids(connection, joined.where(or_(entry.c.title == query, article.c.title == query)))
    partial = or_(entry.c.title.contains(query, autoescape=True), article.c.title.contains(query, autoescape=True))
    return exact or _ids(connection, joined.where(partial))


def _ids(connection: Connection, statement: Select[tuple[int]]) -> list[int]:
    """The newest first."""
    return list(connection.scalars(statement.order_by(statement.selected_columns[0].desc()).limit(_CANDIDATES)))


def _candidate(connection: Connection, number: int) -> Candidate:
    row = connection.execute(
        select(entry, article.c.title.label("read_title"))
        .outerjoin(article, article.c.entry == entry.c.id)
        .where(entry.c.id == number)
    ).one()
    return Candidate(
        entry=number,
        title=row.read_title or row.title,
        source=row.source,
        url=row.original_url or row.url,
        outcome=row.outcome or "",
    )
