"""Scrapy's thin shells: what a publisher can get wrong after a request. For robots.txt see `robots_middleware`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self
from urllib.parse import urljoin, urlsplit

from scrapy import Request, Spider
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest, ResponseDataLossError
from scrapy.http import TextResponse
from scrapy.responsetypes import responsetypes

from crawler.asking import headers_for
from crawler.fetch.causes import too_large, too_many_codings, too_many_redirects
from crawler.fetch.codings import ACCEPTED, CODINGS, EncodingError, undone
from crawler.fetch.failures import BadRedirectError, GoneRedirectError
from crawler.fetch.guard import AddressRefusedError
from crawler.fetch.limits import MOST_CODINGS, codings_of
from crawler.patterns import pattern
from crawler.urls import host_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.visit import Visit


_WITHOUT_BODY = frozenset({204, 304})  # their Content-Encoding is of a body that is not sent
_LOCATED = frozenset({301, 302, 303, 307, 308})  # what Scrapy follows, to http: and https: alone
_SHOWN = 200  # characters of an address that may be endless


class DecompressionMiddleware:
    """A body that is not what its Content-Encoding says is a broken answer, not a fault of ours. Half of one is none.

    Args:
        most: bytes of a body that was decoded, and of each step on the way there.
    """

    def __init__(self, most: int) -> None:
        self._most = most

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.settings.getint("DOWNLOAD_MAXSIZE"))

    def process_request(self, request: Request) -> None:
        request.headers.setdefault("Accept-Encoding", ACCEPTED)

    def process_response(self, request: Request, response: Response) -> Response:
        codings = codings_of(response)
        if not codings or response.status in _WITHOUT_BODY:
            return response
        body, left = self._decoded(response, codings)
        headers = response.headers.copy()
        headers.pop("Content-Encoding")
        if left:
            headers["Content-Encoding"] = ", ".join(left)
        kind = responsetypes.from_args(headers=headers, url=response.url, body=body)
        # What was found out about the letters of the coded body is nothing.
        anew = {"encoding": None} if issubclass(kind, TextResponse) else {}
        return response.replace(cls=kind, headers=headers, body=body, **anew)

    def _decoded(self, response: Response, codings: Sequence[str]) -> tuple[bytes, list[str]]:
        """The body, and the codings that nobody knows to undo."""
        body, left, host = response.body, list(codings), urlsplit(response.url).netloc
        if len(codings) > MOST_CODINGS:
            raise IgnoreRequest(too_many_codings(host, len(codings), MOST_CODINGS))
        while left and left[-1] in CODINGS:
            coded, coding = body, left.pop()
            try:
                body, is_whole = undone(coded, coding, most=self._most + 1)
            except EncodingError as error:
                raise ResponseDataLossError(str(error)) from error
            if len(body) > self._most:
                raise IgnoreRequest(too_large(host, self._most))
            if not is_whole:
                raise ResponseDataLossError(f"the {coding} body is cut off: {len(coded)} bytes are not all of it")
        return body, left


class RedirectionMiddleware(RedirectMiddleware):
    """A Location that is no address is a broken redirect, not a fault of ours.

    One that `gone_at` in the request's meta is found in is not followed: whoever is sent there asked for what was
    deleted. What stands there is nobody's article, and its robots.txt not our business. No POST is sent on to another
    host, and no header of a source to where it is not sent otherwise, nor from TLS into the open. To go from HTTPS to
    HTTP is allowed otherwise: what is asked for is public, and many a publisher still sends readers that way.
    """

    def process_response(
        self, request: Request, response: Response, spider: Spider | None = None
    ) -> Request | Response:
        try:
            answer = super().process_response(request, response)
        except ValueError as error:
            raise BadRedirectError(f"redirected to an address that is none: {error}") from error
        except IgnoreRequest as error:
            asked = [*request.meta.get("redirect_urls", []), request.url, _location(response)]
            raise BadRedirectError(too_many_redirects(asked, self.max_redirect_times)) from error
        if answer is response and response.status in _LOCATED and "Location" in response.headers:
            told = f"redirected to {_location(response)[:_SHOWN]!r}, which is no address of the web"
            raise AddressRefusedError(told)
        gone_at = request.meta.get("gone_at")
        if gone_at and isinstance(answer, Request) and pattern(gone_at).search(answer.url):
            raise GoneRedirectError(answer.url)
        if isinstance(answer, Request):
            self._keep_ours(request, answer)
        return answer

    def _keep_ours(self, request: Request, redirected: Request) -> None:
        if request.method == "POST" and host_of(redirected.url) != host_of(request.url):
            raise BadRedirectError(f"a POST, redirected to another host: {redirected.url}")
        visit: Visit = self.crawler.spider.visit  # type: ignore[union-attr]
        source = visit.config.source(request.meta["source"])
        into_the_open = request.url.startswith("https:") and redirected.url.startswith("http:")
        if source is not None:
            kept = {} if into_the_open else headers_for(source, redirected.url)
            for name in source.headers.keys() - kept.keys():
                redirected.headers.pop(name, None)


def _location(response: Response) -> str:
    return urljoin(response.url, (response.headers.get("Location") or b"").decode("latin-1"))
