"""Digests that name what was forgotten are made again without it."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from crawler.config.models import Config
from crawler.tables import digest
from pipelines.digest.files import LATEST, path_of
from pipelines.digest.issue import reissue_from
from pipelines.digest.naming import patterns_of
from pipelines.digest.render import Format


@dataclass(frozen=True, kw_only=True)
class Withdrawn:
    """Files below the digests' folder."""

    reissued: tuple[str, ...] = ()  # by their dates; the Markdown stands for the other formats too
    removed: tuple[str, ...] = ()  # digests that cannot be made again: config names their subscription no more
    left: tuple[str, ...] = ()  # files of somebody else's that name it as well


def withdraw(
    connection: Connection, config: Config, folder: Path, *, titles: Collection[str], addresses: Collection[str]
) -> Withdrawn:
    """Make every digest again, by what `connection` sees, of which a file names one of these titles or addresses.

    The caller holds the lock on the digests.

    Raises:
        StorageError: a digest cannot be written.
        OSError: a file cannot be read or removed.
    """
    naming = _naming(folder, patterns_of(titles, addresses))
    reissued, removed = set[Path](), set[Path]()
    for subscription_name, day in _issued(connection):
        files = {path_of(folder, subscription_name, day, form) for form in Format}
        if not files & naming:
            continue
        naming -= files
        subscription = config.subscription(subscription_name)
        if subscription is not None:
            again = reissue_from(connection, config, subscription, day, folder)
            reissued |= {again.path} if again and again.path else set()
            continue
        for path in sorted(files):
            if path.exists():
                path.unlink()
                removed.add(path)
    return Withdrawn(reissued=_below(folder, reissued), removed=_below(folder, removed), left=_below(folder, naming))


def _naming(folder: Path, patterns: Mapping[Format, re.Pattern[str]]) -> set[Path]:
    """The files that name it, whoever wrote them."""
    return {path for form in Format for path in folder.rglob(f"*.{form}") if _names(path, patterns[form])}


def _names(path: Path, naming: re.Pattern[str]) -> bool:
    return naming.search(path.read_text(encoding="utf-8", errors="replace")) is not None


def _issued(connection: Connection) -> list[tuple[str, str]]:
    """Subscription and date of every digest; the latest of each by that name, too."""
    issued = {(row.subscription, row.date) for row in connection.execute(select(digest))}
    return sorted(issued | {(name, LATEST) for name, _ in issued})


def _below(folder: Path, paths: Iterable[Path]) -> tuple[str, ...]:
    return tuple(sorted(path.relative_to(folder).as_posix() for path in paths))
