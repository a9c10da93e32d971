"""Scrapy's shell of the archive: the last stage, where every entry ends or is put off."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Self

from crawler.items import Article, Ended, Flow, Page, Postponed
from crawler.ledger import AlreadyEndedError
from pipelines.archive.store import Archive

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.visit import Visit

logger = logging.getLogger(__name__)


class ArchivePipeline:
    def __init__(self, visit: Visit, archive: Archive) -> None:
        self._visit = visit
        self._archive = archive

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        visit: Visit = crawler.spider.visit  # type: ignore[union-attr]
        return cls(visit, Archive(visit.run.database, visit.run.archive, visit.config, visit.run.clock.now))

    def process_item(self, item: Flow) -> Flow:
        """
        Raises:
            TypeError: a page reached the end of the pipeline unread: a stage is missing in ITEM_PIPELINES.
        """
        try:
            self._store(item)
        except AlreadyEndedError as error:
            # Another worker was faster; its outcome stands.
            logger.info("dropped a second result: %s", error)
        return item

    def _store(self, item: Flow) -> None:
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
            case Page():
                raise TypeError(f"page {item.url} was not extracted; see ITEM_PIPELINES")
