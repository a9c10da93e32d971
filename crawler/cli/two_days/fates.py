"""What became of every entry of the demo, by its ledger."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from crawler.database import Database
from crawler.items import Origin
from crawler.outcomes import Outcome
from crawler.tables import article, entry


@dataclass(frozen=True, kw_only=True)
class Fate:
    entry: int
    outcome: str | None  # None while it is pending
    stands_under: int | None  # the entry whose copy it is
    deleted: bool

    @property
    def group(self) -> int:
        """The entry that stands for it and for all its copies."""
        return self.stands_under or self.entry


def fates_of(database: Database) -> Mapping[str, Fate]:
    """By article key."""
    query = select(entry.c.id, entry.c.key, entry.c.outcome)
    query = query.add_columns(article.c.representative, article.c.deleted_at)
    with database.read() as connection:
        rows = connection.execute(query.join_from(entry, article, isouter=True)).all()
    return {
        row.key: Fate(
            entry=row.id,
            outcome=row.outcome,
            stands_under=row.representative,
            deleted=row.deleted_at is not None,
        )
        for row in rows
    }


def folded_under_seeds(database: Database) -> int:
    """How many articles that were crawled turned out to be copies of a seed."""
    query = select(article.c.entry, article.c.representative, article.c.origin, article.c.outcome)
    with database.read() as connection:
        rows = connection.execute(query).all()
    seeds = {row.entry for row in rows if row.origin == Origin.SEED.value}
    return sum(row.outcome == Outcome.COPY.value and row.representative in seeds for row in rows)
