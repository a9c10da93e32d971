"""Seeds go into the archive and the database, beside what is crawled, as the representatives of their copies."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select

from crawler.config.models import Config
from crawler.database import Database
from crawler.intake import Intake, take_in
from crawler.items import Article, CopyVerdict, Dating, Entry, Origin, PendingEntry, Precision
from crawler.outcomes import Outcome
from crawler.storage import StorageError
from crawler.tables import article as article_table
from crawler.tables import copy as copy_table
from crawler.tombstones import buried, keys_of
from crawler.urls import article_key
from pipelines.archive.rows import Ending, complete_seed, forgotten_reason, insert_rows, path_of
from pipelines.archive.store import Archive
from pipelines.copies.find import find_copy
from pipelines.copies.fingerprint import text_hash
from pipelines.copies.groups import copy_mark, hand_over
from pipelines.seeds.correct import correct_seed
from pipelines.seeds.identity import free_key, known_seed
from pipelines.seeds.seed import Seed
from pipelines.seeds.source import source_of
from pipelines.themes.judge import LEAD, Judge
from pipelines.themes.seeds import themes_of_seed


class SeedResult(StrEnum):
    """What became of a seed file."""

    STORED = "stored"
    UPDATED = "updated"  # it was there, and its file says something else now
    UNCHANGED = "unchanged"
    REFUSED = "refused"  # it is no seed, or was forgotten on demand; the message says which


@dataclass(frozen=True, kw_only=True)
class StoredSeed:
    """A seed and where it went."""

    result: SeedResult
    source: str
    path: str = ""  # below the archive folder
    fault: str = ""  # why it was refused, or why a file is still to be written


class SeedStore:
    """Stores the seeds of one import.

    `beside` are the hashes of all their texts: two files of one import are never editions of one seed.
    """

    def __init__(
        self,
        database: Database,
        archive: Archive,
        config: Config,
        now: Callable[[], datetime],
        beside: Collection[str] = frozenset(),
    ) -> None:
        self._database = database
        self._archive = archive
        self._config = config
        self._judge = Judge(config.themes)
        self._now = now
        self._beside = beside
        self._taken: set[int] = set()  # entries that files of this import were stored as

    def store(self, seed: Seed, *, run: int, file: str) -> StoredSeed:
        """Store the seed that `file` holds, in `run`. The same seed again changes nothing; one whose file says more or
        something else is brought to that, another text as a new version.

        Raises:
            StorageError: nothing more can be stored. One place that cannot be written is the seed's `fault`.
        """
        fingerprint = text_hash(seed.text, seed.title)
        with self._database.write() as connection:
            now = self._now()
            known = known_seed(connection, seed, fingerprint, self._beside)
            if known is not None:
                stored = self._again(connection, known, seed, self._article(seed, "", fingerprint, now))
            else:
                article = self._article(seed, free_key(connection, seed), fingerprint, now)
                stored = self._first(
                    connection, seed, article, Intake(run=run, origin=Origin.SEED, place=f"seeds:{file}")
                )
        try:
            self._archive.write_unfiled()
        except StorageError as error:
            if error.ends_a_run:
                raise
            return replace(stored, fault="; ".join(filter(None, (stored.fault, str(error)))))
        return stored

    def _article(self, seed: Seed, key: str, fingerprint: str, now: datetime) -> Article:
        """The seed as an article whose entry is not in the ledger yet."""
        source = source_of(seed, self._config)
        announced = Entry(key=key, url=seed.url, title=seed.title, published=seed.published)
        pending = PendingEntry(id=0, source=source, host="", entry=announced, first_seen=now)
        return Article(
            pending=pending,
            url=seed.url,
            final_key=article_key(seed.url) if seed.url else "",
            fetched_at=now,
            title=seed.title,
            text=seed.text,
            markdown=seed.markdown,
            account=seed.account,
            published=seed.published,
            datings=(seed.published,) if seed.published else (),
            language=seed.language,
            images=seed.images,
            extractor=f"seed {seed.shape}",
            verdicts=self._judge.judge(seed.title, seed.text[:LEAD], seed.text),
            text_hash=fingerprint,
        )

    def _again(self, connection: Connection, known: int, seed: Seed, article: Article) -> StoredSeed:
        """A seed that is stored. Where two files of one import hold it, the first tells what there is to tell."""
        is_new = known not in self._taken and correct_seed(connection, known, article, self._more(seed, article))
        self._taken.add(known)
        row = connection.execute(select(article_table).where(article_table.c.entry == known)).mappings().one()
        result = SeedResult.UPDATED if is_new else SeedResult.UNCHANGED
        return StoredSeed(result=result, source=row["source"], path=row["path"])

    def _first(self, connection: Connection, seed: Seed, article: Article, intake: Intake) -> StoredSeed:
        """A seed that is not stored, unless it was forgotten, itself or the article it cites."""
        grave = next(iter(buried(connection, keys_of([article.pending.entry.key], [seed.url])).values()), None)
        if grave is not None:
            told = forgotten_reason(grave, self._config.settings.zone)
            return StoredSeed(result=SeedResult.REFUSED, source=article.pending.source, fault=told)
        return self._insert(connection, seed, article, intake)

    def _more(self, seed: Seed, article: Article) -> dict[str, Any]:
        """What an article's row says of a seed alone: the themes that name it come before those whose words hit."""
        named = themes_of_seed(self._config.themes, seed.title, seed.url)
        return {"thumbnail": seed.thumbnail, "themes": list(dict.fromkeys((*named, *article.themes)))}

    def _insert(self, connection: Connection, seed: Seed, article: Article, intake: Intake) -> StoredSeed:
        source, now = article.pending.source, article.fetched_at
        pending = take_in(connection, intake, source, article.pending.entry, now)
        if pending is None:
            raise LookupError(f"{article.pending.entry.key} was not there and is known")
        mine = replace(article, pending=pending)
        twin = find_copy(connection, mine, mine.text_hash)
        is_copy = twin is not None and _origin(connection, twin.of) == Origin.SEED.value
        path = path_of(self._config, mine, day=_day(seed.published, self._config.settings.zone))
        more = {
            **self._more(seed, mine),
            "origin": Origin.SEED.value,
            "path": path,
            # Until the group is handed over it is a member: at no moment do two stand for one text.
            "representative": twin.of if twin else None,
        }
        outcome = Outcome.COPY if is_copy else Outcome.KEPT
        reason = f"{twin.level.value} as entry {twin.of}" if is_copy and twin else "a seed"
        insert_rows(connection, mine, Ending(run=intake.run, outcome=outcome, reason=reason, at=now), more)
        if twin is not None:
            _join(connection, pending.id, twin, now, is_copy=is_copy)
        self._taken.add(pending.id)
        return StoredSeed(result=SeedResult.STORED, source=source, path=path)


def _day(published: Dating | None, zone: tzinfo) -> datetime | None:
    """The moment whose day in `zone` is that of the seed."""
    if published is None or published.precision is not Precision.DAY:
        return published.at if published else None
    # A bare day is midnight in the zone it was assumed in; moved to another zone it could become the day before.
    return published.at.replace(tzinfo=zone)


def _join(connection: Connection, seed: int, twin: CopyVerdict, now: datetime, *, is_copy: bool) -> None:
    """Fold the seed under a seed of the same text, or take over the group of a crawled twin."""
    if is_copy:
        connection.execute(copy_table.insert().values(copy_mark(seed, twin, now)))
        complete_seed(connection, twin.of, seed)
        return
    hand_over(connection, old=twin.of, verdict=replace(twin, of=seed), now=now)
    complete_seed(connection, seed, twin.of)


def _origin(connection: Connection, entry_id: int) -> Any:
    return connection.scalar(select(article_table.c.origin).where(article_table.c.entry == entry_id))
