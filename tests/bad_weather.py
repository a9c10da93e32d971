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
def files_fail_at(step, monkeypatch, *, code=errno.ENOSPC):
    """While it lasts, writing files meets `code` at `step`.

    Yields:
        A list that grows by one with every refusal.
    """
    refused = []

    def refuse(path):
        refused.append(str(path))
        raise OSError(code, os.strerror(code), str(path))

    really_open, really_sync, really_replace = Path.open, os.fsync, Path.replace
    is_ours = lambda path: path.name.endswith(".tmp")  # noqa: E731

    def open_(self, mode="r", *arguments, **more):
        if is_ours(self) and "x" in mode:
            if step == "open":
                refuse(self)
            file = really_open(self, mode, *arguments, **more)
            return _Unwritable(file, lambda: refuse(self)) if step == "write" else file
        return really_open(self, mode, *arguments, **more)

    def sync(descriptor):
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        if step == ("fsync of the folder" if is_folder else "fsync"):
            refuse(f"descriptor {descriptor}")
        really_sync(descriptor)

    def replace(self, target):
        return refuse(self) if step == "rename" and is_ours(self) else really_replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", open_)
        patch.setattr(os, "fsync", sync)
        patch.setattr(Path, "replace", replace)
        yield refused


class _Unwritable:
    """A file that takes a few bytes, and then no more."""

    def __init__(self, file, refuse):
        self._file, self._refuse = file, refuse

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._file.close()

    def write(self, content):
        self._file.write(content[:3])
        self._refuse()

    def __getattr__(self, name):
        return getattr(self._file, name)
