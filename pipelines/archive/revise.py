"""What a second look at a kept article found, stored: a new version, a deletion, or that all is as it was."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from sqlalchemy import Connection, select, update

from crawler.config.models import Config
from crawler.database import Database
from crawler.items import Article, Ended, PendingEntry, Postponed, Unchanged
from crawler.outcomes import Outcome
from crawler.revisits import Revisits, next_revisit
from crawler.tables import article as article_table
from pipelines.archive.store import Archive
from pipelines.archive.versions import Change, Reading, add_version, give_back, take_away
from pipelines.copies.find import find_copy, representative_of
from pipelines.copies.groups import hand_over

# A page that is gone, and one that asks since then not to be archived.
_WITHDRAWN = (Outcome.GONE, Outcome.REFUSED)


class Revisions:
    """Stores what revisits find.

    `now` is asked inside the transaction: a digest whose cut is made before then cannot miss the change.
    """

    def __init__(
        self, database: Database, config: Config, archive: Archive, revisits: Revisits, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._now = now
        self._ages = config.settings.revisit
        self._archive = archive
        self._revisits = revisits

    def store(self, found: Article | Ended | Postponed | Unchanged) -> Change | None:
        """Store it with the time of the next look; None when the page could not be read, which says nothing."""
        match found:
            case Article():
                return self._read(found)
            case Unchanged():
                return self._as_it_was(found.pending)
            case Ended() if found.outcome in _WITHDRAWN:
                return self._withdrawn(found)
            case Ended():
                self._revisits.failed(found.pending, found.at)
                return None
            case Postponed():
                self._revisits.failed(found.pending, found.at, found.next_try)
                return None
            case _:
                assert_never(found)

    def _read(self, found: Article) -> Change:
        entry_id = found.pending.id
        with self._database.write() as connection:
            now = self._now()
            was_gone = give_back(connection, entry_id)
            is_new = add_version(connection, entry_id, Reading.of(found), now)
            if is_new:
                _fold_twins(connection, found, now)
            self._looked(connection, found.pending, now, etag=found.etag, last_modified=found.last_modified)
        self._archive.write_unfiled()
        return Change.UPDATED if is_new else Change.RESTORED if was_gone else Change.UNCHANGED

    def _as_it_was(self, pending: PendingEntry) -> Change:
        with self._database.write() as connection:
            was_gone = give_back(connection, pending.id)
            self._looked(connection, pending, self._now())
        self._archive.write_unfiled()
        return Change.RESTORED if was_gone else Change.UNCHANGED

    def _withdrawn(self, ended: Ended) -> Change:
        with self._database.write() as connection:
            change = take_away(connection, ended.pending.id, ended.reason, self._now())
        self._archive.write_unfiled()
        return change

    def _looked(self, connection: Connection, pending: PendingEntry, now: datetime, **validators: str) -> None:
        following = next_revisit(pending.first_seen, self._ages, now)
        this = article_table.c.entry == pending.id
        connection.execute(update(article_table).where(this).values(revisited=now, revisit_at=following, **validators))


def _fold_twins(connection: Connection, found: Article, now: datetime) -> None:
    """Where the new text is that of another article, the one kept first stands for both."""
    twin = find_copy(connection, found, found.text_hash)
    mine = representative_of(connection, found.pending.id)
    if twin is None or twin.of == mine:
        return
    kept_at = select(article_table.c.kept_at, article_table.c.entry).where(article_table.c.entry.in_([mine, twin.of]))
    first, second = (row.entry for row in sorted(connection.execute(kept_at).all()))
    hand_over(connection, old=second, verdict=replace(twin, of=first), now=now)
