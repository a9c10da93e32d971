"""Seeds go into the archive and the database, beside what is crawled, as the representatives of their copies."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlalchemy import Connection, select, update

from crawler.config.models import Config, Kind
from crawler.database import Database
from crawler.intake import Intake, take_in
from crawler.items import Article, CopyVerdict, Entry, Origin, PendingEntry
from crawler.outcomes import Outcome
from crawler.tables import article as article_table
from crawler.tables import copy as copy_table
from crawler.tables import entry
from crawler.tombstones import buried, keys_of
from crawler.urls import article_key, docsify_file_url
from pipelines.archive.rows import Ending, complete_seed, forgotten_reason, insert_rows, path_of
from pipelines.archive.store import Archive
from pipelines.archive.versions import Reading, add_version
from pipelines.copies.find import find_copy
from pipelines.copies.fingerprint import text_hash
from pipelines.copies.groups import copy_mark, hand_over
from pipelines.seeds.seed import Seed
from pipelines.text import comparable
from pipelines.themes.judge import LEAD, Judge
from pipelines.themes.seeds import themes_of_seed

#: Source and folder of seeds that do not say where they come from.
UNKNOWN_SOURCE = "seed"

_WORD = re.compile(r"[^\W_]+")
_LONGEST_NAME = 40


class SeedResult(StrEnum):
    """What became of a seed file."""

    STORED = "stored"
    UPDATED = "updated"  # a seed of this name was there, with another text
    UNCHANGED = "unchanged"
    REFUSED = "refused"  # it is no seed, or was forgotten on demand; the message says which


@dataclass(frozen=True, kw_only=True)
class StoredSeed:
    """A seed and where it went."""

    result: SeedResult
    source: str
    path: str = ""  # below the archive folder
    fault: str = ""  # why it was refused


class SeedStore:
    def __init__(self, database: Database, archive: Archive, config: Config, now: Callable[[], datetime]) -> None:
        self._database = database
        self._archive = archive
        self._config = config
        self._judge = Judge(config.themes)
        self._now = now

    def store(self, seed: Seed, *, run: int, file: str) -> StoredSeed:
        """Store the seed that `file` holds, in `run`. The same seed again changes nothing; with another text it gets a
        new version.
        """
        with self._database.write() as connection:
            now = self._now()
            article = self._article(seed, now)
            key = article.pending.entry.key
            grave = next(iter(buried(connection, keys_of([key], [seed.url])).values()), None)
            known = _known(connection, key)
            if grave is not None:
                told = forgotten_reason(grave, self._config.settings.zone)
                stored = StoredSeed(result=SeedResult.REFUSED, source=article.pending.source, fault=told)
            elif known is None:
                intake = Intake(run=run, origin=Origin.SEED, place=f"seeds:{file}")
                stored = self._insert(connection, seed, article, intake)
            else:
                stored = _again(connection, known, seed, article)
        self._archive.write_unfiled()
        return stored

    def _article(self, seed: Seed, now: datetime) -> Article:
        """The seed as an article whose entry is not in the ledger yet."""
        source = source_of(seed, self._config)
        announced = Entry(key=seed_key(seed), url=seed.url, title=seed.title, published=seed.published)
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
            text_hash=text_hash(seed.text, seed.title),
        )

    def _insert(self, connection: Connection, seed: Seed, article: Article, intake: Intake) -> StoredSeed:
        source, now = article.pending.source, article.fetched_at
        pending = take_in(connection, intake, source, article.pending.entry, now)
        if pending is None:
            raise LookupError(f"{article.pending.entry.key} was not there and is known")
        mine = replace(article, pending=pending)
        twin = find_copy(connection, mine, mine.text_hash)
        is_copy = twin is not None and _origin(connection, twin.of) == Origin.SEED.value
        day = seed.published.at if seed.published else None
        named = themes_of_seed(self._config.themes, seed.title, seed.url)
        path = path_of(self._config, mine, day=day)
        more = {
            "origin": Origin.SEED.value,
            "path": path,
            "thumbnail": seed.thumbnail,
            "themes": list(dict.fromkeys((*named, *mine.themes))),
            # Until the group is handed over it is a member: at no moment do two stand for one text.
            "representative": twin.of if twin else None,
        }
        outcome = Outcome.COPY if is_copy else Outcome.KEPT
        reason = f"{twin.level.value} as entry {twin.of}" if is_copy and twin else "a seed"
        insert_rows(connection, mine, Ending(run=intake.run, outcome=outcome, reason=reason, at=now), more)
        if twin is not None:
            _join(connection, pending.id, twin, now, is_copy=is_copy)
        return StoredSeed(result=SeedResult.STORED, source=source, path=path)


def source_of(seed: Seed, config: Config) -> str:
    """The name of the source a seed belongs to: the one it names, the mirror of its account, else UNKNOWN_SOURCE."""
    if named := _as_name(seed.source):
        return named
    mirrors = (source for source in config.sources if source.kind is Kind.WECHAT_MIRROR)
    ours = (source.name for source in mirrors if any(_is_list_of(item.url, seed.account) for item in source.endpoints))
    return next(ours, _as_name(seed.account)) or UNKNOWN_SOURCE


def seed_key(seed: Seed) -> str:
    """A seed's own key. It is not the key of its address: the article itself may be announced one day, and be found."""
    return f"seed:{article_key(seed.url)}" if seed.url else f"seed:{seed.account}:{comparable(seed.title)}"


def _again(connection: Connection, known: int, seed: Seed, article: Article) -> StoredSeed:
    is_new = add_version(connection, known, Reading.of(article), article.fetched_at)
    if is_new:
        this = article_table.c.entry == known
        connection.execute(update(article_table).where(this).values(thumbnail=seed.thumbnail))
    row = connection.execute(select(article_table).where(article_table.c.entry == known)).mappings().one()
    result = SeedResult.UPDATED if is_new else SeedResult.UNCHANGED
    return StoredSeed(result=result, source=row["source"], path=row["path"])


def _join(connection: Connection, seed: int, twin: CopyVerdict, now: datetime, *, is_copy: bool) -> None:
    """Fold the seed under a seed of the same text, or take over the group of a crawled twin."""
    if is_copy:
        connection.execute(copy_table.insert().values(copy_mark(seed, twin, now)))
        return
    hand_over(connection, old=twin.of, verdict=replace(twin, of=seed), now=now)
    complete_seed(connection, seed, twin.of)


def _is_list_of(url: str, account: str) -> bool:
    """Whether a mirror's endpoint is the list page of this account, in any spelling."""
    return PurePosixPath(unquote(urlsplit(docsify_file_url(url)).path)).stem == account


def _as_name(text: str) -> str:
    """A name that may be a folder: words alone, so that no seed can name a place outside the archive."""
    return "-".join(_WORD.findall(text))[:_LONGEST_NAME].strip("-")


def _known(connection: Connection, key: str) -> int | None:
    return connection.scalar(select(entry.c.id).where(entry.c.key == key))


def _origin(connection: Connection, entry_id: int) -> Any:
    return connection.scalar(select(article_table.c.origin).where(article_table.c.entry == entry_id))
