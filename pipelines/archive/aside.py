"""Files in the archive that no row names: what a person edited and was set aside, and what a killed writer left."""

from collections.abc import Iterator
from pathlib import Path

from pipelines.archive.files import sha256
from pipelines.archive.tree import files_below

#: Between a file's name and the beginning of its hash, in the name of an edited file that was set aside.
EDITED = ".edited-"


def is_leftover(name: str) -> bool:
    """Whether a file of this name is what `write_atomically` leaves when its process dies."""
    return name.startswith(".") and name.endswith(".tmp")


def remove_leftovers(folder: Path) -> Iterator[str]:
    """Remove what killed writers left anywhere below `folder`; name each. The caller holds the run lock.

    Raises:
        OSError: a folder cannot be read, or a file not be removed.
    """
    for name in files_below(folder):
        if is_leftover(name.rpartition("/")[2]):
            (folder / name).unlink(missing_ok=True)
            yield name


def set_aside(target: Path) -> Path:
    """Give the file another name beside its own, and return that."""
    return target.rename(target.with_name(f"{target.name}{EDITED}{sha256(target.read_bytes())[:8]}"))


def set_aside_if_edited(target: Path, *, written: str, wanted: str) -> Path | None:
    """Give a file that is neither what was written nor what is to be written another name.

    Args:
        target: the file.
        written: SHA-256 of what was written there; "" when that is not known: only what is wanted is known to be ours.
        wanted: SHA-256 of what is to be written.

    Returns:
        The new name, or None when there was nothing to save.
    """
    if not target.is_file() or sha256(target.read_bytes()) in {written, wanted}:
        return None
    return set_aside(target)
