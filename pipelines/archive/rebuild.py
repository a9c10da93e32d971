"""The files of the archive, made again from its rows, byte for byte."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from crawler.config.models import Config
from crawler.database import Database, StorageError
from pipelines.archive.aside import set_aside
from pipelines.archive.findings import Kind
from pipelines.archive.store import Archive
from pipelines.archive.verify import FileState, file_states, folder_findings


@dataclass(kw_only=True)
class Rebuilt:
    """What was done. Paths are below the archive folder."""

    written: list[str] = field(default_factory=list)
    kept_aside: list[str] = field(default_factory=list)  # edited files, under their new names
    removed: list[str] = field(default_factory=list)  # temporary files of writers that died
    unknown: list[str] = field(default_factory=list)  # Markdown files that no row names: left alone
    faults: list[str] = field(default_factory=list)  # what could not be read, written or removed, with the cause


class Rebuild:
    """Writes the files below `folder` again. The caller holds the run lock."""

    def __init__(self, database: Database, folder: Path, config: Config, archive: Archive) -> None:
        self._database = database
        self._folder = folder
        self._config = config
        self._archive = archive

    def run(self, *, everything: bool, watch: Callable[[str], None]) -> Rebuilt:
        """Write what is missing, edited or stale; with `everything` each file. `watch` is told each path."""
        done = Rebuilt()
        for state in self._states():
            if state.finding is not None or everything:
                watch(state.path)
                self._write(state, done)
        self._look_around(done)
        return done

    def _states(self) -> Iterator[FileState]:
        """Each batch in a view of its own: a long one would keep the database's log from being taken over."""
        after = 0
        while states := self._next(after):
            yield from states
            after = states[-1].entry

    def _next(self, after: int) -> list[FileState]:
        with self._database.read() as connection:
            return file_states(connection, self._config, self._folder, after)

    def _write(self, state: FileState, done: Rebuilt) -> None:
        kind = state.finding.kind if state.finding else None
        if state.finding is not None and kind is Kind.UNREADABLE:
            # Somebody may have edited it: what cannot be read is not written over.
            done.faults.append(f"{self._folder / state.path} cannot be read: {state.finding.detail}")
            return
        try:
            if kind is Kind.EDITED:
                aside = set_aside(self._folder / state.path)
                done.kept_aside.append(aside.relative_to(self._folder).as_posix())
            self._archive.write_file(state.entry)
        except OSError as error:
            done.faults.append(f"{self._folder / state.path} cannot be set aside: {error.strerror or error}")
        except StorageError as error:
            if error.ends_a_run:
                raise
            done.faults.append(str(error))
        else:
            done.written.append(state.path)

    def _look_around(self, done: Rebuilt) -> None:
        """See to the files that no row names."""
        with self._database.read() as connection:
            for finding in folder_findings(connection, self._folder):
                match finding.kind:
                    case Kind.UNKNOWN:
                        done.unknown.append(finding.path)
                    case Kind.UNREADABLE:
                        done.faults.append(f"{self._folder / finding.path} cannot be read: {finding.detail}")
                    case Kind.LEFTOVER:
                        self._remove(finding.path, done)

    def _remove(self, path: str, done: Rebuilt) -> None:
        try:
            (self._folder / path).unlink(missing_ok=True)
        except OSError as error:
            done.faults.append(f"{self._folder / path} cannot be removed: {error.strerror or error}")
        else:
            done.removed.append(path)
