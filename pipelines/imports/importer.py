"""A run that takes in the pages of WARC files."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from crawler import books
from crawler.captures.reading import BrokenFileError, Name, StoredResponse, Unreadable, stream_responses
from crawler.captures.recording import with_body
from crawler.config.models import Config, Source
from crawler.database import Database, StorageError
from crawler.fetch.decoding import BodyDecoder
from crawler.intake import Intake, knows, take_in, waiting
from crawler.items import Ended, Entry, Origin, PendingEntry
from crawler.ledger import end_entry
from crawler.outcomes import Outcome
from crawler.urls import UrlError, article_key, check_fetchable, host_of
from pipelines.archive.store import Archive
from pipelines.imports.further import FurtherPagesInFiles
from pipelines.imports.reading import PageReader
from pipelines.imports.sources import SourceFinder
from pipelines.imports.survey import Survey, is_page_type

logger = logging.getLogger(__name__)


@dataclass(kw_only=True)
class FileCount:
    """What a file held."""

    path: Path
    pages: int = 0
    lists: int = 0
    others: int = 0  # responses that are no page: another type or status
    unreadable: list[str] = field(default_factory=list)  # address and why
    broken: str = ""  # why it could not be read to its end


@dataclass(frozen=True, kw_only=True)
class _Found:
    """A page of a file, and who announced it: (source or "", entry)."""

    intake: Intake
    response: StoredResponse
    announced: list[tuple[str, Entry]]


class Importer:
    """Args:
    config: sources, themes and limits.
    database: ledger and archive.
    archive: stores what was read.
    now: the time.
    fixed: the source that reads every page, when there is one.
    watch: is told in a line what just happened.
    """

    def __init__(
        self,
        config: Config,
        database: Database,
        archive: Archive,
        *,
        now: Callable[[], datetime],
        fixed: Source | None = None,
        watch: Callable[[str], None] = logger.info,
    ) -> None:
        self._database = database
        self._archive = archive
        self._now = now
        self._watch = watch
        self._max_body = int(config.settings.safety.max_body_mb * 1024 * 1024)
        decoder = BodyDecoder(self._max_body)
        self._survey = Survey(config, decoder)
        self._finder = SourceFinder(config, fixed)
        self._further = FurtherPagesInFiles(config, self._finder, decoder, fixed)
        self._parts: dict[str, StoredResponse] = {}  # further pages, until their article is taken in
        self._incomplete: list[_Found] = []  # pages whose further ones were not all met yet
        self._reader = PageReader(config.themes, database, decoder)
        self._bodies: dict[Name, bytes] = {}  # of records that others refer to, in this file or a later one
        self.faults: list[str] = []  # pages that presswatch itself failed on
        self.refused: list[str] = []  # places that could not be written; what belongs there is stored in rows

    @property
    def unread_lists(self) -> tuple[str, ...]:
        return tuple(self._survey.faults)

    def take(self, run: int, files: Sequence[Path]) -> list[FileCount]:
        """Take in the files' pages. What lists in any of them announce is known of the pages in all.

        Raises:
            StorageError: the database or the archive cannot be written.
        """
        for found in self._responses(files):
            with self._contained(found.url):
                self._survey.look_at(found)
                if is_page_type(found):
                    self._further.look_at(found)
        while late := self._survey.late_lists():
            for found in self._responses(files):
                if found.url in late:
                    with self._contained(found.url):
                        self._survey.look_at(found)
        counts = [self._take_file(run, path) for path in files]
        for page in self._incomplete:
            self._take_in(page)
        return counts

    def _responses(self, files: Sequence[Path]) -> Iterator[StoredResponse]:
        for path in files:
            for found in self._whole_part(path, FileCount(path=path)):
                if isinstance(found, StoredResponse):
                    yield found

    def _take_file(self, run: int, path: Path) -> FileCount:
        count = FileCount(path=path)
        intake = Intake(run=run, origin=Origin.IMPORT, place=f"warc:{path.name}")
        for found in self._whole_part(path, count):
            if isinstance(found, Unreadable):
                count.unreadable.append(f"{found.url}: {found.why}")
                continue
            for name in self._survey.referred_to(found):
                self._bodies.setdefault(name, found.body)
            self._sort(intake, self._with_body(found), count)
        return count

    def _with_body(self, response: StoredResponse) -> StoredResponse:
        """A response whose body stands in another record, with that body where it was met before."""
        body = next((self._bodies[name] for name in response.refers_to if name in self._bodies), None)
        return response if body is None else with_body(response, body)

    def _whole_part(self, path: Path, count: FileCount) -> Iterator[StoredResponse | Unreadable]:
        try:
            yield from stream_responses(path, self._max_body)
        except BrokenFileError as error:
            count.broken = str(error)

    def _sort(self, intake: Intake, response: StoredResponse, count: FileCount) -> None:
        """Take a page in, and count everything else."""
        if response.status == 200 and self._survey.is_list(response.url):
            count.lists += 1
            return
        announced = list(self._survey.announcements(response.url))
        if response.status != 200 or response.refers_to or not (announced or is_page_type(response)):
            count.others += 1
            return
        try:
            check_fetchable(response.url)
            announced = announced or [("", Entry(key=article_key(response.url), url=response.url))]
        except UrlError as error:
            count.unreadable.append(f"{response.url}: {error.why}")
            return
        count.pages += 1
        if self._further.is_further(response.url):
            self._parts.setdefault(response.url, response)
        else:
            self._incomplete.append(_Found(intake=intake, response=response, announced=announced))
        for page in [page for page in self._incomplete if self._is_complete(page)]:
            self._incomplete.remove(page)
            self._take_in(page)

    def _is_complete(self, page: "_Found") -> bool:
        return self._parts.keys() >= set(self._further.behind(page.response.url))

    def _take_in(self, page: "_Found") -> None:
        """Take a page in with what was met of those behind it."""
        behind = self._further.behind(page.response.url)
        parts = [part for url in behind if (part := self._parts.pop(url, None))]
        for announced_by, entry in page.announced:
            with self._contained(page.response.url):
                self._take_page(page, parts, entry, announced_by)

    @contextmanager
    def _contained(self, url: str) -> Iterator[None]:
        """One response's fault stops no other, nor does a single place; a storage that refuses all stops all."""
        try:
            yield
        except StorageError as error:
            if error.ends_a_run:
                raise
            self.refused.append(str(error))
        except Exception as error:  # the edge of a response: told, and the run does not look well
            logger.exception("importing %s broke", url)
            self.faults.append(f"{url}: {type(error).__name__}: {error}")

    def _take_page(self, page: "_Found", parts: list[StoredResponse], entry: Entry, announced_by: str) -> None:
        """Take the page in for its entry: one that waits for it, or a new one. What has its outcome is not read."""
        intake, response = page.intake, page.response
        with self._database.write() as connection:
            waits = waiting(connection, entry.key)
            source = self._finder.source_of(response.url, announced_by or (waits.source if waits else ""))
            books.open_line(connection, intake.run, source.name)
            if knows(connection, entry.key):
                books.add(connection, intake.run, source.name, known=1)
                return
        pending = PendingEntry(
            id=waits.id if waits else 0,
            source=source.name,
            host=host_of(response.url),
            entry=waits.entry if waits else entry,
            first_seen=min(response.at, self._now()),  # a record from a clock that was ahead was not seen in the future
            backlog=True,
        )
        result = self._reader.read(response, pending, source, parts)
        if isinstance(result, Ended):
            self._end(intake, result)
        else:
            outcome = self._archive.take_in(result, intake, seen=pending.first_seen)
            self._watch(f"{source.name}: {outcome or 'known'} {result.title}")

    def _end(self, intake: Intake, ended: Ended) -> None:
        """Entry and outcome in one transaction."""
        entry, source = ended.pending.entry, ended.pending.source
        with self._database.write() as connection:
            if ended.pending.id and ended.outcome is Outcome.FAILED:
                # The file's answer is broken; the publisher's, for which the entry waits, need not be.
                books.add(connection, intake.run, source, known=1)
                return
            pending = take_in(connection, intake, source, entry, ended.pending.first_seen)
            if pending is not None:
                end_entry(connection, intake.run, pending, ended.outcome, reason=ended.reason, now=self._now())
        self._watch(f"{source}: {ended.outcome} {entry.url} ({ended.reason})")
