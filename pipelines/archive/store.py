"""The archive: rows and Markdown files of what was read. The row is the truth; a file can always be made again from it.

An article's outcome, row, version and copy mark are one transaction. The file follows under a name the row knows
already, and the row then notes it, so that a process that dies in between leaves nothing a later run cannot finish.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, literal_column, select, update
from sqlalchemy.exc import IntegrityError

from crawler.config.models import Config
from crawler.database import Database, insert_for
from crawler.intake import Intake, take_in
from crawler.items import Article
from crawler.outcomes import Outcome
from crawler.storage import StorageError, file_error
from crawler.tables import article as article_table
from crawler.tables import meta
from pipelines.archive.ahead import after_the_last_cut
from pipelines.archive.aside import set_aside_if_edited
from pipelines.archive.facts import filing
from pipelines.archive.files import render, sha256, write_atomically
from pipelines.archive.retention import Retention
from pipelines.archive.rows import insert_article
from pipelines.copies.find import find_copy
from pipelines.search.index import catch_up

logger = logging.getLogger(__name__)

_HASHES = "file_hashes"  # the row of `meta` that says that every file has its hash


class Archive:
    """Stores articles below `folder` and in `database`.

    `now` is asked inside the transaction that stores: a digest whose cut is made before then cannot miss the article.
    `refused` are the entries whose files could not be written; they are not tried again by those who share the set.
    """

    def __init__(
        self,
        database: Database,
        folder: Path,
        config: Config,
        now: Callable[[], datetime],
        refused: set[int] | None = None,
    ) -> None:
        self._database = database
        self._folder = folder
        self._config = config
        self._now = now
        self._refused = set() if refused is None else refused

    def store(self, article: Article, *, run: int) -> Outcome:
        """End the entry with what was read, and store that; write the file of a kept article or copy.

        Raises:
            AlreadyEndedError: the entry has an outcome; nothing was stored.
            StorageError: nothing was stored; or the article was, and its file is still to be written.
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

    def take_in(self, article: Article, intake: Intake, *, seen: datetime | None = None) -> Outcome | None:
        """Store an article that a file brought, its entry included; None when its key is known.

        `seen`: when it was seen first, if not now: a page of a WARC file was, when it was fetched.
        """
        with self._database.write() as connection:
            now = self._now()
            pending = take_in(connection, intake, article.pending.source, article.pending.entry, seen or now)
            if pending is None:
                return None
            mine = replace(article, pending=pending)
            outcome = self._insert(connection, mine, intake.run, now)
        self.write_unfiled()
        return outcome

    def write_file(self, entry_id: int) -> None:
        """Make the article's file from its rows, and note that it is there.

        A file that somebody edited is kept beside it under another name: what a person wrote is never lost.

        Raises:
            StorageError: the file cannot be written; the row still waits for it.
        """
        with self._database.read() as connection:
            wanted = filing(connection, self._config, entry_id)
        text = render(wanted.facts)
        try:
            edited = set_aside_if_edited(self._folder / wanted.path, written=wanted.written_hash, wanted=sha256(text))
            if edited is not None:
                logger.warning("%s was edited by hand; the edited text is kept as %s", wanted.path, edited.name)
            write_atomically(self._folder, wanted.path, text)
        except OSError as error:
            told = file_error(error, self._folder / wanted.path)
            raise StorageError(f"{told}; its rows are stored, and the next run writes it", told.fault) from error
        with self._database.write() as connection:
            this = article_table.c.entry == entry_id
            connection.execute(update(article_table).where(this).values(filed=True, file_hash=sha256(text)))

    def write_unfiled(self) -> None:
        """Write every file that its rows wait for: of the article just stored, and of those that name it.

        A file that cannot be written keeps no other from being written, and is not tried again.

        Raises:
            StorageError: with the first that could not be written.
        """
        with self._database.read() as connection:
            waiting = [(entry_id, path) for entry_id, path in _unfiled(connection) if entry_id not in self._refused]
        faults = self._write_all(waiting)
        if faults:
            raise faults[0]

    def recover(self) -> list[str]:
        """Let go the texts that have expired, index what is not, and write the files that a run which died could not.

        Returns:
            What could not be removed or written, with the cause; the next run tries again.

        Raises:
            StorageError: nothing at all can be written.
        """
        self._know_older_files()
        faults = list(Retention(self._database, self._folder, self._config).apply(self._now()).faults)
        catch_up(self._database)
        with self._database.read() as connection:
            waiting = _unfiled(connection)
        self._clear({(self._folder / path).parent for _, path in waiting})
        return [*faults, *(str(fault) for fault in self._write_all(waiting))]

    def _know_older_files(self) -> None:
        """Note the hashes of files that a presswatch wrote which noted none, once: what differs was edited by hand."""
        with self._database.read() as connection:
            if connection.scalar(select(meta.c.value).where(meta.c.name == _HASHES)) is not None:
                return
            unknown = select(article_table.c.entry).where(article_table.c.filed, article_table.c.file_hash == "")
            hashes = {entry_id: self._own_hash(connection, entry_id) for entry_id in connection.scalars(unknown).all()}
        with self._database.write() as connection:
            for entry_id, found in hashes.items():
                this = article_table.c.entry == entry_id
                connection.execute(update(article_table).where(this).values(file_hash=found))
            connection.execute(insert_for(connection)(meta).values(name=_HASHES, value="1").on_conflict_do_nothing())

    def _own_hash(self, connection: Connection, entry_id: int) -> str:
        """The hash of the article's file where it is what its rows say, else ""."""
        wanted = filing(connection, self._config, entry_id)
        rendered = sha256(render(wanted.facts))
        try:
            return rendered if sha256((self._folder / wanted.path).read_bytes()) == rendered else ""
        except OSError:  # `archive verify` tells of files that are missing or cannot be read
            return ""

    def _clear(self, folders: Iterable[Path]) -> None:
        """Remove what a killed process left half written."""
        for left_over in (path for folder in folders for path in folder.glob(".*.tmp")):
            try:
                left_over.unlink()
            except OSError as error:
                told = file_error(error, left_over)
                if told.ends_a_run:
                    raise told from error
                logger.warning("%s", told)

    def _write_all(self, waiting: Iterable[tuple[int, str]]) -> list[StorageError]:
        """Write the files of these articles.

        Returns:
            The faults of single places.

        Raises:
            StorageError: one that the next file would meet as well.
        """
        faults = []
        for entry_id, _ in waiting:
            try:
                self.write_file(entry_id)
            except StorageError as error:
                self._refused.add(entry_id)
                if error.ends_a_run:
                    raise
                faults.append(error)
        return faults

    def _commit(self, article: Article, run: int) -> Outcome:
        with self._database.write() as connection:
            return self._insert(connection, article, run, self._now())

    def _insert(self, connection: Connection, article: Article, run: int, now: datetime) -> Outcome:
        return insert_article(connection, self._config, article, run=run, now=after_the_last_cut(connection, now))


def _unfiled(connection: Connection) -> list[tuple[int, str]]:
    """Entry and path of each article whose file is still to be written."""
    # As the index spells it, which a bound value would hide from SQLite.
    has_path = article_table.c.path != literal_column("''")
    query = select(article_table.c.entry, article_table.c.path).where(~article_table.c.filed, has_path)
    return [(row.entry, row.path) for row in connection.execute(query)]
