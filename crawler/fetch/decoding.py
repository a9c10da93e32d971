"""Recorded bodies decoded as the live ones are: by Scrapy's middleware, under the same limit."""

from collections.abc import Iterable

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest, ResponseDataLossError
from scrapy.http import Response
from scrapy.settings import Settings
from scrapy.statscollectors import DummyStatsCollector

from crawler.fetch.middlewares import DecompressionMiddleware

_GZIP_MAGIC = b"\x1f\x8b"


class BodyTooLargeError(Exception):
    """Decoded, the body is larger than the limit."""


class BodyBrokenError(Exception):
    """The body is not what its Content-Encoding says."""


class BodyDecoder:
    """`max_body`: bytes."""

    def __init__(self, max_body: int) -> None:
        self._max_body = max_body
        settings = Settings({"DOWNLOAD_MAXSIZE": max_body, "DOWNLOAD_WARNSIZE": 0})
        crawler = Crawler(Spider, settings)
        crawler.stats = DummyStatsCollector(crawler)  # the middleware counts
        self._middleware = DecompressionMiddleware.from_crawler(crawler)

    def decode(self, url: str, headers: Iterable[tuple[str, str]], body: bytes) -> Response:
        """The response with its body decoded.

        Raises:
            BodyTooLargeError: see there.
            BodyBrokenError: see there.
        """
        by_name: dict[str, list[str]] = {}
        for name, value in headers:
            by_name.setdefault(name, []).append(value)
        response = Response(url, headers=by_name, body=body)
        encodings = b",".join(response.headers.getlist("Content-Encoding"))
        if b"gzip" in encodings and not body.startswith(_GZIP_MAGIC):
            # Many crawlers store the body decoded and leave the header as it came.
            del response.headers["Content-Encoding"]
        try:
            decoded = self._middleware.process_response(Request(url), response)
        except ResponseDataLossError as error:
            raise BodyBrokenError(str(error)) from error
        except IgnoreRequest as error:
            raise BodyTooLargeError(str(error)) from error
        if not isinstance(decoded, Response):
            raise TypeError(f"decoding {url} gave {decoded!r}")
        if len(decoded.body) > self._max_body:
            raise BodyTooLargeError(f"{len(decoded.body)} bytes")
        return decoded
