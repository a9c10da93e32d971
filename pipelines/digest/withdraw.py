"""Digests that name what was forgotten are made again without it."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from crawler.config.models import Config
from crawler.tables import digest
from pipelines.digest.issue import reissue_from
from pipelines.markdown import address, escaped

_NEVER = r"(?!)"
_WHOLE = r"(?![\w/?&=#%+~@$!\\-]|\.\w)"  # no longer address goes on here


@dataclass(frozen=True, kw_only=True)
class Withdrawn:
    """Files below the digests' folder."""

    reissued: tuple[str, ...] = ()  # by their dates
    removed: tuple[str, ...] = ()  # digests that cannot be made again: config names their subscription no more
    left: tuple[str, ...] = ()  # files of somebody else's that name it as well


def withdraw(
    connection: Connection, config: Config, folder: Path, *, titles: Collection[str], addresses: Collection[str]
) -> Withdrawn:
    """Make every digest file again, by what `connection` sees, that names one of these titles or addresses.

    A title is named where it is a link's text, bold, or what an item of a list begins with, not as a part of a longer
    one; an address where it is not the beginning of a longer one. The caller holds the lock on the digests.

    Raises:
        StorageError: a digest cannot be written.
        OSError: a file cannot be read or removed.
    """
    issued = {(row.subscription, row.date) for row in connection.execute(select(digest))}
    issued |= {(name, "latest") for name, _ in issued}
    naming = re.compile("|".join(_patterns(titles, addresses)) or _NEVER, re.MULTILINE | re.ASCII)
    reissued, removed, left = set[Path](), set[Path](), set[Path]()
    for path in [path for path in folder.rglob("*.md") if _names(path, naming)]:
        name, day = path.parent.name, path.stem
        subscription = config.subscription(name)
        if (name, day) not in issued:
            left.add(path)
        elif subscription is None:
            path.unlink()
            removed.add(path)
        else:
            again = reissue_from(connection, config, subscription, day, folder)
            reissued |= {again.path} if again and again.path else set()
    return Withdrawn(reissued=_below(folder, reissued), removed=_below(folder, removed), left=_below(folder, left))


def _below(folder: Path, paths: Iterable[Path]) -> tuple[str, ...]:
    return tuple(sorted(path.relative_to(folder).as_posix() for path in paths))


def _names(path: Path, naming: re.Pattern[str]) -> bool:
    return naming.search(path.read_text(encoding="utf-8", errors="replace")) is not None


def _patterns(titles: Collection[str], addresses: Collection[str]) -> Iterator[str]:
    """As a digest spells them, and as they are: a person's file may name them too."""
    shown = {*titles, *map(escaped, titles)} - {""}
    for whole in map(re.escape, shown):
        yield rf"\[{whole}\]\(|\*\*{whole}\*\*|^[-*+] {whole}(?=$|：| · )"
    spelled = {*addresses, *(address(url)[1:-1] for url in addresses), *map(escaped, addresses)}
    yield from (re.escape(url) + _WHOLE for url in spelled)
