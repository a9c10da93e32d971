"""Which articles an export takes, read one after the other: the archive may be larger than the memory."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, Select, and_, func, select

from crawler.config.models import Config
from crawler.items import Dating, Origin, Precision
from crawler.outcomes import ARCHIVED
from crawler.tables import article, entry, version

_ROWS_AT_ONCE = 100


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is asked for; an empty set or None asks for no more than the rest does."""

    sources: frozenset[str] = frozenset()
    themes: frozenset[str] = frozenset()
    origins: frozenset[Origin] = frozenset()
    since: date | None = None  # the first day
    until: date | None = None  # the last day
    copies: bool = True


def chosen(connection: Connection, wanted: Wanted, zone: ZoneInfo) -> Iterator[RowMapping]:
    """The kept articles and copies that `wanted` asks for, each with its newest version, in the order they came in.

    `zone` is the one whose days `wanted` counts, the installation's.
    """
    rows = connection.execute(_archived(wanted), execution_options={"yield_per": _ROWS_AT_ONCE}).mappings()
    return (row for row in rows if _has_theme(row, wanted) and _is_in_time(row, wanted, zone))


def known_sources(connection: Connection, config: Config) -> list[str]:
    """Those of the config, and those that only the archive still knows."""
    stored = connection.scalars(select(article.c.source).where(_is_archived()).distinct())
    return sorted({source.name for source in config.sources} | set(stored))


def known_themes(connection: Connection, config: Config) -> list[str]:
    """Those of the config, and those that only the archive still knows."""
    stored = connection.scalars(select(article.c.themes).where(_is_archived()).distinct())
    return sorted({theme.name for theme in config.themes} | {name for names in stored for name in names})


def day_of(published: Dating | None, kept_at: datetime, zone: ZoneInfo) -> date:
    """The day an article is from: published where that is known, else kept."""
    if published is None:
        return kept_at.astimezone(zone).date()
    # A bare day stays that day, whatever zone it was assumed in.
    return published.at.date() if published.precision is Precision.DAY else published.at.astimezone(zone).date()


def _archived(wanted: Wanted) -> Select[Any]:
    original = entry.alias("original")
    each = version.alias("each")
    newest = select(func.max(each.c.number)).where(each.c.entry == article.c.entry).scalar_subquery()
    query = (
        select(
            article,
            entry.c.key,
            original.c.key.label("copy_of"),
            version.c.number,
            version.c.seen,
            version.c.title.label("latest_title"),
            version.c.markdown,
            version.c.text,
        )
        .join(entry, entry.c.id == article.c.entry)
        .join(version, and_(version.c.entry == article.c.entry, version.c.number == newest))
        .outerjoin(original, original.c.id == article.c.representative)
        .where(_is_archived())
        .order_by(article.c.entry)
    )
    if wanted.sources:
        query = query.where(article.c.source.in_(wanted.sources))
    if wanted.origins:
        query = query.where(article.c.origin.in_(wanted.origins))
    return query if wanted.copies else query.where(article.c.representative.is_(None))


def _is_archived() -> Any:
    return article.c.outcome.in_(ARCHIVED)


def _has_theme(row: Mapping[Any, Any], wanted: Wanted) -> bool:
    return not wanted.themes or not wanted.themes.isdisjoint(row["themes"])


def _is_in_time(row: Mapping[Any, Any], wanted: Wanted, zone: ZoneInfo) -> bool:
    published = Dating.from_json(row["published"]) if row["published"] else None
    day = day_of(published, row["kept_at"], zone)
    return (wanted.since is None or wanted.since <= day) and (wanted.until is None or day <= wanted.until)
