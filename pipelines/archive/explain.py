"""Why an article is where it is, or at which stage it was lost. From stored facts only: nothing is judged again."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, or_, select

from crawler.items import Dating, ThemeVerdict
from crawler.tables import article, copy, endpoint, entry, sighting, version
from crawler.tombstones import Tombstone, buried
from crawler.urls import UrlError, article_key, canonical_url, docsify_file_url

_CANDIDATES = 20
_KEY = re.compile(r"(?:url|docsify|wechat):[^\s/]\S*")  # as crawler.urls.article_key makes them


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One of several articles a query may mean."""

    entry: int
    title: str
    source: str
    url: str
    outcome: str  # empty while pending


@dataclass(frozen=True, kw_only=True)
class SeenAt:
    """An endpoint that announced the article."""

    source: str
    url: str
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, kw_only=True)
class Twin:
    """The article this one is a copy of, or a copy of this one."""

    entry: int
    title: str
    source: str
    url: str
    origin: str  # a crawler.items.Origin
    level: str  # a crawler.outcomes.Sameness
    measure: float


@dataclass(frozen=True, kw_only=True)
class LaterVersion:
    """A text that took the place of the one before."""

    number: int  # 2 and up
    seen: datetime
    diff: str  # see pipelines.archive.diff; empty once the text has expired


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Everything stored about one entry. What an entry without an article cannot have is empty."""

    entry: int
    key: str
    url: str
    original_url: str
    read_at: str  # the URL after redirects
    title: str
    source: str
    account: str
    authors: tuple[str, ...]
    announced_by: str  # the endpoint of first sight
    first_seen: datetime
    first_run: int
    backlog: bool
    sightings: tuple[SeenAt, ...]
    published: Dating | None
    datings: tuple[Dating, ...]
    verdicts: tuple[ThemeVerdict, ...]
    themes: tuple[str, ...]  # best first; those that name it as their seed before the others
    copy_of: Twin | None
    copies: tuple[Twin, ...]
    outcome: str  # empty while pending
    origin: str  # a crawler.items.Origin
    reason: str
    ended: datetime | None
    ended_run: int | None
    versions: tuple[LaterVersion, ...]  # the first, which was kept, is not among them
    deleted_at: datetime | None  # its source took it away
    deleted_why: str
    revisit_at: datetime | None
    kept_at: datetime | None
    path: str  # of its file, below the archive folder
    filed: bool
    expired: datetime | None  # when its text was let go
    extractor: str
    attempts: float
    next_try: datetime | None
    last_error: str


def explain(connection: Connection, query: str) -> Explanation | tuple[Candidate, ...] | Tombstone:
    """Explain the article that `query` names, as `find` finds it.

    Returns:
        Candidates when several fit, none at all when nothing does. A tombstone when it was forgotten: nothing else is
        known of it.
    """
    found = find(connection, query)
    if len(found) == 1:
        return _explanation(connection, found[0])
    grave = None if found else grave_of(connection, query)
    return grave or candidates(connection, found)


def find(connection: Connection, query: str) -> list[int]:
    """The entry ids of the articles that `query` names: by id, by key, by URL, by title or a part of that.

    The first of these ways that finds anything counts. At most twenty, the newest first.
    """
    query = query.strip()
    return (
        _by_id(connection, query)
        or _ids(connection, select(entry.c.id).where(entry.c.key == query))
        or _by_url(connection, query)
        or _by_title(connection, query)
    )


def grave_of(connection: Connection, query: str) -> Tombstone | None:
    """The tombstone of the article that `query` names by its URL or its key: no title is left."""
    return next(iter(buried(connection, keys_named_by(query)).values()), None)


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


def _by_url(connection: Connection, query: str) -> list[int]:
    if "://" not in query:
        return []
    try:
        key = article_key(query)
        spellings = {query, canonical_url(query), docsify_file_url(query)}
    except UrlError:
        return []
    owner = _ids(connection, select(entry.c.id).where(entry.c.key == key))
    # An announcement that led elsewhere is known by where it led as well.
    led_there = owner or _ids(connection, select(article.c.entry).where(article.c.final_key == key))
    # A mirror's entry goes by its original's key; its own address is what was to be fetched.
    return led_there or _ids(connection, select(entry.c.id).where(entry.c.url.in_(spellings)))


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
    row = _entry_row(connection, number)
    return Candidate(
        entry=number,
        title=row["article_title"] or row["title"],
        source=row["source"],
        url=row["original_url"] or row["url"],
        outcome=row["outcome"] or "",
    )


def _entry_row(connection: Connection, number: int) -> RowMapping:
    return (
        connection.execute(
            select(entry, endpoint.c.url.label("announced_by"), article.c.title.label("article_title"))
            .join(endpoint, endpoint.c.id == entry.c.endpoint)
            .outerjoin(article, article.c.entry == entry.c.id)
            .where(entry.c.id == number)
        )
        .mappings()
        .one()
    )


def _explanation(connection: Connection, number: int) -> Explanation:
    row = _entry_row(connection, number)
    stored = connection.execute(select(article).where(article.c.entry == number)).mappings().one_or_none()
    kept: Mapping[Any, Any] = stored or {}
    published = kept.get("published") or row["published"]
    return Explanation(
        entry=number,
        key=row["key"],
        url=row["url"],
        original_url=row["original_url"],
        read_at=kept.get("url", ""),
        title=kept.get("title") or row["title"],
        source=row["source"],
        account=kept.get("account", ""),
        authors=tuple(kept.get("authors") or row["authors"]),
        announced_by=row["announced_by"],
        first_seen=row["first_seen"],
        first_run=row["first_run"],
        backlog=row["backlog"],
        sightings=_sightings(connection, row["key"]),
        published=Dating.from_json(published) if published else None,
        datings=tuple(map(Dating.from_json, kept.get("datings", ()))),
        verdicts=tuple(map(ThemeVerdict.from_json, kept.get("verdicts", ()))),
        themes=tuple(kept.get("themes", ())),
        copy_of=_original(connection, number),
        copies=_copies(connection, number),
        outcome=row["outcome"] or "",
        origin=row["origin"],
        reason=row["reason"],
        ended=row["ended"],
        ended_run=row["ended_run"],
        versions=_later_versions(connection, number),
        deleted_at=kept.get("deleted_at"),
        deleted_why=kept.get("deleted_why", ""),
        revisit_at=kept.get("revisit_at"),
        kept_at=kept.get("kept_at"),
        path=kept.get("path", ""),
        filed=kept.get("filed", False),
        expired=kept.get("expired"),
        extractor=kept.get("extractor", ""),
        attempts=row["attempts"],
        next_try=row["next_try"],
        last_error=row["last_error"],
    )


def _sightings(connection: Connection, key: str) -> tuple[SeenAt, ...]:
    rows = connection.execute(
        select(endpoint.c.source, endpoint.c.url, sighting.c.first_seen, sighting.c.last_seen)
        .join(endpoint, endpoint.c.id == sighting.c.endpoint)
        .where(sighting.c.key == key)
        .order_by(sighting.c.first_seen, endpoint.c.id)
    ).mappings()
    return tuple(SeenAt(**row) for row in rows)


def _later_versions(connection: Connection, number: int) -> tuple[LaterVersion, ...]:
    rows = connection.execute(
        select(version.c.number, version.c.seen, version.c.diff)
        .where(version.c.entry == number, version.c.number > 1)
        .order_by(version.c.number)
    ).mappings()
    return tuple(LaterVersion(**row) for row in rows)


def _twins() -> Select[Any]:
    return select(
        article.c.entry,
        article.c.title,
        article.c.source,
        article.c.url,
        article.c.original_url,
        article.c.origin,
        copy.c.level,
        copy.c.measure,
    )


def _original(connection: Connection, number: int) -> Twin | None:
    of_this = _twins().join(copy, copy.c.original == article.c.entry).where(copy.c.entry == number)
    row = connection.execute(of_this).mappings().one_or_none()
    return _twin(row) if row else None


def _copies(connection: Connection, number: int) -> tuple[Twin, ...]:
    rows = connection.execute(
        _twins()
        .join(copy, copy.c.entry == article.c.entry)
        .where(copy.c.original == number)
        .order_by(article.c.kept_at, article.c.entry)
    ).mappings()
    return tuple(map(_twin, rows))


def _twin(row: RowMapping) -> Twin:
    return Twin(
        entry=row["entry"],
        title=row["title"],
        source=row["source"],
        url=row["original_url"] or row["url"],
        origin=row["origin"],
        level=row["level"],
        measure=row["measure"],
    )
