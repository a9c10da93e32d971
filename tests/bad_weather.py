"""Faults of disk and database, for tests: each is met at one chosen writing step, and lasts from then on."""

import errno
import os
import re
import sqlite3
import stat
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import event

#: Writing step → the statement by which it is known.
DATABASE_STEPS = {
    "declaring endpoints": r"INSERT INTO endpoint",
    "claiming a host": r"UPDATE host SET lease_until=\?, lease_token=\?, generation",
    "keeping robots.txt": r"INSERT INTO robots",
    "storing a poll": r"INSERT INTO sighting",
    "storing an article": r"INSERT INTO article",
    "noting its file": r"UPDATE article SET filed",
    "remembering a host": r"INSERT INTO host .*last_request_at",
    "ending a visit": r"UPDATE host SET lease_until=\?, lease_token=\? WHERE host\.name",
    "closing the books": r"UPDATE run SET ended",
}
FILE_STEPS = ("open", "write", "fsync", "rename", "fsync of the folder")


def sqlite_error(code=sqlite3.SQLITE_FULL, name="SQLITE_FULL", text="database or disk is full"):
    """What the driver raises."""
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode, error.sqlite_errorname = code, name
    return error


def database_fails_at(pattern, *, then=lambda: None):
    """For `Rig.crawl(prepare=…)`: from the first statement that matches on, nothing can be written.

    `then` is called when it happens first.
    """
    met = []

    def refuse(connection, cursor, statement, *more):
        if not met and re.search(pattern, statement):
            met.append(statement)
            then()
        if met and not statement.startswith(("SELECT", "BEGIN", "PRAGMA")):
            raise sqlite_error()

    return lambda database: event.listen(database.engine, "before_cursor_execute", refuse)


def at_every_connect(pragma):
    """For `Rig.crawl(prepare=…)`: each connection begins with this PRAGMA; those that are open are given up."""

    def prepare(database):
        database.engine.dispose()
        event.listen(database.engine, "connect", lambda connection, record: connection.execute(pragma))

    return prepare


@contextmanager
def files_fail_at(step, monkeypatch, *, code=errno.ENOSPC, after=0):
    """While it lasts, writing files meets `code` at `step`, once it was passed `after` times.

    Yields:
        A list that grows by one with every refusal.
    """
    disk = _FullDisk(step, code, after)
    with monkeypatch.context() as patch:
        # Functions, so that the path is handed on: a bound method would not get it.
        patch.setattr(Path, "open", lambda path, *given, **more: disk.open(path, *given, **more))  # noqa: PLW0108
        patch.setattr(Path, "replace", lambda path, target: disk.replace(path, target))  # noqa: PLW0108
        patch.setattr(os, "fsync", disk.sync)
        yield disk.refused


class _FullDisk:
    """Stands before the real calls; files are those that `write_atomically` gives another name at the end."""

    def __init__(self, step, code, after):
        self.refused = []
        self._step, self._code, self._left = step, code, after
        self._open, self._replace, self._sync = Path.open, Path.replace, os.fsync

    def open(self, path, mode="r", *arguments, **more):
        is_written = self._is_ours(path) and "x" in mode
        if is_written:
            self._meet("open", path)
        file = self._open(path, mode, *arguments, **more)
        return _Unwritable(file, lambda: self._meet("write", path)) if is_written and self._step == "write" else file

    def replace(self, path, target):
        if self._is_ours(path):
            self._meet("rename", path)
        return self._replace(path, target)

    def sync(self, descriptor):
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        self._meet("fsync of the folder" if is_folder else "fsync", f"descriptor {descriptor}")
        self._sync(descriptor)

    def _meet(self, step, path):
        if step != self._step:
            return
        if self._left:
            self._left -= 1
            return
        self.refused.append(str(path))
        raise OSError(self._code, os.strerror(self._code), str(path))

    @staticmethod
    def _is_ours(path):
        return path.name.endswith(".tmp")


class _Unwritable:
    """A file that takes a few bytes, and then perhaps no more."""

    def __init__(self, file, refuse):
        self._file, self._refuse = file, refuse

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._file.close()

    def write(self, content):
        self._file.write(content[:3])
        self._refuse()
        self._file.write(content[3:])

    def __getattr__(self, name):
        return getattr(self._file, name)
