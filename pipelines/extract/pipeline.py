"""Scrapy's item pipeline around `extract`."""

from typing import Any, Self

from crawler.items import Flow, Page
from crawler.visit import Visit
from pipelines.extract.extract import extract


class ExtractPipeline:
    """Turns each Page into an Article or an Ended; hands on everything else."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit

    @classmethod
    def from_crawler(cls, crawler: Any) -> Self:
        return cls(crawler.spider.visit)

    def process_item(self, item: Flow) -> Flow:
        """
        Raises:
            LookupError: the page belongs to a source that the config does not hold.
        """
        if not isinstance(item, Page):
            return item
        source = self._visit.config.source(item.pending.source)
        if source is None:
            raise LookupError(f"source {item.pending.source!r} of entry {item.pending.id} is not in the config")
        return extract(item, source)
