"""Which responses of WARC files are further pages of an article whose first page is among them too."""

from collections.abc import Iterator

from crawler.captures.reading import StoredResponse
from crawler.captures.records import asked_url
from crawler.config.models import Config, Source
from crawler.fetch.decoding import BodyBrokenError, BodyDecoder, BodyTooLargeError
from crawler.further_pages import links, next_address
from crawler.items import PagePart
from crawler.spiders.pages import headers_of
from crawler.urls import UrlError
from pipelines.imports.sources import SourceFinder


class FurtherPagesInFiles:
    """Collects links from responses in the order of their files, and knows then how articles go on.

    Args:
        config: where no source has `articles.next`, no page is looked at.
        finder: by whose rules a page is read.
        decoder: holds bodies to the limit of size.
        fixed: the source that reads every page, when there is one.
    """

    def __init__(self, config: Config, finder: SourceFinder, decoder: BodyDecoder, fixed: Source | None) -> None:
        self._finder = finder
        self._decoder = decoder
        self._has_rules = any(source.articles.next for source in ((fixed,) if fixed else config.sources))
        self._links: dict[str, list[str]] = {}  # a page that was answered → what `next` finds in it
        self._most: dict[str, int] = {}
        self._further: set[str] | None = None

    def look_at(self, response: StoredResponse) -> None:
        """Note where a page leads on to; the first answer of an address counts."""
        if not self._has_rules or response.status != 200 or response.url in self._links:
            return
        try:
            source = self._finder.source_of(response.url)
            if source.articles.next:
                part = part_of(response, self._decoder)
                self._links[response.url] = [url for link in links(source, part) for url in _asked(link)]
                self._most[response.url] = source.articles.most_pages
        except (UrlError, BodyBrokenError, BodyTooLargeError):
            return  # told where the page itself is taken in

    def behind(self, first: str) -> list[str]:
        """The addresses of an article's further pages that were answered, in order."""
        read, following = [first], first
        while following in self._links and len(read) < self._most[first]:
            following = next_address(first, read, self._links[following], number=len(read) + 1)
            if following in self._links:
                read.append(following)
        return read[1:]

    def is_further(self, url: str) -> bool:
        """Whether the page belongs to an article that another page begins."""
        if self._further is None:
            self._further = set()
            for page in self._links:
                # Of pages that lead to each other in a circle, the one that came first begins.
                if page not in self._further:
                    self._further.update(self.behind(page))
        return url in self._further


def part_of(response: StoredResponse, decoder: BodyDecoder) -> PagePart:
    """
    Raises:
        BodyTooLargeError: see `BodyDecoder.decode`.
        BodyBrokenError: likewise.
    """
    decoded = decoder.decode(response.url, response.headers, response.body)
    return PagePart(
        url=response.url,
        content_type=response.header("Content-Type"),
        body=decoded.body,
        headers=headers_of(decoded),
        fetched_at=response.at,
    )


def _asked(link: str) -> Iterator[str]:
    try:
        yield asked_url(link)
    except ValueError:  # a link that is no address
        return
