"""The copies that migrations keep of a database as it was. They hold texts as the database does, and go as those go."""

from datetime import UTC, datetime
from pathlib import Path

from crawler.database import Database, companions, half_written, known_revisions, safety_copy


def safety_copies(database: Database) -> tuple[Path, ...]:
    """Those that lie beside the database, and what a killed process left of one."""
    if database.path is None:
        return ()
    kept = [safety_copy(database.path, revision) for revision in sorted(known_revisions())]
    return tuple(path for path in (*kept, *map(half_written, kept)) if path.is_file())


def expired_safety_copies(database: Database, before: datetime) -> tuple[Path, ...]:
    """Those that were written before then."""
    limit = before.astimezone(UTC).timestamp()
    return tuple(path for path in safety_copies(database) if path.stat().st_mtime < limit)


def remove_safety_copies(database: Database) -> tuple[Path, ...]:
    """Remove all of them, and name them. The caller holds the run lock.

    Raises:
        OSError: one cannot be removed.
    """
    copies = safety_copies(database)
    for copy in copies:
        remove_safety_copy(copy)
    return copies


def remove_safety_copy(copy: Path) -> None:
    """
    Raises:
        OSError: it cannot be removed.
    """
    for path in (*companions(copy), copy):
        path.unlink(missing_ok=True)
