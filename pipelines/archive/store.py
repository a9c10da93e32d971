"""The archive: rows and Markdown files of what was read. The row is the truth; a file can always be made again from it.

An article's outcome, row, version and copy mark are one transaction. The file follows under a name the row knows
already, and the row then notes it, so that a process that dies in between leaves nothing a later run cannot finish.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, insert, select, update
from sqlalchemy.exc import IntegrityError

from crawler.config.models import Config
from crawler.database import Database
from crawler.items import Article, Dating, ThemeVerdict
from crawler.ledger import end_entry
from crawler.outcomes import ARCHIVED, Outcome
from crawler.tables import article as article_table
from crawler.tables import copy as copy_table
from crawler.tables import entry, version
from pipelines.archive.files import FileFacts, Value, archive_path, render, write_atomically
from pipelines.copies.find import find_copy


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
        if outcome in ARCHIVED:
            self.write_file(article.pending.id)
        return outcome

    def write_file(self, entry_id: int) -> None:
        """Make the article's file from its row, and note that it is there."""
        with self._database.read() as connection:
            facts, path = self._facts(connection, entry_id)
        write_atomically(self._folder, path, render(facts))
        with self._database.write() as connection:
            connection.execute(update(article_table).where(article_table.c.entry == entry_id).values(filed=True))

    def recover(self) -> list[str]:
        """Write the files that a run which died could not, and let expired off-theme texts go.

        Returns:
            What could not be written, with the cause; the next run tries again.
        """
        expired = self._now() - self._config.settings.retention.off_theme
        with self._database.write() as connection:
            _forget_off_theme_texts(connection, expired)
            unfiled = select(article_table.c.entry, article_table.c.path).where(
                article_table.c.path != "", article_table.c.filed.is_(False)
            )
            rows = connection.execute(unfiled).all()
        faults = []
        for row in rows:
            try:
                for left_over in (self._folder / row.path).parent.glob(".*.tmp"):
                    left_over.unlink()
                self.write_file(row.entry)
            except OSError as error:
                faults.append(f"{self._folder / row.path} cannot be written: {error}")
        return faults

    def _commit(self, article: Article, run: int) -> Outcome:
        outcome, reason = _outcome(article)
        with self._database.write() as connection:
            now = self._now()
            end_entry(connection, run, article.pending, outcome, reason=reason, now=now)
            connection.execute(insert(article_table).values(self._row(article, outcome, now)))
            connection.execute(
                insert(version).values(
                    entry=article.pending.id,
                    number=1,
                    seen=article.fetched_at,
                    title=article.title,
                    markdown=article.markdown,
                    text=article.text,
                    text_hash=article.text_hash,
                )
            )
            if outcome is Outcome.COPY and article.copy is not None:
                connection.execute(
                    insert(copy_table).values(
                        entry=article.pending.id,
                        original=article.copy.of,
                        level=article.copy.level.value,
                        measure=article.copy.measure,
                        found=now,
                    )
                )
        return outcome

    def _row(self, article: Article, outcome: Outcome, now: datetime) -> dict[str, Any]:
        pending = article.pending
        path = ""
        if outcome in ARCHIVED:
            zone = self._config.settings.zone
            path = archive_path(
                source=pending.source, title=article.title, key=pending.entry.key, kept_at=now, zone=zone
            ).as_posix()
        return {
            "entry": pending.id,
            "source": pending.source,
            "outcome": outcome.value,
            "title": article.title,
            "authors": list(article.authors),
            "account": article.account,
            "language": article.language[:20],
            "url": article.url,
            "original_url": pending.entry.original_url,
            "final_key": article.final_key,
            "published": article.published.to_json() if article.published else None,
            "datings": [dating.to_json() for dating in article.datings],
            "fetched": article.fetched_at,
            "kept_at": now,
            "backlog": pending.backlog,
            "verdicts": [verdict.to_json() for verdict in article.verdicts],
            "themes": list(article.themes),
            "images": list(article.images),
            "extractor": article.extractor,
            "text_hash": article.text_hash,
            "representative": article.copy.of if outcome is Outcome.COPY and article.copy else None,
            "path": path,
        }

    def _facts(self, connection: Connection, entry_id: int) -> tuple[FileFacts, PurePosixPath]:
        latest = select(version).where(version.c.entry == entry_id).order_by(version.c.number.desc()).limit(1)
        text = connection.execute(latest).mappings().one()
        row = (
            connection.execute(
                select(article_table, entry.c.key, entry.c.url.label("entry_url"), entry.c.first_seen)
                .join(entry, entry.c.id == article_table.c.entry)
                .where(article_table.c.entry == entry_id)
            )
            .mappings()
            .one()
        )
        source = self._config.source(row["source"])
        facts = FileFacts(
            source=row["source"],
            key=row["key"],
            title=text["title"],
            published=Dating.from_json(row["published"]) if row["published"] else None,
            zone=ZoneInfo(source.timezone) if source else self._config.settings.zone,
            kept_at=row["kept_at"],
            language=row["language"] or (source.language if source else ""),
            markdown=text["markdown"],
            text=text["text"],
            cite=row["original_url"] or row["url"],
            images=tuple(row["images"]),
            ours=_ours(row, _key_of(connection, row["representative"])),
        )
        return facts, PurePosixPath(row["path"])


def _outcome(article: Article) -> tuple[Outcome, str]:
    if not article.themes:
        best = max(article.verdicts, key=lambda verdict: verdict.score, default=None)
        return Outcome.OFF_THEME, f"no theme takes it{_nearest_theme(best) if best else ''}"
    if article.copy is not None:
        return Outcome.COPY, f"{article.copy.level.value} as entry {article.copy.of}"
    return Outcome.KEPT, "on theme: " + ", ".join(article.themes)


def _nearest_theme(best: ThemeVerdict) -> str:
    told = f"; nearest: {best.theme} with {best.score:.1f} of {best.floor:.1f}"
    return f"{told}, vetoed by {best.vetoed_by}" if best.vetoed_by else told


def _ours(row: RowMapping, representative: str) -> dict[str, Value]:
    """What stands under `presswatch` in the file: enough to place the article without the database."""
    published = row["published"]
    return {
        "key": row["key"],
        "url": row["url"],
        "origin": row["origin"],
        "outcome": row["outcome"],
        "copy_of": representative,
        "first_seen": row["first_seen"].isoformat(timespec="seconds"),
        "kept_at": row["kept_at"].isoformat(timespec="seconds"),
        "published": published,
        "authors": row["authors"],
        "account": row["account"],
        "themes": {
            verdict.theme: round(verdict.score, 2)
            for verdict in map(ThemeVerdict.from_json, row["verdicts"])
            if verdict.on_theme
        },
        "extractor": row["extractor"],
        "text_hash": row["text_hash"],
    }


def _key_of(connection: Connection, entry_id: int | None) -> str:
    return "" if entry_id is None else connection.scalars(select(entry.c.key).where(entry.c.id == entry_id)).one()


def _forget_off_theme_texts(connection: Connection, before: datetime) -> None:
    expired = select(article_table.c.entry).where(
        article_table.c.outcome == Outcome.OFF_THEME.value, article_table.c.kept_at < before
    )
    connection.execute(
        update(version).where(version.c.entry.in_(expired), version.c.text != "").values(text="", markdown="")
    )
