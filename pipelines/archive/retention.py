"""Texts that have been kept for as long as they may be. The row with title, address and verdict stays.

A copy that a migration kept of the database holds them too, and goes when it is as old as a deleted text may be. The
oldest days of the request ledger, which hold no text, go with them.

A file goes before its row says so: what a killed process leaves is still found expired, and let go by the next one.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, and_, select, update

from crawler.config.models import Config
from crawler.database import Database
from crawler.items import Origin
from crawler.outcomes import ARCHIVED, Outcome
from crawler.safety import expired_safety_copies, remove_safety_copy
from crawler.tables import article, entry, version
from crawler.traffic import forget_old
from pipelines.archive.aside import set_aside_if_edited
from pipelines.archive.facts import filing
from pipelines.archive.files import render, sha256
from pipelines.search.index import index_article, unindex_article

logger = logging.getLogger(__name__)

_BATCH = 200  # articles in one transaction


class Rule(StrEnum):
    """Why a text is let go: the setting of `retention` that says how long it may be kept."""

    DELETED = "deleted"
    OFF_THEME = "off_theme"
    ARTICLES = "articles"


@dataclass(frozen=True, kw_only=True)
class Expiring:
    """An article whose text is to be let go."""

    entry: int
    rule: Rule
    title: str
    path: str  # of its file, below the archive folder; "" where it has none


@dataclass(frozen=True, kw_only=True)
class Expired:
    """What was let go."""

    articles: tuple[Expiring, ...] = ()
    kept_aside: tuple[Path, ...] = ()  # edited files, under their new names
    safety_copies: tuple[Path, ...] = ()  # of the database as it was before a migration
    faults: tuple[str, ...] = ()  # files that could not be removed, with the cause; their texts stay


class Retention:
    """Applies the settings under `retention` to the texts of `database`, its copies, and the files below `folder`."""

    def __init__(self, database: Database, folder: Path, config: Config) -> None:
        self._database = database
        self._folder = folder
        self._config = config

    def expiring(self, now: datetime) -> Expired:
        """What `apply` would let go."""
        copies = expired_safety_copies(self._database, now - self._config.settings.retention.deleted)
        with self._database.read() as connection:
            return Expired(articles=tuple(self._due(connection, now)), safety_copies=copies)

    def apply(self, now: datetime) -> Expired:
        """Let go every text that has been kept long enough, and its file. The caller holds the run lock.

        A file that somebody edited is kept under another name: what a person wrote is never lost.
        """
        forget_old(self._database, now.astimezone(self._config.settings.zone).date())
        expiring = self.expiring(now)
        due = expiring.articles
        gone, aside, faults = list[Expiring](), list[Path](), list[str]()
        for start in range(0, len(due), _BATCH):
            removed = []
            for item in due[start : start + _BATCH]:
                try:
                    aside.extend(self._remove_file(item))
                    removed.append(item)
                except OSError as error:
                    faults.append(f"{self._folder / item.path} cannot be removed: {error.strerror or error}")
            with self._database.write() as connection:
                self._let_go(connection, [item.entry for item in removed], now)
            gone.extend(removed)
        copies = tuple(self._remove_copies(expiring.safety_copies, faults))
        return Expired(articles=tuple(gone), kept_aside=tuple(aside), safety_copies=copies, faults=tuple(faults))

    @staticmethod
    def _remove_copies(copies: Sequence[Path], faults: list[str]) -> Iterator[Path]:
        """Remove them, and name those that went; what cannot be removed is among the faults."""
        for copy in copies:
            try:
                remove_safety_copy(copy)
            except OSError as error:
                faults.append(f"{copy} cannot be removed: {error.strerror or error}")
            else:
                logger.info("%s has expired and is removed", copy)
                yield copy

    def _due(self, connection: Connection, now: datetime) -> Iterator[Expiring]:
        seen: set[int] = set()
        for rule, condition in self._conditions(now).items():
            # Not ordered by the database: to save itself the sorting, SQLite would go through all articles.
            rows = connection.execute(
                select(article.c.entry, article.c.title, article.c.path).where(article.c.expired.is_(None), condition)
            )
            for row in sorted(rows):
                if row.entry not in seen:
                    seen.add(row.entry)
                    yield Expiring(entry=row.entry, rule=rule, title=row.title, path=row.path)

    def _conditions(self, now: datetime) -> dict[Rule, ColumnElement[bool]]:
        limits = self._config.settings.retention
        conditions = {
            Rule.DELETED: article.c.deleted_at < now - limits.deleted,
            Rule.OFF_THEME: and_(
                article.c.outcome == Outcome.OFF_THEME.value, article.c.kept_at < now - limits.off_theme
            ),
        }
        if limits.articles is not None:
            conditions[Rule.ARTICLES] = and_(
                article.c.outcome.in_([outcome.value for outcome in ARCHIVED]),
                article.c.kept_at < now - limits.articles,
                article.c.origin != Origin.SEED.value,  # the operator's own examples
            )
        return conditions

    def _remove_file(self, item: Expiring) -> list[Path]:
        """Remove the article's file; return its new name where it was edited and is kept."""
        if not item.path:
            return []
        target = self._folder / item.path
        with self._database.read() as connection:
            wanted = filing(connection, self._config, item.entry)
        edited = set_aside_if_edited(target, written=wanted.written_hash, wanted=sha256(render(wanted.facts)))
        target.unlink(missing_ok=True)
        if edited is None:
            return []
        logger.warning("%s has expired but was edited by hand; the edited text is kept as %s", item.path, edited.name)
        return [edited]

    @staticmethod
    def _let_go(connection: Connection, entries: Sequence[int], now: datetime) -> None:
        for entry_id in entries:
            unindex_article(connection, entry_id)
        connection.execute(update(version).where(version.c.entry.in_(entries)).values(text="", markdown="", diff=""))
        connection.execute(
            update(article)
            .where(article.c.entry.in_(entries))
            .values(path="", filed=False, file_hash="", revisit_at=None, expired=now)
        )
        _forget_quotations(connection, entries)
        for entry_id in entries:
            index_article(connection, entry_id)  # by its title


def _forget_quotations(connection: Connection, entries: Sequence[int]) -> None:
    """What its source took away is not quoted either: in the reasons of its verdicts, in its announcement."""
    deleted = select(article.c.entry, article.c.verdicts).where(
        article.c.entry.in_(entries), article.c.deleted_at.is_not(None)
    )
    for row in connection.execute(deleted).all():
        bare = [{**verdict, "hits": [{**hit, "excerpt": ""} for hit in verdict["hits"]]} for verdict in row.verdicts]
        connection.execute(update(article).where(article.c.entry == row.entry).values(verdicts=bare))
        connection.execute(update(entry).where(entry.c.id == row.entry).values(summary=""))
