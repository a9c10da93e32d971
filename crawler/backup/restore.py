"""Makes an installation again from its backup, whole or not at all."""

import gzip
import os
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from sqlalchemy import delete

from crawler.backup.form import CONFIG, DATABASE, FOLDERS, MANIFEST, SUMS, Hashing, Manifest, Sums, kept_sums
from crawler.backup.scratch import scratch_folder
from crawler.database import Database, companions, knows_revision, newest_revision, sqlite_url
from crawler.storage import StorageError, file_error, sync_folder
from crawler.tables import capture

CONFIG_COPY = "config-from-backup"  # where the configuration is put: which one is in use stays the operator's choice


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What was made again."""

    data: Path
    database: Path
    config: Path | None  # the backup's copy of it
    manifest: Manifest
    schema: str  # what the database is at now
    files: int


def restore_backup(
    file: Path, data: Path, database: Path | None = None, watch: Callable[[str], None] = lambda line: None
) -> Restored:
    """Unpack `file` beside `data`, check every hash, bring the database up to date, then rename it to `data`.

    Args:
        file: as `make_backup` wrote it.
        data: the folder to make; it does not exist, or is empty.
        database: where its configuration wants the database, when not in `data`; neither it nor what SQLite keeps
            beside it exists.
        watch: is told in a line what is being done.

    Raises:
        StorageError: the file is no backup, is damaged, or is of a newer presswatch, or the disk refuses. Nothing is
            left behind.
    """
    above = next(folder for folder in data.absolute().parents if folder.is_dir())
    with (
        _faults_named(data),
        scratch_folder(above, f".{data.name}.restoring-") as scratch,
        kept_sums() as sums,
    ):
        unpacked = scratch / "data"
        unpacked.mkdir()
        manifest, files = _Unpacker(file, unpacked, sums, watch).unpack()
        watch("bringing the database up to date ...")
        _prepare_database(unpacked / DATABASE, manifest)
        if (unpacked / CONFIG).is_dir():
            (unpacked / CONFIG).rename(unpacked / CONFIG_COPY)
        os.sync()
        _put_in_place(unpacked, data, database)
    kept_config = data / CONFIG_COPY
    return Restored(
        data=data,
        database=database or data / DATABASE,
        config=kept_config if kept_config.is_dir() else None,
        manifest=manifest,
        schema=newest_revision(),
        files=files,
    )


class _Unpacker:
    def __init__(self, file: Path, folder: Path, sums: Sums, watch: Callable[[str], None]) -> None:
        self._file = file
        self._folder = folder
        self._sums = sums
        self._watch = watch

    def unpack(self) -> tuple[Manifest, int]:
        """What the backup says of itself, and how many files it held."""
        try:
            with self._file.open("rb") as opened, self._tar(opened) as tar:
                return self._read_manifest(tar), self._unpack_files(tar)
        except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise self._damaged(str(error)) from error

    def _tar(self, opened: BinaryIO) -> tarfile.TarFile:
        try:
            return tarfile.open(fileobj=opened, mode="r:gz")
        except tarfile.ReadError as error:
            raise self._foreign() from error

    def _read_manifest(self, tar: tarfile.TarFile) -> Manifest:
        first = tar.next()
        if first is None or first.name != MANIFEST:
            raise self._foreign()
        content = self._read(tar, first, limit=100_000)
        try:
            manifest = Manifest.from_json(content)
        except ValueError as error:
            raise self._foreign() from error
        if not knows_revision(manifest.schema):
            raise StorageError(
                f"{self._file} was made by presswatch {manifest.presswatch} at schema {manifest.schema}, which this "
                f"one ({newest_revision()}) does not know: it is newer; install that one"
            )
        return manifest

    def _unpack_files(self, tar: tarfile.TarFile) -> int:
        files = 0
        while (member := tar.next()) is not None:
            tar.members.clear()  # type: ignore[attr-defined]  # else tarfile remembers every member
            if member.name == SUMS:
                self._check_sums(tar, member)
                return files
            self._unpack_one(tar, member)
            files += member.name != DATABASE
            self._watch(f"{files} files unpacked")
        raise self._damaged(f"it ends before its {SUMS}")

    def _unpack_one(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        target = self._folder / self._checked(member)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as out:
                content = self._content(tar, member)
                shutil.copyfileobj(content, out)
        except (FileExistsError, NotADirectoryError) as error:
            raise self._damaged(f"{member.name} is in it twice") from error
        self._sums.add(member.name, content.digest)

    def _checked(self, member: tarfile.TarInfo) -> PurePosixPath:
        """The member's path below the folder: a plain file of a place that backups have."""
        try:
            safe = tarfile.data_filter(member, str(self._folder))
        except tarfile.FilterError as error:
            raise self._damaged(f"{member.name} may not be unpacked: {error}") from error
        path = PurePosixPath(member.name)
        is_known = member.name == DATABASE or (len(path.parts) > 1 and path.parts[0] in FOLDERS)
        if safe is None or safe.name != member.name or not member.isreg() or not is_known:
            raise self._damaged(f"{member.name} may not be unpacked: no backup holds such a member")
        return path

    def _check_sums(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        listed = tar.extractfile(member)
        found = self._sums.reread()
        if listed is None:
            raise self._damaged(f"{SUMS} is no file")
        for mine in found:
            theirs = listed.readline()
            if theirs != mine:
                raise self._damaged(f"{_named(theirs) or _named(mine)} is not what was packed")
        if listed.readline() or tar.next() is not None:
            raise self._damaged("it does not hold what it lists")

    def _read(self, tar: tarfile.TarFile, member: tarfile.TarInfo, *, limit: int) -> bytes:
        if not member.isreg() or member.size > limit:
            raise self._foreign()
        content = self._content(tar, member)
        read = content.read(limit)
        self._sums.add(member.name, content.digest)
        return read

    def _content(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> Hashing:
        opened = tar.extractfile(member)
        if opened is None:
            raise self._damaged(f"{member.name} is no file")
        return Hashing(opened)

    def _damaged(self, why: str) -> StorageError:
        return StorageError(f"{self._file}: the backup is damaged ({why}): nothing was restored; take another one")

    def _foreign(self) -> StorageError:
        return StorageError(f"{self._file}: this is no backup of presswatch; name a file that presswatch backup wrote")


def _named(line: bytes) -> str:
    """The member that a line of the seal is about."""
    return line.partition(b"  ")[2].decode("utf-8", "replace").strip()


def _prepare_database(path: Path, manifest: Manifest) -> None:
    if not path.is_file():
        raise StorageError(f"the backup holds no {DATABASE}: nothing was restored; take another one")
    database = Database(sqlite_url(path))
    try:
        database.migrate(keep_copy=False)
        if not manifest.captures:
            # Rows that say a response is kept, where it is not, would keep it from being captured again.
            with database.write() as connection:
                connection.execute(delete(capture))
    finally:
        database.close()


def _put_in_place(unpacked: Path, data: Path, database: Path | None) -> None:
    if database is not None and not database.is_relative_to(data):
        _put_elsewhere(unpacked, data, database)
        return
    if database is not None:
        inside = unpacked / database.relative_to(data)
        inside.parent.mkdir(parents=True, exist_ok=True)
        for packed in companions(inside):  # of the database at work, in an archive it lies in: our copy needs none
            packed.unlink()
        (unpacked / DATABASE).rename(inside)
    data.parent.mkdir(parents=True, exist_ok=True)
    unpacked.rename(data)
    sync_folder(data.parent)


def _put_elsewhere(unpacked: Path, data: Path, database: Path) -> None:
    """The database last: without it, whoever finds the rest sees that the restore was not ended.

    Raises:
        StorageError: a database lies there, or the log of one, which would be read into the restored one.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    if in_the_way := [*companions(database), *([database] if database.exists() else [])]:
        raise StorageError(f"{in_the_way[0]} is there, and was left alone: nothing was restored; move it away")
    with scratch_folder(database.parent, f".{database.name}.restoring-") as scratch:
        copied = shutil.copyfile(unpacked / DATABASE, scratch / DATABASE)
        (unpacked / DATABASE).unlink()
        os.sync()
        data.parent.mkdir(parents=True, exist_ok=True)
        unpacked.rename(data)
        copied.rename(database)
    sync_folder(data.parent)
    sync_folder(database.parent)


@contextmanager
def _faults_named(data: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        told = file_error(error, data)
        raise StorageError(f"{told}; nothing was restored", told.fault) from error
