"""Whether an article is a copy of a stored one."""

from sqlalchemy import ColumnElement, Connection, select

from crawler import tables
from crawler.items import Article, CopyVerdict, Origin
from crawler.outcomes import ARCHIVED, Sameness

_article = tables.article.c
_entry = tables.entry.c


def find_copy(connection: Connection, article: Article, text_hash: str) -> CopyVerdict | None:
    """The verdict when another stored article has the same key or the same text, else None.

    `text_hash` is that of `pipelines.copies.fingerprint.text_hash`. `of` names the representative of the copy group.
    """
    return _find(connection, article, text_hash)


def find_seed(connection: Connection, article: Article, text_hash: str) -> CopyVerdict | None:
    """As `find_copy`, among the seeds alone."""
    is_seed = _article.origin == Origin.SEED.value
    return _find(connection, article, text_hash, is_seed)


def _find(
    connection: Connection, article: Article, text_hash: str, among: ColumnElement[bool] | None = None
) -> CopyVerdict | None:
    for level, condition in ((Sameness.SAME_KEY, _same_key(article)), (Sameness.SAME_TEXT, _same_text(text_hash))):
        twin = _first(connection, article, condition if among is None else condition & among)
        if twin is not None:
            return CopyVerdict(of=representative_of(connection, twin), level=level, measure=1.0)
    return None


def representative_of(connection: Connection, entry: int) -> int:
    """The entry id of the article that stands for the copy group `entry` belongs to: its own, when it has none."""
    seen = {entry}
    while True:
        above = connection.execute(select(_article.representative).where(_article.entry == entry)).scalar_one_or_none()
        if above is None or above in seen:
            return entry
        seen.add(above)
        entry = above


def _same_key(article: Article) -> ColumnElement[bool]:
    # A seed whose address is not known has no key of its own.
    keys = [key for key in (article.final_key, article.pending.entry.key) if key]
    announced = select(_entry.id).where(_entry.key == (article.final_key or None))
    # Each half by its own index.
    stored = _article.final_key.in_(keys) | _article.entry.in_(announced)
    return stored & _article.outcome.in_([outcome.value for outcome in ARCHIVED])


def _same_text(text_hash: str) -> ColumnElement[bool]:
    """The text of any version: a copy may have been made before its original changed, or after."""
    said_so = select(tables.version.c.entry).where(tables.version.c.text_hash == text_hash)
    # Copies too: the one that was kept may have been forgotten, and a copy stands for the group now.
    return _article.entry.in_(said_so) & _article.outcome.in_([outcome.value for outcome in ARCHIVED])


def _first(connection: Connection, article: Article, condition: ColumnElement[bool]) -> int | None:
    """The entry id of the first stored article, other than this one, that meets the condition."""
    query = select(_article.kept_at, _article.entry).where(condition, _article.entry != article.pending.id)
    # Not ordered by the database: to save itself the sorting, SQLite would go through all articles.
    first = min(connection.execute(query).all(), default=None)
    return None if first is None else first.entry
