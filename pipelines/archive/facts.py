"""What an article's file is made of, from its rows. Whoever writes, checks or exports a file begins here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, Select, func, select

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
    representatives = _keys(connection, [row["representative"]])
    return _filing(config, row, latest_version(connection, entry_id), representatives)


def filings(connection: Connection, config: Config, entry_ids: Sequence[int]) -> dict[int, Filing]:
    """The files of several articles, in a few queries; those without a version are left out."""
    rows = connection.execute(_article_row().where(article.c.entry.in_(entry_ids))).mappings().all()
    representatives = _keys(connection, [row["representative"] for row in rows])
    latest = _latest_versions(connection, entry_ids)
    return {
        row["entry"]: _filing(config, row, latest[row["entry"]], representatives)
        for row in rows
        if row["entry"] in latest
    }


def _filing(config: Config, row: RowMapping, latest: RowMapping, representatives: Mapping[int, str]) -> Filing:
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
        ours=_ours(row, latest, representatives.get(row["representative"], "")),
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


def _latest_versions(connection: Connection, entry_ids: Sequence[int]) -> dict[int, RowMapping]:
    newest = (
        select(version.c.entry, func.max(version.c.number).label("number"))
        .where(version.c.entry.in_(entry_ids))
        .group_by(version.c.entry)
        .subquery()
    )
    is_newest = (version.c.entry == newest.c.entry) & (version.c.number == newest.c.number)
    return {row["entry"]: row for row in connection.execute(select(version).join(newest, is_newest)).mappings()}


def _keys(connection: Connection, entry_ids: Sequence[int | None]) -> dict[int, str]:
    wanted = [number for number in entry_ids if number is not None]
    rows = connection.execute(select(entry.c.id, entry.c.key).where(entry.c.id.in_(wanted))) if wanted else ()
    return {row.id: row.key for row in rows}
