"""The files of a folder, in the order of their names' bytes, one folder held at a time."""

import os
from collections.abc import Iterator
from pathlib import Path


def names_below(folder: Path, below: str = "") -> Iterator[str | OSError]:
    """The path of every file below `folder`, ordered by its bytes; the error in place of a folder that has one.

    Symbolic links to folders are not followed.
    """
    try:
        with os.scandir(folder / below) as found:
            # A folder stands where its files will: "a.md" comes before "a/b.md", as "." does before "/".
            names = sorted(os.fsencode(item.name + "/" * item.is_dir(follow_symlinks=False)) for item in found)
    except FileNotFoundError:
        return
    except OSError as error:
        yield error
        return
    for name in map(os.fsdecode, names):
        if name.endswith("/"):
            yield from names_below(folder, below + name)
        else:
            yield below + name


def files_below(folder: Path) -> Iterator[str]:
    """The path of every file below `folder`.

    Raises:
        OSError: a folder cannot be read, so that what lies in it is not known.
    """
    for name in names_below(folder):
        if isinstance(name, OSError):
            raise name
        yield name
