"""Makes a backup of an installation that may be at work.

It takes no run lock. The database is copied first, as one view of it; files are renamed into place whole, so each is
read whole. What a run changes meanwhile is newer than the copy: such a file may be another than its row says, or have
none yet. The rows stay the truth: `archive verify` names those files, `archive rebuild` makes them again.
"""

import io
import os
import sqlite3
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from crawler import __version__
from crawler.backup.form import CAPTURES, CONFIG, DATABASE, FOLDERS, MANIFEST, SUMS, Hashing, Manifest, Sums, kept_sums
from crawler.backup.scratch import scratch_folder
from crawler.config.places import KNOWN_FILES, SOURCES
from crawler.database import Database
from crawler.storage import StorageError, file_error, sync_folder

_LEVEL = 6  # gzip's own default; tarfile would take 9
_MODE = 0o600  # for those who unpack it with tar


@dataclass(frozen=True, kw_only=True)
class Backup:
    """What was written."""

    file: Path
    bytes: int
    manifest: Manifest
    files: Mapping[str, int]  # by folder
    left_out: tuple[Path, ...]  # what is neither a file nor a folder, and links to folders


def make_backup(
    database: Database,
    folders: Mapping[str, Path],
    target: Path,
    now: datetime,
    watch: Callable[[str], None] = lambda line: None,
) -> Backup:
    """Write `target`, whole or not at all.

    Args:
        database: it need not be up to date, and is left at its schema.
        folders: name in the backup (of FOLDERS) → folder; one that does not exist is empty.
        target: the file; its folder must exist, and be none of those whose files are all packed.
        now: when the backup is made.
        watch: is told in a line what is being done.

    Raises:
        StorageError: something cannot be read, or the disk refuses; `target` is not there.
    """
    with _faults_named(target), scratch_folder(target.parent, f".{target.name}.backup-") as scratch:
        copy, written = scratch / DATABASE, scratch / "backup"
        watch("copying the database ...")
        if database.revision() is None:
            raise StorageError("the database holds no tables: there is nothing to keep")
        database.copy_to(copy)
        manifest = _manifest(copy, now, captures=CAPTURES in folders)
        with written.open("xb") as file, kept_sums() as sums:
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=_LEVEL) as tar:
                packer = _Packer(tar, sums, watch)
                packer.add_content(MANIFEST, manifest.to_json())
                packer.add_file(DATABASE, copy)
                for name in FOLDERS:
                    if name in folders:
                        packer.add_folder(name, folders[name])
                packer.seal()
            file.flush()
            os.fsync(file.fileno())
        size = written.stat().st_size
        _put_in_place(written, target)
    return Backup(file=target, bytes=size, manifest=manifest, files=dict(packer.files), left_out=tuple(packer.left_out))


class _Packer:
    """Puts files into a tar and their hashes into its seal."""

    def __init__(self, tar: tarfile.TarFile, sums: Sums, watch: Callable[[str], None]) -> None:
        self._tar = tar
        self._sums = sums
        self._watch = watch
        self.files: Counter[str] = Counter()
        self.left_out: list[Path] = []

    def add_folder(self, name: str, folder: Path) -> None:
        found = _config_files(folder) if name == CONFIG else self._files_below(folder)
        for path in found:
            self.files[name] += self.add_file(f"{name}/{path.relative_to(folder).as_posix()}", path)
            self._watch(f"{name}: {self.files[name]} files")

    def add_file(self, name: str, path: Path) -> bool:
        """Whether the file was there: a run at work may have removed it since its folder was read."""
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StorageError(f"{path}: it cannot be read ({error.strerror}): let this user read it") from error
        with file:
            facts = os.fstat(file.fileno())
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.mode = facts.st_size, int(facts.st_mtime), _MODE
            self._add(member, Hashing(file))
        return True

    def add_content(self, name: str, content: bytes) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(content), _MODE
        self._add(member, Hashing(io.BytesIO(content)))

    def seal(self) -> None:
        listed = self._sums.reread()
        member = tarfile.TarInfo(SUMS)
        member.size, member.mode = listed.seek(0, os.SEEK_END), _MODE
        listed.seek(0)
        self._tar.addfile(member, listed)

    def _add(self, member: tarfile.TarInfo, content: Hashing) -> None:
        self._tar.addfile(member, content)
        self._sums.add(member.name, content.digest)
        self._tar.members.clear()  # type: ignore[attr-defined]  # else tarfile remembers every member

    def _files_below(self, folder: Path) -> Iterator[Path]:
        """Every file, the operator's own too, but for those that are being written."""
        for place, folders, names in os.walk(folder, onerror=_raise):
            folders.sort()
            self.left_out += [path for path in (Path(place, name) for name in folders) if path.is_symlink()]
            for path in (Path(place, name) for name in sorted(names)):
                if path.name.startswith(".") and path.name.endswith(".tmp"):
                    continue
                if path.is_file():
                    yield path
                elif path.exists() or path.is_symlink():
                    self.left_out.append(path)


def _config_files(folder: Path) -> Iterator[Path]:
    """What presswatch reads there, and nothing beside it: a folder of configuration may also hold secrets."""
    yield from (path for path in (folder / name for name in KNOWN_FILES) if path.is_file())
    if (folder / SOURCES).is_dir():
        yield from sorted(path for path in (folder / SOURCES).glob("*.yaml") if path.is_file())


def _manifest(copy: Path, now: datetime, *, captures: bool) -> Manifest:
    with closing(sqlite3.connect(copy)) as connection:
        [schema] = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        tables = ("entry", "article", "version", "digest")
        count = {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}  # noqa: S608
    return Manifest(
        presswatch=__version__,
        schema=schema,
        created=now,
        captures=captures,
        entries=count["entry"],
        articles=count["article"],
        versions=count["version"],
        digests=count["digest"],
    )


def _put_in_place(written: Path, target: Path) -> None:
    written.replace(target)
    try:
        sync_folder(target.parent)
    except OSError:
        target.unlink(missing_ok=True)  # a name that may be lost is no backup
        raise


@contextmanager
def _faults_named(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        told = file_error(error, target)
        raise StorageError(f"{told}; no backup was written", told.fault) from error
    except StorageError as error:
        raise StorageError(f"{error}; no backup was written", error.fault) from error


def _raise(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise StorageError(f"{error.filename}: it cannot be read ({error.strerror}): let this user read it") from error
