"""The two exports: each reads one consistent view of the archive and tells what it took and what it left out."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, RowMapping

from crawler.config.models import Config, Rights
from crawler.database import Database
from crawler.items import Origin
from pipelines.archive.facts import filing
from pipelines.archive.files import FileFacts, render
from pipelines.export.choose import Wanted, chosen
from pipelines.export.literal import literal
from pipelines.export.record import json_line, record_of
from pipelines.export.rights import Shown, rights_of, within
from pipelines.export.tree import open_tree

_FRONT_MATTER_END = "\n---\n"


class LeftOut(StrEnum):
    """Why an article that was asked for is not in the export."""

    WITHHELD = "withheld"  # its source took it away
    EXPIRED = "expired"  # its text is kept no longer; there is nothing to make a page of


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What an export came to."""

    articles: int
    left_out: dict[LeftOut, int] = field(default_factory=dict)  # every reason, 0 included
    changed: int = 0  # files written anew; the others stood there already
    removed: int = 0  # files of a former export that are no longer asked for or allowed


def export_jsonl(
    database: Database, config: Config, wanted: Wanted, write: Callable[[bytes], Any], *, whole: bool = False
) -> Summary:
    """Hand `write` a line for each article; `whole` shows all, whatever the sources' rights.

    An article whose text expired is a line without text: that it was published stays a fact.
    """
    left_out: Counter[LeftOut] = Counter()
    articles = 0
    with database.read() as connection:
        for row in chosen(connection, wanted, config.settings.zone):
            if row["deleted_at"] is not None:
                left_out[LeftOut.WITHHELD] += 1
                continue
            write(json_line(record_of(row, config, whole=whole)))
            articles += 1
    return _summary(articles, left_out)


def export_hugo(
    database: Database, config: Config, wanted: Wanted, folder: Path, *, plain: bool = False, whole: bool = False
) -> Summary:
    """Make `folder` a section of a Hugo site: a page for each article, at its path in the archive.

    `plain` leaves out our own key, so that a page has the seventeen keys of the seed corpus alone; `whole` shows all,
    whatever the sources' rights.

    Raises:
        ForeignFilesError: `folder` is neither empty nor a former export; nothing was written.
        TreeLockedError: another export writes to it.
        OSError: the disk refused. Files already written stand, and the next export finishes the work.
    """
    left_out: Counter[LeftOut] = Counter()
    with open_tree(folder) as tree, database.read() as connection:
        pages = dict(_pages(chosen(connection, wanted, config.settings.zone), left_out))
        tree.begin(pages.values())
        for entry_id, path in pages.items():
            tree.put(path, _page(connection, config, entry_id, plain=plain, whole=whole))
        tree.end()
    return replace(_summary(len(pages), left_out), changed=tree.changed, removed=tree.removed)


def _pages(rows: Iterator[RowMapping], left_out: Counter[LeftOut]) -> Iterator[tuple[int, str]]:
    """Entry and path of each article that has a page."""
    for row in rows:
        reason = _without_page(row)
        if reason is None:
            yield row["entry"], row["path"]
        else:
            left_out[reason] += 1


def _without_page(row: Mapping[Any, Any]) -> LeftOut | None:
    if row["deleted_at"] is not None:
        return LeftOut.WITHHELD
    return None if row["text"] else LeftOut.EXPIRED


def _page(connection: Connection, config: Config, entry_id: int, *, plain: bool, whole: bool) -> str:
    facts = filing(connection, config, entry_id).facts
    rights = Rights.FULL if whole else rights_of(config, facts.source, Origin(str(facts.ours["origin"])))
    head, end, body = render(_within(rights, facts), plain=plain).partition(_FRONT_MATTER_END)
    return head + end + literal(body)


def _within(rights: Rights, facts: FileFacts) -> FileFacts:
    whole = Shown(**{part.name: getattr(facts, part.name) for part in fields(Shown)})
    return replace(facts, **asdict(within(rights, whole)))


def _summary(articles: int, left_out: Mapping[LeftOut, int]) -> Summary:
    return Summary(articles=articles, left_out={reason: left_out.get(reason, 0) for reason in LeftOut})
