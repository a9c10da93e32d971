"""Scrapy's item pipeline around `extract`."""

from typing import Any, Self

from crawler.captures.records import Captured
from crawler.items import Article, Flow, Page
from crawler.outcomes import Outcome
from crawler.visit import Visit
from pipelines.extract.extract import extract


class ExtractPipeline:
    """Turns each Page into an Article or an Ended; hands on everything else.

    A page that gave an article is captured, and so is one without text: a better extractor may read it later.
    """

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
        result = extract(item, source)
        if isinstance(result, Article) or result.outcome is Outcome.NO_TEXT:
            self._visit.capture(source.name, _captured(item))
        return result


def _captured(page: Page) -> Captured:
    return Captured(
        url=page.url,
        status=page.status,
        headers=page.headers,
        body=page.body,
        at=page.fetched_at,
        redirects=page.redirects,
    )
