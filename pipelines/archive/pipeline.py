"""Scrapy's shell of the archive: the last stage, where every entry ends or is put off, and every revisit is told."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Self

from crawler.items import Article, Ended, Flow, Page, Postponed, Unchanged
from crawler.ledger import AlreadyEndedError
from pipelines.archive.revise import Revisions
from pipelines.archive.store import Archive

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.visit import Visit

logger = logging.getLogger(__name__)


class ArchivePipeline:
    def __init__(self, visit: Visit, archive: Archive, revisions: Revisions) -> None:
        self._visit = visit
        self._archive = archive
        self._revisions = revisions

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        visit: Visit = crawler.spider.visit  # type: ignore[union-attr]
        run = visit.run
        archive = Archive(run.database, run.archive, run.config, run.clock.now, run.refused)
        return cls(visit, archive, Revisions(run.database, run.config, archive, run.revisits, run.clock.now))

    def process_item(self, item: Flow) -> Flow:
        """
        Raises:
            TypeError: a page reached the end of the pipeline unread: a stage is missing in ITEM_PIPELINES.
        """
        if isinstance(item, Page):
            raise TypeError(f"page {item.url} was not extracted; see ITEM_PIPELINES")
        try:
            if item.pending.revisit or isinstance(item, Unchanged):
                self._look_again(item)
            else:
                self._store(item)
        except AlreadyEndedError as error:
            # Another worker was faster; its outcome stands.
            logger.info("dropped a second result: %s", error)
        if isinstance(item, Ended):
            self._visit.hold_for(item)
        return item

    def _look_again(self, item: Article | Ended | Postponed | Unchanged) -> None:
        change = self._revisions.store(item)
        self._visit.run.watch(f"{item.pending.source}: {change or 'not read again'} {item.pending.entry.title}")

    def _store(self, item: Article | Ended | Postponed) -> None:
        run = self._visit.run
        match item:
            case Article():
                outcome = self._archive.store(item, run=run.number)
                run.watch(f"{item.pending.source}: {outcome} {item.title}")
            case Ended():
                run.ledger.end(run.number, item)
                run.watch(f"{item.pending.source}: {item.outcome} {item.pending.entry.title} ({item.reason})")
            case Postponed():
                run.ledger.postpone(item)
                run.watch(f"{item.pending.source}: put off {item.pending.entry.title} ({item.reason})")
