"""What an article's file is made of, from its rows. Whoever writes, checks or exports a file begins here."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, Select, select

from crawler.config.models import Config
from crawler.items import Dating, ThemeVerdict
from crawler.tables import article, entry, version
from pipelines.archive.files import FileFacts, Value


@dataclass(frozen=True, kw_only=True)
class Filing:
    """An article's file as its rows want it."""

    facts: FileFacts
    path: PurePosixPath  # below the archive folder
    written_hash: str  # SHA-256 of the file when it was last written; "" for one of an older presswatch


def filing(connection: Connection, config: Config, entry_id: int) -> Filing:
    """
    Raises:
        NoResultFound: the entry has no article.
    """
    row = connection.execute(_article_row().where(article.c.entry == entry_id)).mappings().one()
    latest = latest_version(connection, entry_id)
    source = config.source(row["source"])
    facts = FileFacts(
        source=row["source"],
        key=row["key"],
        title=latest["title"],
        published=Dating.from_json(row["published"]) if row["published"] else None,
        zone=ZoneInfo(source.timezone) if source else config.settings.zone,
        kept_at=row["kept_at"],
        language=row["language"] or (source.language if source else ""),
        markdown=latest["markdown"],
        text=latest["text"],
        cite=row["original_url"] or row["url"],
        thumbnail=row["thumbnail"],
        images=tuple(row["images"]),
        ours=_ours(row, latest, _key_of(connection, row["representative"])),
    )
    return Filing(facts=facts, path=PurePosixPath(row["path"]), written_hash=row["file_hash"])


def latest_version(connection: Connection, entry_id: int) -> RowMapping:
    """The row of the article's newest version."""
    newest = select(version).where(version.c.entry == entry_id).order_by(version.c.number.desc()).limit(1)
    return connection.execute(newest).mappings().one()


def _article_row() -> Select[Any]:
    return select(article, entry.c.key, entry.c.first_seen).join(entry, entry.c.id == article.c.entry)


def _ours(row: RowMapping, latest: RowMapping, representative: str) -> dict[str, Value]:
    """What stands under `presswatch` in the file: enough to place the article without the database."""
    return {
        "key": row["key"],
        "url": row["url"],
        "origin": row["origin"],
        "outcome": row["outcome"],
        "copy_of": representative,
        "first_seen": row["first_seen"].isoformat(timespec="seconds"),
        "kept_at": row["kept_at"].isoformat(timespec="seconds"),
        "published": row["published"],
        "authors": row["authors"],
        "account": row["account"],
        "themes": _scores(row),
        "extractor": row["extractor"],
        "text_hash": latest["text_hash"],
        **_later(row, latest),
    }


def _scores(row: RowMapping) -> dict[str, Value]:
    """The article's themes with their words' scores, which may be 0 where a theme names the article as its seed."""
    scores = {item.theme: item for item in map(ThemeVerdict.from_json, row["verdicts"])}
    on_theme = [item.theme for item in scores.values() if item.on_theme]
    return {name: round(scores[name].score, 2) for name in dict.fromkeys([*on_theme, *row["themes"]])}


def _later(row: RowMapping, latest: RowMapping) -> dict[str, Value]:
    """What happened after the article was kept; nothing for most."""
    found: dict[str, Value] = {}
    if latest["number"] > 1:
        found |= {"version": latest["number"], "updated_at": latest["seen"].isoformat(timespec="seconds")}
    if row["deleted_at"] is not None:
        deleted_at = row["deleted_at"].isoformat(timespec="seconds")
        found |= {"deleted_at": deleted_at, "deleted_why": row["deleted_why"]}
    return found


def _key_of(connection: Connection, entry_id: int | None) -> str:
    return "" if entry_id is None else connection.scalars(select(entry.c.key).where(entry.c.id == entry_id)).one()
