"""What its source took away after a digest was issued, and whether a digest's file still shows its text."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from crawler.tables import article
from pipelines.digest.links import first_publication
from pipelines.digest.words import WORDS
from pipelines.markdown import harmless

# They end the first line of an article whose text is withheld; see digest.md.j2.
_MARKS = tuple(f" · {words['deleted']}" for words in WORDS.values())


@dataclass(frozen=True, kw_only=True)
class TakenAway:
    """An article whose text is withheld."""

    urls: frozenset[str]  # as digests show it, those too that were made when links were shown whole
    kept_at: datetime


def taken_away(connection: Connection, since: datetime | None) -> tuple[TakenAway, ...]:
    """What was taken away after `since`, or ever."""
    query = select(article.c.url, article.c.original_url, article.c.kept_at).where(article.c.deleted_at.is_not(None))
    if since is not None:
        query = query.where(article.c.deleted_at > since)
    rows = connection.execute(query).mappings()
    return tuple(
        TakenAway(urls=frozenset({first_publication(row), row["original_url"] or row["url"]}), kept_at=row["kept_at"])
        for row in rows
    )


def shows_text_of(markdown: str, urls: Collection[str]) -> bool:
    """Whether a digest has one of these articles as a line that is not marked as taken away. Pure."""
    marks = [f"]({harmless(url)})** · " for url in urls]
    heads = [line for line in markdown.split("\n") if line.startswith("- **[") and not line.endswith(_MARKS)]
    return any(mark in head for head in heads for mark in marks)
