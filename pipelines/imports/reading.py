"""A recorded response becomes an article, or an end without one. Pure but for the look at the stored articles."""

from crawler.captures.reading import StoredResponse
from crawler.config.models import Source, Theme
from crawler.database import Database
from crawler.fetch.decoding import BodyBrokenError, BodyDecoder, BodyTooLargeError
from crawler.fetch.failures import Failure
from crawler.items import Article, Ended, Page, PendingEntry
from crawler.noarchive import forbids_archiving
from crawler.outcomes import Outcome
from crawler.spiders.pages import headers_of
from pipelines.copies.pipeline import compared
from pipelines.extract.extract import extract
from pipelines.themes.judge import Judge


class PageReader:
    """Extracts, judges and looks for copies, as the stages of a crawl do.

    Args:
        themes: what articles are judged by.
        database: where their copies may be.
        decoder: holds bodies to the limit of size.
    """

    def __init__(self, themes: tuple[Theme, ...], database: Database, decoder: BodyDecoder) -> None:
        self._judge = Judge(themes)
        self._database = database
        self._decoder = decoder

    def read(self, stored: StoredResponse, pending: PendingEntry, source: Source) -> Article | Ended:
        page = self._page(stored, pending)
        if isinstance(page, Ended):
            return page
        result = extract(page, source)
        if isinstance(result, Ended):
            return result
        judged = self._judge.judge_article(result)
        with self._database.read() as connection:
            return compared(connection, judged)

    def _page(self, stored: StoredResponse, pending: PendingEntry) -> Page | Ended:
        at = pending.first_seen
        if forbids_archiving(stored.headers):
            reason = "the X-Robots-Tag header says noarchive"
            return Ended(pending=pending, outcome=Outcome.REFUSED, reason=reason, at=at)
        if stored.too_large:
            reason = f"{Failure.TOO_LARGE}: as it was sent already"
            return Ended(pending=pending, outcome=Outcome.REFUSED, reason=reason, at=at)
        try:
            response = self._decoder.decode(stored.url, stored.headers, stored.body)
        except BodyTooLargeError as error:
            reason = f"{Failure.TOO_LARGE}: {error}"
            return Ended(pending=pending, outcome=Outcome.REFUSED, reason=reason, at=at)
        except BodyBrokenError as error:
            return Ended(pending=pending, outcome=Outcome.FAILED, reason=f"{Failure.BROKEN}: {error}", at=at)
        return Page(
            pending=pending,
            url=stored.url,
            status=stored.status,
            content_type=stored.header("Content-Type"),
            body=response.body,
            fetched_at=at,
            headers=headers_of(response),
        )
