"""Asks for the pages of an article behind its first, one after the other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scrapy.http.request import NO_CALLBACK

from crawler.fetch.failures import Failure, GoneRedirectError, failure_of_answer
from crawler.fetch.robots import RobotsRefusedError
from crawler.further_pages import belongs, next_page
from crawler.items import PagePart
from crawler.spiders.pages import headers_of, page_request, redirects_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from scrapy import Request
    from scrapy.http import Response

    from crawler.items import Page
    from crawler.visit import Visit

_THERE = range(200, 300)


class FurtherPageError(Exception):
    """A further page was answered with a failure: the article is not read in part."""

    def __init__(self, failure: Failure, url: str, status: int) -> None:
        super().__init__(f"HTTP {status} at {url}")
        self.failure = failure


class FurtherPages:
    """Args:
    visit: whose config says how an article goes on.
    fetch: request → response, through all of Scrapy's downloader middlewares.
    """

    def __init__(self, visit: Visit, fetch: Callable[[Request], Awaitable[Response]]) -> None:
        self._visit = visit
        self._fetch = fetch

    async def of(self, first: Page) -> tuple[tuple[PagePart, ...], PagePart | None]:
        """An article's further pages, and what was answered behind the last of them, where that was asked.

        Raises:
            FurtherPageError: see there.
            Exception: whatever the downloader raises; a page that is gone or that robots.txt forbids ends the article
                instead.
        """
        source = self._visit.config.source(first.pending.source)
        if source is None or not source.articles.next:
            return (), None
        pages, beyond = [first.first_part], None
        while beyond is None and (url := next_page(source, pages)):
            if len(pages) >= source.articles.most_pages:
                self._kept_without(first, url, f"more than most_pages: {source.articles.most_pages}")
                break
            try:
                answer = await self._ask(source.name, url)
            except RobotsRefusedError:
                self._kept_without(first, url, Failure.ROBOTS)
                break
            if answer.status in _THERE and belongs(pages, answer):
                pages.append(answer)
            else:
                beyond = replace(answer, body=b"")  # it is no page of the article, and says so without its body too
        return tuple(pages[1:]), beyond

    def _kept_without(self, first: Page, url: str, why: str) -> None:
        told = f"{first.pending.entry.url}: the article is kept without {url} and what is behind it: {why}"
        self._visit.note(first.pending.source, told)

    async def _ask(self, source: str, url: str) -> PagePart:
        """The answer, one that says that there is no such page included."""
        try:
            response = await self._fetch(page_request(self._visit.config, source, url, callback=NO_CALLBACK))
        except GoneRedirectError as error:
            now = self._visit.run.clock.now()
            there = (("Location", error.location),)
            return PagePart(url=url, content_type="", body=b"", headers=there, status=302, fetched_at=now)
        failure = failure_of_answer(response)
        if failure is not None and failure is not Failure.GONE:
            raise FurtherPageError(failure, url, response.status)
        return _part(response)


def _part(response: Response) -> PagePart:
    return PagePart(
        url=response.url,
        content_type=(response.headers.get("Content-Type") or b"").decode("latin-1"),
        body=response.body,
        headers=headers_of(response),
        status=response.status,
        fetched_at=response.meta["answered_at"],
        redirects=redirects_of(response),
    )
