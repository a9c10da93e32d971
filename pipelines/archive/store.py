"""The archive: rows and Markdown files of what was read. The row is the truth; a file can always be made again from it.

An article's outcome, row, version and copy mark are one transaction. The file follows under a name the row knows
already, and the row then notes it, so that a process that dies in between leaves nothing a later run cannot finish.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import IntegrityError

from crawler.config.models import Config
from crawler.database import Database
from crawler.intake import Intake, take_in
from crawler.items import Article, Origin
from crawler.outcomes import Outcome
from crawler.tables import article as article_table
from crawler.tables import version
from pipelines.archive.facts import filing
from pipelines.archive.files import render, sha256, write_atomically
from pipelines.archive.rows import insert_article
from pipelines.copies.find import find_copy

logger = logging.getLogger(__name__)


class Archive:
    """Stores articles below `folder` and in `database`.

    `now` is asked inside the transaction that stores: a digest whose cut is made before then cannot miss the article.
    """

    def __init__(self, database: Database, folder: Path, config: Config, now: Callable[[], datetime]) -> None:
        self._database = database
        self._folder = folder
        self._config = config
        self._now = now

    def store(self, article: Article, *, run: int) -> Outcome:
        """End the entry with what was read, and store that; write the file of a kept article or copy.

        Raises:
            AlreadyEndedError: the entry has an outcome; nothing was stored.
        """
        try:
            outcome = self._commit(article, run)
        except IntegrityError:
            # The database holds one original per text: another visit stored its twin since we looked.
            with self._database.read() as connection:
                twin = find_copy(connection, article, article.text_hash)
            if twin is None:
                raise
            outcome = self._commit(replace(article, copy=twin), run)
        self.write_unfiled()
        return outcome

    def take_in(self, article: Article, intake: Intake) -> Outcome | None:
        """Store an article that a file brought, its entry included; None when its key is known."""
        with self._database.write() as connection:
            now = self._now()
            pending = take_in(connection, intake, article.pending.source, article.pending.entry, now)
            if pending is None:
                return None
            mine = replace(article, pending=pending)
            outcome = self._insert(connection, mine, intake.run, intake.origin, now)
        self.write_unfiled()
        return outcome

    def write_file(self, entry_id: int) -> None:
        """Make the article's file from its rows, and note that it is there.

        A file that somebody edited is kept beside it under another name: what a person wrote is never lost.
        """
        with self._database.read() as connection:
            wanted = filing(connection, self._config, entry_id)
        text = render(wanted.facts)
        edited = set_aside_if_edited(self._folder / wanted.path, written=wanted.written_hash, wanted=sha256(text))
        if edited is not None:
            logger.warning("%s was edited by hand; the edited text is kept as %s", wanted.path, edited.name)
        write_atomically(self._folder, wanted.path, text)
        with self._database.write() as connection:
            this = article_table.c.entry == entry_id
            connection.execute(update(article_table).where(this).values(filed=True, file_hash=sha256(text)))

    def write_unfiled(self) -> None:
        """Write every file that its rows wait for: of the article just stored, and of those that name it."""
        with self._database.read() as connection:
            waiting = _unfiled(connection)
        for entry_id, _ in waiting:
            self.write_file(entry_id)

    def recover(self) -> list[str]:
        """Write the files that a run which died could not, and let expired off-theme texts go.

        Returns:
            What could not be written, with the cause; the next run tries again.
        """
        expired = self._now() - self._config.settings.retention.off_theme
        with self._database.write() as connection:
            _forget_off_theme_texts(connection, expired)
            waiting = _unfiled(connection)
        faults = []
        for entry_id, path in waiting:
            try:
                for left_over in (self._folder / path).parent.glob(".*.tmp"):
                    left_over.unlink()
                self.write_file(entry_id)
            except OSError as error:
                faults.append(f"{self._folder / path} cannot be written: {error}")
        return faults

    def _commit(self, article: Article, run: int) -> Outcome:
        with self._database.write() as connection:
            return self._insert(connection, article, run, Origin.CRAWL, self._now())

    def _insert(self, connection: Connection, article: Article, run: int, origin: Origin, now: datetime) -> Outcome:
        return insert_article(connection, self._config, article, run=run, origin=origin, now=now)


def set_aside_if_edited(target: Path, *, written: str, wanted: str) -> Path | None:
    """Give a file that is neither what was written nor what is to be written another name.

    Args:
        target: the file.
        written: SHA-256 of what was written there; "" when that is not known: nothing is set aside.
        wanted: SHA-256 of what is to be written.

    Returns:
        The new name, or None when there was nothing to save.
    """
    if not written or not target.is_file():
        return None
    found = sha256(target.read_bytes())
    if found in {written, wanted}:
        return None
    return target.rename(target.with_name(f"{target.name}.edited-{found[:8]}"))


def _unfiled(connection: Connection) -> list[tuple[int, str]]:
    """Entry and path of each article whose file is still to be written."""
    rows = connection.execute(
        select(article_table.c.entry, article_table.c.path).where(
            article_table.c.path != "", article_table.c.filed.is_(False)
        )
    )
    return [(row.entry, row.path) for row in rows]


def _forget_off_theme_texts(connection: Connection, before: datetime) -> None:
    expired = select(article_table.c.entry).where(
        article_table.c.outcome == Outcome.OFF_THEME.value, article_table.c.kept_at < before
    )
    connection.execute(
        update(version).where(version.c.entry.in_(expired), version.c.text != "").values(text="", markdown="")
    )
