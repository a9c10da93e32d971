"""An article is forgotten: its rows, file, captures, index and digest copies go, and a tombstone stays.

What lies outside the database goes first, and the rows last: when the process dies in between, the article is still
found, and forgetting it again finishes. When all is gone but the last traces, the tombstone says what is to be done.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from crawler.captures.removal import remove_from_ring
from crawler.config.models import Config
from crawler.database import Database
from crawler.intake import intake_run
from crawler.items import Entry, PendingEntry
from crawler.ledger import end_entry
from crawler.lock import digests_lock
from crawler.outcomes import Outcome
from crawler.safety import remove_safety_copies
from crawler.tombstones import bury
from crawler.urls import docsify_file_url
from pipelines.archive.aside import remove_leftovers
from pipelines.archive.removal import Remains, entry_of, files_of, remains_of, remove_rows
from pipelines.archive.store import Archive
from pipelines.digest.withdraw import Withdrawn, withdraw
from pipelines.search.index import forget_deleted_words, unindex_article

logger = logging.getLogger(__name__)

_WEB = ("http://", "https://")


@dataclass(frozen=True, kw_only=True)
class Done:
    """What went."""

    files: tuple[str, ...] = ()  # below the archive folder
    captures: int = 0
    digests: Withdrawn = field(default_factory=Withdrawn)
    safety_copies: tuple[Path, ...] = ()  # of the database as it was before a migration
    run: int | None = None  # the run that closed the books on a pending entry
    scrubbed: bool = True  # False: somebody reads, and until he ends the database's log holds what was deleted


class Forgetting:
    """Removes articles from `database` and from below `data`. The caller holds the run lock."""

    def __init__(self, database: Database, data: Path, config: Config) -> None:
        self._database = database
        self._archive, self._digests, self._captures = data / "archive", data / "digests", data / "captures"
        self._config = config

    def article(self, key: str, *, reason: str, now: Callable[[], datetime]) -> Done:
        """Forget a stored article or an announcement.

        Args:
            key: of its entry. Not its id: that may be another's since it was looked up.
            reason: kept with the tombstone, and told to whoever asks for the article.
            now: the time.

        Raises:
            NoResultFound: there is no such entry.
            OSError: a file cannot be read or removed. The rows are still there; forgetting again finishes.
            NotByRecordError: a file among the captures cannot be taken apart. Likewise.
            StorageError: a digest or the database cannot be written. Likewise.
        """
        with self._database.read() as connection:
            remains = remains_of(connection, entry_of(connection, key))
        run = None if remains.outcome else self._end_pending(remains, reason, now)
        captures = remove_from_ring(self._captures, self._database, _asked_for(remains))
        with digests_lock(self._digests), self._database.write() as connection:
            if remains.versions:
                unindex_article(connection, remains.entry)
            remove_rows(connection, remains, reason=reason, now=now())
            digests = self._withdraw(connection, remains)
            files = self._remove_files([remains.key])
        copies = remove_safety_copies(self._database)
        scrubbed = self.finish(now)
        return Done(files=files, captures=captures, digests=digests, safety_copies=copies, run=run, scrubbed=scrubbed)

    def address(self, keys: Collection[str], *, reason: str, now: Callable[[], datetime]) -> Done:
        """Leave a tombstone for what is not known, so that it never will be; or finish what was begun.

        Raises: see `article`.
        """
        files = self._remove_files(keys)
        with self._database.write() as connection:
            bury(connection, keys, reason=reason, now=now())
        copies = remove_safety_copies(self._database)
        return Done(files=files, safety_copies=copies, scrubbed=self.finish(now))

    def finish(self, now: Callable[[], datetime]) -> bool:
        """Write the files anew that named the article, and leave no trace of it in the database's own files."""
        for folder in (self._archive, self._digests):
            for name in remove_leftovers(folder):
                logger.info("removed %s, which a writer left that died", folder / name)
        with self._database.write() as connection:
            forget_deleted_words(connection)
        scrubbed = self._database.scrub()
        # Last: an unrelated file that cannot be written must not keep anything of this from being done.
        Archive(self._database, self._archive, self._config, now).write_unfiled()
        return scrubbed

    def _end_pending(self, remains: Remains, reason: str, now: Callable[[], datetime]) -> int:
        """Close the books on an entry that waits, in a run of its own: what runs carry over must join."""
        pending = PendingEntry(
            id=remains.entry,
            source=remains.source,
            host="",
            entry=Entry(key=remains.key, url=""),
            first_seen=remains.first_seen,
        )
        told = f"forgotten: {reason}"
        with (
            intake_run(self._database, command="forget", now=now, sources=[remains.source]) as opened,
            self._database.write() as connection,
        ):
            end_entry(connection, opened.number, pending, Outcome.REFUSED, reason=told, now=now())
        return opened.number

    def _withdraw(self, connection: Connection, remains: Remains) -> Withdrawn:
        return withdraw(connection, self._config, self._digests, titles=remains.titles, addresses=remains.addresses)

    def _remove_files(self, keys: Collection[str]) -> tuple[str, ...]:
        names = list(files_of(self._archive, keys))
        for name in names:
            (self._archive / name).unlink(missing_ok=True)
        return tuple(names)


def _asked_for(remains: Remains) -> set[str]:
    """The addresses whose answers name it: its own, and those that announced it."""
    own, lists = ({url for url in urls if url.startswith(_WEB)} for urls in (remains.addresses, remains.announced_by))
    # Of a docsify route the Markdown file behind it is asked for; what kind of source had it, config may not know now.
    return own | lists | {docsify_file_url(url) for url in lists}
