"""What a second look at a kept article found, stored: a new version, a deletion, or that all is as it was."""

from datetime import datetime
from typing import assert_never

from sqlalchemy import Connection, update

from crawler.config.models import Config
from crawler.database import Database
from crawler.items import Article, Ended, PendingEntry, Postponed, Unchanged
from crawler.outcomes import Outcome
from crawler.revisits import Revisits, next_revisit
from crawler.tables import article as article_table
from pipelines.archive.store import Archive
from pipelines.archive.versions import Change, Text, add_version, give_back, take_away

# A page that is gone, and one that asks since then not to be archived.
_WITHDRAWN = (Outcome.GONE, Outcome.REFUSED)


class Revisions:
    def __init__(self, database: Database, config: Config, archive: Archive, revisits: Revisits) -> None:
        self._database = database
        self._ages = config.settings.revisit
        self._archive = archive
        self._revisits = revisits

    def store(self, found: Article | Ended | Postponed | Unchanged) -> Change | None:
        """Store it with the time of the next look; None when the page could not be read, which says nothing."""
        match found:
            case Article():
                return self._read(found)
            case Unchanged():
                return self._as_it_was(found.pending, found.at)
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
        entry_id, now = found.pending.id, found.fetched_at
        text = Text(title=found.title, markdown=found.markdown, text=found.text, text_hash=found.text_hash)
        with self._database.write() as connection:
            was_gone = give_back(connection, entry_id)
            is_new = add_version(connection, entry_id, text, now)
            self._looked(connection, found.pending, now, etag=found.etag, last_modified=found.last_modified)
        self._archive.write_unfiled()
        return Change.UPDATED if is_new else Change.RESTORED if was_gone else Change.UNCHANGED

    def _as_it_was(self, pending: PendingEntry, now: datetime) -> Change:
        with self._database.write() as connection:
            was_gone = give_back(connection, pending.id)
            self._looked(connection, pending, now)
        self._archive.write_unfiled()
        return Change.RESTORED if was_gone else Change.UNCHANGED

    def _withdrawn(self, ended: Ended) -> Change:
        with self._database.write() as connection:
            change = take_away(connection, ended.pending.id, ended.reason, ended.at)
        self._archive.write_unfiled()
        return change

    def _looked(self, connection: Connection, pending: PendingEntry, now: datetime, **validators: str) -> None:
        following = next_revisit(pending.first_seen, self._ages, now)
        this = article_table.c.entry == pending.id
        connection.execute(update(article_table).where(this).values(revisited=now, revisit_at=following, **validators))
