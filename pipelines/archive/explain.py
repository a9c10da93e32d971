"""Why an article is where it is, or at which stage it was lost. From stored facts only: nothing is judged again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, select

from crawler.items import Dating, ThemeVerdict
from crawler.tables import article, copy, endpoint, entry, sighting, version
from crawler.tombstones import Tombstone
from pipelines.archive.lookup import Candidate, candidates, find, grave_of


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
    diff: str  # see pipelines.archive.diff; empty when another extractor read it, and once the text has expired


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


def _entry_row(connection: Connection, number: int) -> RowMapping:
    return (
        connection.execute(
            select(entry, endpoint.c.url.label("announced_by"))
            .join(endpoint, endpoint.c.id == entry.c.endpoint)
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
