"""Scrapy's item pipeline around `extract`."""

from collections.abc import Iterator
from typing import Any, Self

from crawler.allowance import TooSlowError
from crawler.captures.records import Captured
from crawler.config.slow import told_of
from crawler.fetch.failures import Failure
from crawler.items import Article, Flow, Page
from crawler.outcomes import Outcome
from crawler.spiders.pages import failed
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
        try:
            result = extract(item, source)
        except TooSlowError as error:
            return self._put_off(item, told_of(source, error))
        if isinstance(result, Article) or result.outcome is Outcome.NO_TEXT:
            for captured in _captured(item):
                # A second look that finds the page as it was brings nothing.
                self._visit.capture(source.name, captured, anew=not item.pending.revisit)
        return result

    def _put_off(self, page: Page, told: str) -> Flow:
        """Nothing is read in part: when the config is put right, the page gives its article."""
        self._visit.note(page.pending.source, f"{page.url}: {told}")
        return next(iter(failed(self._visit, [page.pending], Failure.EXPRESSION, told)))


def _captured(page: Page) -> Iterator[Captured]:
    """The page with those behind it, in the order in which they were asked for."""
    for part in filter(None, (page.first_part, *page.parts, page.beyond)):
        yield Captured(
            url=part.url,
            status=part.status,
            headers=part.headers,
            body=part.body,
            at=part.fetched_at or page.fetched_at,
            redirects=part.redirects,
        )
