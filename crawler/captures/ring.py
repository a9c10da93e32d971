"""The capture ring as one run writes to it: a WARC file a run, and a row for each response in it.

Captures serve later runs and are never worth this one: a ring that cannot be written says so once, and the run goes
on without it.
"""

import hashlib
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import delete, insert, select

from crawler import __version__
from crawler.captures.members import NotByRecordError
from crawler.captures.records import (
    Captured,
    Written,
    asked_url,
    info_member,
    redirect_member,
    response_member,
    revisit_member,
)
from crawler.captures.upkeep import OPEN_FILE, RingRules, mend_ring, prune_ring, ring_size
from crawler.config.models import Settings
from crawler.database import Database, StorageError, insert_for
from crawler.items import Redirect
from crawler.noarchive import forbids_archiving
from crawler.storage import sync_folder
from crawler.tables import capture, meta

logger = logging.getLogger(__name__)


class RingFullError(OSError):
    """The run alone has captured as much as the ring may hold."""


@dataclass(frozen=True, kw_only=True)
class RingRun:
    """The run that writes, as its file tells it."""

    number: int
    started: datetime
    facts: Mapping[str, str]  # of the warcinfo record

    @property
    def file(self) -> str:
        return f"{self.started.astimezone(UTC):%Y%m%dT%H%M%SZ}-run{self.number}.warc.gz"


@dataclass(kw_only=True)
class _OpenFile:
    """The run's own file, and what stands in it."""

    descriptor: int
    size: int = 0
    bodies: dict[str, Written] = field(default_factory=dict)  # by digest
    redirects: set[Redirect] = field(default_factory=set)


