"""Scrapy's thin shells: what a publisher can get wrong after a request. For robots.txt see `robots_middleware`."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from scrapy import Request, Spider
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest, ResponseDataLossError

from crawler.asking import headers_for
from crawler.fetch.causes import too_large, too_many_codings, too_many_redirects
from crawler.fetch.failures import BadRedirectError, GoneRedirectError
from crawler.fetch.guard import AddressRefusedError
from crawler.fetch.limits import MOST_CODINGS, codings_of
from crawler.fetch.whole import check_whole
from crawler.patterns import pattern
from crawler.urls import host_of

if TYPE_CHECKING:
    from scrapy.http import Response

    from crawler.visit import Visit


_LOCATED = frozenset({301, 302, 303, 307, 308})  # what Scrapy follows, to http: and https: alone
_SHOWN = 200  # characters of an address that may be endless


class DecompressionMiddleware(HttpCompressionMiddleware):
    """A body that is not what its Content-Encoding says is a broken answer, not a fault of ours."""

    def process_response(
        self, request: Request, response: Response, spider: Spider | None = None
    ) -> Request | Response:
        codings = codings_of(response)
        if len(codings) > MOST_CODINGS:
            raise IgnoreRequest(too_many_codings(urlsplit(response.url).netloc, len(codings), MOST_CODINGS))
        try:
            return super().process_response(request, response)
        except IgnoreRequest as error:
            raise IgnoreRequest(too_large(urlsplit(response.url).netloc, self._max_size)) from error.__cause__
        except Exception as error:  # each decoder has exceptions of its own
            encoding = b", ".join(codings).decode("latin-1")
            raise ResponseDataLossError(f"the body is not {encoding}: {error}") from error

    @staticmethod
    def _decode(body: bytes, encoding: bytes, max_size: int) -> bytes:
        decoded = HttpCompressionMiddleware._decode(body, encoding, max_size)
        check_whole(body, encoding)
        return decoded


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
