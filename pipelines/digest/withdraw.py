"""Digests that name what was forgotten are made again without it."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from crawler.config.models import Config
from crawler.tables import digest
from pipelines.digest.issue import reissue_from
from pipelines.markdown import address, escaped


@dataclass(frozen=True, kw_only=True)
class Withdrawn:
    """Files below the digests' folder."""

    reissued: tuple[str, ...] = ()  # by their dates
    removed: tuple[str, ...] = ()  # digests that cannot be made again: config names their subscription no more
    left: tuple[str, ...] = ()  # files of somebody else's that name it as well


def withdraw(
    connection: Connection, config: Config, folder: Path, *, titles: Collection[str], addresses: Collection[str]
) -> Withdrawn:
    """Make every digest file again, by what `connection` sees, that holds one of these titles or addresses.

    Raises:
        StorageError: a digest cannot be written.
        OSError: a file cannot be read or removed.
    """
    issued = {(row.subscription, row.date) for row in connection.execute(select(digest))}
    issued |= {(name, "latest") for name, _ in issued}
    marks = {spelling for spelling in _spellings(titles, addresses) if spelling}
    reissued, removed, left = set[Path](), set[Path](), set[Path]()
    for path in [path for path in folder.rglob("*.md") if _names(path, marks)]:
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


def _names(path: Path, marks: Iterable[str]) -> bool:
    text = path.read_text(encoding="utf-8", errors="replace")
    return any(mark in text for mark in marks)


def _spellings(titles: Iterable[str], addresses: Iterable[str]) -> Iterator[str]:
    for title in titles:
        yield from (title, escaped(title))
    for url in addresses:
        yield from (url, address(url)[1:-1])
