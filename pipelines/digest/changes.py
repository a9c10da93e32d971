"""What happened in a period to articles that were kept: new versions, and deletions at their source."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, select

from crawler.config.models import Config, Subscription
from crawler.items import Origin
from crawler.outcomes import Outcome
from crawler.tables import article, version
from pipelines.archive.diff import changed_clauses
from pipelines.digest.lines import wanted_themes
from pipelines.digest.links import first_publication
from pipelines.digest.model import Changed


def changes_between(
    connection: Connection, config: Config, subscription: Subscription, cut_from: datetime, cut_to: datetime
) -> tuple[Changed, ...]:
    """The changes in (cut_from, cut_to] to articles the subscription gets, one an article, in order of time.

    A deletion outweighs the versions before it; of several versions the newest is told, with the clauses of all.
    """
    versions: dict[int, list[Mapping[Any, Any]]] = defaultdict(list)
    for row in _rows(connection, subscription, _updates(cut_from, cut_to)):
        versions[row["entry"]].append(row)
    found = {entry_id: _updated(config, rows) for entry_id, rows in versions.items()}
    deleted = _rows(connection, subscription, _deletions(cut_from, cut_to))
    found |= {row["entry"]: _deleted(config, row) for row in deleted}
    return tuple(sorted(found.values(), key=lambda change: (change.at, change.url)))


def _rows(connection: Connection, subscription: Subscription, query: Select[Any]) -> Iterator[Mapping[Any, Any]]:
    for row in connection.execute(query).mappings():
        if wanted_themes(subscription, row["source"], row["themes"]):
            yield row


def _updates(cut_from: datetime, cut_to: datetime) -> Select[Any]:
    """A row for each new version of an article."""
    return (
        select(article, version.c.seen, version.c.diff)
        .join(version, version.c.entry == article.c.entry)
        .where(version.c.number > 1, version.c.seen > cut_from, version.c.seen <= cut_to, _is_news())
        .where(version.c.diff != "")  # else it was read by another extractor, or its text has expired
        .order_by(article.c.entry, version.c.number)
    )


def _deletions(cut_from: datetime, cut_to: datetime) -> Select[Any]:
    return select(article).where(article.c.deleted_at > cut_from, article.c.deleted_at <= cut_to, _is_news())


def _is_news() -> Any:
    return and_(article.c.outcome == Outcome.KEPT.value, article.c.origin != Origin.SEED.value)


def _updated(config: Config, rows: Sequence[Mapping[Any, Any]]) -> Changed:
    counts = [changed_clauses(row["diff"]) for row in rows]
    removed, added = sum(count[0] for count in counts), sum(count[1] for count in counts)
    return _change(config, rows[-1], rows[-1]["seen"], removed=removed, added=added)


def _deleted(config: Config, row: Mapping[Any, Any]) -> Changed:
    return _change(config, row, row["deleted_at"], is_deleted=True)


def _change(
    config: Config, row: Mapping[Any, Any], at: datetime, *, is_deleted: bool = False, removed: int = 0, added: int = 0
) -> Changed:
    return Changed(
        title=row["title"],
        url=first_publication(row),
        source=config.label_of(row["source"]),
        at=at,
        is_deleted=is_deleted,
        removed=removed,
        added=added,
    )