class Ring:
    def __init__(self, folder: Path, database: Database, rules: RingRules, run: RingRun) -> None:
        self._folder = folder
        self._database = database
        self._rules = rules
        self._run = run
        self._file: _OpenFile | None = None
        self._others = 0  # bytes of the other files
        self._fault = ""  # why nothing is captured any more
        self._told = False

    def prepare(self) -> None:
        """Mend what a run that died has left, and let go of what has expired."""
        with self._contained():
            mend_ring(self._folder, self._database)
            prune_ring(self._folder, self._database, self._rules, now=self._run.started)
        if self._fault:
            logger.warning(self._fault)
            self._told = True

    @contextmanager
    def working(self) -> Iterator[None]:
        """Prepare it, and end the run's file whatever happens."""
        self.prepare()
        try:
            yield
        finally:
            self.close()

    def keep(self, captured: Captured, *, anew: bool = False) -> str:
        """Keep a response, unless the ring has this body from this address, or its publisher forbids it.

        Args:
            captured: the response.
            anew: keep it though the ring has the body. What led to news in this run must stand among what this run
                was answered: a replay looks for it there, and for the redirects that led to it.

        Returns:
            Why nothing is captured from now on, once, unless it was so when the run began; else "".
        """
        if not self._fault and not forbids_archiving(captured.headers):
            with self._contained():
                self._keep(captured, anew=anew)
        if self._fault and not self._told:
            self._told = True
            return self._fault
        return ""

    def close(self) -> None:
        """End the run's file. One that could not be written to its end is left to be mended."""
        if self._file is None:
            return
        file, self._file = self._file, None
        try:
            self._end(file)
        except (OSError, StorageError) as error:
            # The next run mends a file that may need it; what disk or database refuse is told where it costs something.
            logger.info("the capture file %s could not be ended: %s", self._run.file, error)

    def _end(self, file: _OpenFile) -> None:
        """A file is on the disk before it counts as ended."""
        try:
            if self._fault:
                return
            os.fsync(file.descriptor)
        finally:
            os.close(file.descriptor)
        sync_folder(self._folder)
        with self._database.write() as connection:
            connection.execute(delete(meta).where(meta.c.name == OPEN_FILE))

    @contextmanager
    def _contained(self) -> Iterator[None]:
        """Nothing that goes wrong in the ring reaches the crawl."""
        try:
            yield
        except (OSError, StorageError, NotByRecordError) as error:
            self._give_up(error)
        except Exception as error:  # a fault of ours: told, with its traceback in the log
            logger.exception("the capture ring in %s broke", self._folder)
            self._give_up(error)

    def _keep(self, captured: Captured, *, anew: bool) -> None:
        url, digest = asked_url(captured.url), hashlib.sha256(captured.body).hexdigest()
        if not anew and self._has(url, digest):
            return
        file = self._file or self._begin()
        for redirect in captured.redirects:
            if redirect not in file.redirects:
                self._append(file, redirect_member(redirect, captured.at))
                file.redirects.add(redirect)
        earlier = file.bodies.get(digest)
        if earlier is not None:
            self._append(file, revisit_member(captured, earlier))
        else:
            member, written = response_member(captured)
            self._append(file, member)
            file.bodies[digest] = written
        with self._database.write() as connection:
            row = {"url": url, "digest": digest, "file": self._run.file, "at": captured.at}
            connection.execute(insert_for(connection)(capture).values(row).on_conflict_do_nothing())

    def _has(self, url: str, digest: str) -> bool:
        this = (capture.c.url == url) & (capture.c.digest == digest)
        with self._database.read() as connection:
            return connection.scalar(select(capture.c.file).where(this)) is not None

    def _begin(self) -> _OpenFile:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._others = ring_size(self._folder)
        with self._database.write() as connection:
            connection.execute(delete(meta).where(meta.c.name == OPEN_FILE))
            connection.execute(insert(meta).values(name=OPEN_FILE, value=self._run.file))
        path = self._folder / self._run.file
        self._file = _OpenFile(descriptor=os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        self._append(self._file, info_member(self._run.file, self._run.started, self._run.facts))
        return self._file

    def _append(self, file: _OpenFile, member: bytes) -> None:
        """Write a record in one go, so that a process that dies leaves whole ones before it."""
        self._make_room(file.size + len(member))
        written = os.write(file.descriptor, member)
        if written != len(member):
            raise OSError(f"only {written} of {len(member)} bytes could be written")
        file.size += written

    def _make_room(self, size: int) -> None:
        """Let the oldest files go when the run's own, grown to `size` bytes, would be too much beside them."""
        if self._others + size <= self._rules.max_bytes:
            return
        own = self._run.file
        prune_ring(self._folder, self._database, self._rules, now=self._run.started, spare=own, room=size)
        self._others = ring_size(self._folder, spare=own)
        if self._others + size > self._rules.max_bytes:
            raise RingFullError(f"this run alone fills retention.captures_mb ({self._rules.max_bytes / 1e6:.0f} MB)")

    def _give_up(self, error: Exception) -> None:
        if isinstance(error, RingFullError):
            cause = f"{error}; raise it to keep more"
        elif isinstance(error, OSError):
            cause = f"{self._folder} cannot be written: {error}"
        else:
            told = isinstance(error, StorageError | NotByRecordError)
            cause = str(error) if told else f"{type(error).__name__}: {error}"
        self._fault = f"nothing more is captured in this run: {cause}"
        if self._file is not None:
            self._cut_back(self._file)

    def _cut_back(self, file: _OpenFile) -> None:
        """Take a half-written record away again, so that the file can be read."""
        try:
            os.ftruncate(file.descriptor, file.size)
        except OSError as error:  # mend_ring does it at the next run
            logger.warning("%s ends in the middle of a record until the next run: %s", self._run.file, error)


def ring_of_run(data: Path, database: Database, settings: Settings, *, number: int, now: datetime, agent: str) -> Ring:
    """The ring of a data folder, for the run that has begun.

    Args:
        data: the data folder; the ring lies in its captures/.
        database: where its rows are.
        settings: how much is kept.
        number: of the run.
        now: its start.
        agent: how the run calls itself to servers.
    """
    facts = {
        "software": f"presswatch/{__version__}",
        "isPartOf": f"run {number}",
        "http-header-user-agent": agent,
        "robots": "obeyed",
    }
    run = RingRun(number=number, started=now, facts=facts)
    return Ring(data / "captures", database, RingRules.of(settings.retention), run)
