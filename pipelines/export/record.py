"""One article as a line of `export --format jsonl`. Its JSON Schema is config/schema/export.schema.json."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, with_config

from crawler.config.models import Config, Rights
from crawler.items import Dating, Origin, Precision
from pipelines.export.rights import Shown, rights_of, within


@with_config(ConfigDict(use_attribute_docstrings=True, extra="forbid"))
@dataclass(frozen=True, kw_only=True)
class PublishedEvidence:
    """Where the time of publication was read."""

    precision: Precision
    """`day`: no time of day is shown, `published` is midnight; `hour`: an age in hours is, its minutes mean nothing"""
    where: str
    """feed, list, page, seed …"""
    text: str
    """as the source spells it"""
    zone: str
    """the zone that was assumed where the text names none, else empty"""


@with_config(ConfigDict(use_attribute_docstrings=True, extra="forbid"))
@dataclass(frozen=True, kw_only=True)
class ExportedArticle:
    """One article of the archive. What is not known is empty or null; times are ISO 8601 with their offset."""

    key: str
    """the article key: one per article, whatever the spelling of its address"""
    url: str
    """where it was read"""
    original_url: str
    """its first publication, where known"""
    title: str
    source: str
    """the source's name"""
    account: str
    """who published it: an account of WeChat or of its mirror, else the medium that the page names"""
    origin: Origin
    outcome: Literal["kept", "copy"]
    copy_of: str
    """the key of the article it is a copy of"""
    authors: tuple[str, ...]
    published: datetime | None
    published_evidence: PublishedEvidence | None
    kept_at: datetime
    language: str
    themes: tuple[str, ...]
    """best first"""
    version: int
    """1, and one more for each change of the text at its source"""
    updated_at: datetime | None
    """when that version was seen"""
    rights: Rights
    """what may be shown beyond the operator's machine; this line keeps to it unless it was made with --whole"""
    text: str
    """the body, a paragraph a line; at most 200 characters where rights is excerpt, empty where it is headline"""
    markdown: str
    """the same as Markdown"""
    images: tuple[str, ...]
    """addresses; none unless rights is full"""


def record_of(row: Mapping[Any, Any], config: Config, *, whole: bool) -> ExportedArticle:
    """The line of a row of `pipelines.export.choose.chosen`; `whole` shows all, whatever the rights."""
    source = config.source(row["source"])
    rights = rights_of(config, row["source"], Origin(row["origin"]))
    all_of_it = Shown(
        title=row["latest_title"], text=row["text"], markdown=row["markdown"], images=tuple(row["images"])
    )
    shown = within(Rights.FULL if whole else rights, all_of_it)
    published = Dating.from_json(row["published"]) if row["published"] else None
    return ExportedArticle(
        key=row["key"],
        url=row["url"],
        original_url=row["original_url"],
        title=shown.title,
        source=row["source"],
        account=row["account"],
        origin=Origin(row["origin"]),
        outcome=row["outcome"],
        copy_of=row["copy_of"] or "",
        authors=tuple(row["authors"]),
        published=published.at if published else None,
        published_evidence=_evidence(published) if published else None,
        kept_at=row["kept_at"],
        language=row["language"] or (source.language if source else ""),
        themes=tuple(row["themes"]),
        version=row["number"],
        updated_at=row["seen"] if row["number"] > 1 else None,
        rights=rights,
        text=shown.text,
        markdown=shown.markdown,
        images=shown.images,
    )


def json_line(record: ExportedArticle) -> bytes:
    """One line of UTF-8, its end included."""
    return json.dumps(asdict(record), ensure_ascii=False, default=datetime.isoformat).encode() + b"\n"


def _evidence(published: Dating) -> PublishedEvidence:
    return PublishedEvidence(
        precision=published.precision, where=published.where, text=published.text, zone=published.zone
    )
