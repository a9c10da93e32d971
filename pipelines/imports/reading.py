"""A recorded response becomes an article, or an end without one. Pure but for the look at the stored articles."""

from collections.abc import Iterable, Sequence

from crawler.captures.reading import StoredResponse
from crawler.config.models import Source, Theme
from crawler.database import Database
from crawler.fetch.decoding import BodyBrokenError, BodyDecoder, BodyTooLargeError
from crawler.fetch.failures import Failure
from crawler.further_pages import belongs
from crawler.items import Article, Ended, Page, PagePart, PendingEntry
from crawler.noarchive import HEADER_SAYS, forbids_archiving
from crawler.outcomes import Outcome
from pipelines.copies.pipeline import compared
from pipelines.extract.extract import extract
from pipelines.imports.further import part_of
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

    def read(
        self, stored: StoredResponse, pending: PendingEntry, source: Source, further: Sequence[StoredResponse] = ()
    ) -> Article | Ended:
        """The article on a page and those behind it, or its end."""
        page = self._page(stored, pending, further)
        if isinstance(page, Ended):
            return page
        result = extract(page, source)
        if isinstance(result, Ended):
            return result
        judged = self._judge.judge_article(result)
        with self._database.read() as connection:
            return compared(connection, judged)

    def _page(self, stored: StoredResponse, pending: PendingEntry, further: Sequence[StoredResponse]) -> Page | Ended:
        at = pending.first_seen
        if any(forbids_archiving(response.headers) for response in (stored, *further)):
            return Ended(pending=pending, outcome=Outcome.REFUSED, reason=HEADER_SAYS, at=at)
        if any(response.too_large for response in (stored, *further)):
            reason = f"{Failure.TOO_LARGE}: as it was sent already"
            return Ended(pending=pending, outcome=Outcome.REFUSED, reason=reason, at=at)
        try:
            first, *others = (part_of(response, self._decoder) for response in (stored, *further))
        except BodyTooLargeError as error:
            reason = f"{Failure.TOO_LARGE}: {error}"
            return Ended(pending=pending, outcome=Outcome.REFUSED, reason=reason, at=at)
        except BodyBrokenError as error:
            return Ended(pending=pending, outcome=Outcome.FAILED, reason=f"{Failure.BROKEN}: {error}", at=at)
        return Page(
            pending=pending,
            url=first.url,
            status=stored.status,
            content_type=first.content_type,
            body=first.body,
            fetched_at=at,
            headers=first.headers,
            parts=_joined(first, others),
        )


def _joined(first: PagePart, others: Iterable[PagePart]) -> tuple[PagePart, ...]:
    """The pages that belong to the article: the first that does not ends it, as it does in a crawl."""
    pages = [first]
    for part in others:
        if not belongs(pages, part):
            break
        pages.append(part)
    return tuple(pages[1:])
