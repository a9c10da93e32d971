"""A folder of exported files that later exports keep up to date. What somebody else put there is never touched.

A manifest in the folder lists the files that are ours. It names a file before that is written and until it is removed,
so that an export which dies leaves nothing the next one does not know.
"""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Annotated

from filelock import FileLock, Timeout
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from pipelines.archive.files import sha256, write_atomically

logger = logging.getLogger(__name__)

MANIFEST = PurePosixPath(".presswatch-export.json")  # Hugo passes over names that begin with a point
_LOCK = ".presswatch-export.lock"
_UNFINISHED = re.compile(r"\.[0-9a-f]{16}\.tmp")  # of write_atomically
_UNKNOWN = ""  # instead of a hash: the file is being written or removed


def _below(path: str) -> str:
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        raise ValueError("leads out of the folder")
    return path


class _Manifest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    written_by: str = "presswatch export --format hugo"
    files: dict[Annotated[str, AfterValidator(_below)], str]  # path below the folder → SHA-256


class ForeignFilesError(Exception):
    """The folder holds what no export of ours wrote; the message says what to do."""


class TreeLockedError(Exception):
    """Another export writes to the folder."""


@contextmanager
def open_tree(root: Path) -> Iterator["Tree"]:
    """The tree at `root`, made where it is missing, for this export alone.

    Raises:
        ForeignFilesError: `root` is neither empty nor a former export; nothing was written.
        TreeLockedError: another process exports to it.
        OSError: it cannot be read or written.
    """
    _manifest_of(root)  # a folder that is not ours does not even get a lock
    root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(root / _LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise TreeLockedError(f"another export writes to {root}; wait for it to end") from error
    try:
        yield Tree(root, _manifest_of(root))
    finally:
        lock.release()


class Tree:
    """The files below `root`. Call `begin`, then `put` for each file, then `end`.

    Args:
        before: what former exports left, path → SHA-256.
    """

    def __init__(self, root: Path, before: Mapping[str, str]) -> None:
        self._root = root
        self._before = before
        self._now: dict[str, str] = {}
        self.changed = 0  # files written anew so far
        self.removed = 0

    def begin(self, paths: Iterable[str]) -> None:
        """Make sure that `paths` can be written, and note that they will be.

        Raises:
            ForeignFilesError: a file that is not ours stands at one of them; nothing was written.
            ValueError: one of them leads out of the folder.
            OSError: the manifest cannot be written.
        """
        to_write = list(paths)
        for path in to_write:
            if path not in self._before and (self._root / path).exists():
                raise ForeignFilesError(
                    f"{self._root / path} was not written by an export, and one would be written there; "
                    "move it away, or name another folder with --out"
                )
        self._write_manifest(dict.fromkeys([*self._before, *to_write], _UNKNOWN))
        self._remove_unfinished()

    def put(self, path: str, text: str) -> None:
        """Write one file, unless it stands there already.

        Raises:
            OSError: the disk refused; what stood there before still stands.
        """
        self._now[path] = sha256(text)
        target = self._root / path
        if target.is_file() and sha256(target.read_bytes()) == self._now[path]:
            return
        self._save_edits(path)
        write_atomically(self._root, PurePosixPath(path), text)
        self.changed += 1

    def end(self) -> None:
        """Remove the files of former exports that this one has not.

        Raises:
            OSError: a file cannot be removed; the next export tries again.
        """
        for path in self._before.keys() - self._now.keys():
            target = self._root / path
            if target.exists():
                self._save_edits(path)
                target.unlink(missing_ok=True)
                self.removed += 1
            _remove_empty(target.parent, self._root)
        self._write_manifest(self._now)

    def _save_edits(self, path: str) -> None:
        """Give a file that a person changed another name. It begins with a point: Hugo publishes all others."""
        target, written = self._root / path, self._before.get(path, _UNKNOWN)
        if written == _UNKNOWN or not target.is_file():
            return
        found = sha256(target.read_bytes())
        if found != written:
            kept = target.rename(target.with_name(f".{target.name}.edited-{found[:8]}"))
            logger.warning("%s was edited by hand; the edited text is kept as %s", target, kept.name)

    def _write_manifest(self, files: Mapping[str, str]) -> None:
        manifest = _Manifest(files=dict(sorted(files.items())))
        write_atomically(self._root, MANIFEST, manifest.model_dump_json(indent=1) + "\n")

    def _remove_unfinished(self) -> None:
        for path in self._root.rglob(".*.tmp"):
            if _UNFINISHED.fullmatch(path.name):
                path.unlink()


def _manifest_of(root: Path) -> dict[str, str]:
    """The files that former exports left below `root`, with their hashes."""
    if not root.exists():
        return {}
    if not root.is_dir():
        raise ForeignFilesError(f"{root} is a file; name a folder with --out")
    manifest = root / MANIFEST
    if manifest.is_file():
        return _read(manifest)
    if any(path.name != _LOCK and not _UNFINISHED.fullmatch(path.name) for path in root.iterdir()):
        raise ForeignFilesError(
            f"{root} is not empty and no former export ({MANIFEST} is not there); "
            "name a new or an empty folder with --out"
        )
    return {}


def _read(manifest: Path) -> dict[str, str]:
    try:
        return _Manifest.model_validate_json(manifest.read_bytes()).files
    except ValidationError as error:
        raise ForeignFilesError(
            f"{manifest} is damaged, so that nobody knows which files are the export's; "
            "empty the folder, or name another one with --out"
        ) from error


def _remove_empty(folder: Path, root: Path) -> None:
    while folder != root and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
