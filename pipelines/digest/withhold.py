"""What its source took away after a digest was issued, and whether a digest's file still shows its text."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from crawler.tables import article
from pipelines.digest.lines import url_of
from pipelines.markdown import address

_MARK = " · 已删除"  # ends the first line of an article whose text is withheld; see digest.md.j2


@dataclass(frozen=True, kw_only=True)
class TakenAway:
    """An article whose text is withheld."""

    url: str  # as a digest shows it
    kept_at: datetime


def taken_away(connection: Connection, since: datetime | None) -> tuple[TakenAway, ...]:
    """What was taken away after `since`, or ever."""
    query = select(article.c.url, article.c.original_url, article.c.kept_at).where(article.c.deleted_at.is_not(None))
    if since is not None:
        query = query.where(article.c.deleted_at > since)
    rows = connection.execute(query).mappings()
    return tuple(TakenAway(url=url_of(row), kept_at=row["kept_at"]) for row in rows)


def shows_text_of(markdown: str, urls: Collection[str]) -> bool:
    """Whether a digest has one of these articles as a line that is not marked as taken away. Pure."""
    marks = [f"]({address(url)[1:-1]})** · " for url in urls]
    heads = [line for line in markdown.split("\n") if line.startswith("- **[") and not line.endswith(_MARK)]
    return any(mark in head for head in heads for mark in marks)
