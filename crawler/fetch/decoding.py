"""Recorded bodies decoded as the live ones are: by the same middleware, under the same limit."""

import re
from collections.abc import Iterable

from scrapy import Request
from scrapy.exceptions import IgnoreRequest, ResponseDataLossError
from scrapy.http import Response

from crawler.fetch.middlewares import DecompressionMiddleware

# What begins so is coded: RFC 1952 and RFC 8878. Brotli and deflate have no such mark.
_MAGICS = {b"gzip": b"\x1f\x8b", b"x-gzip": b"\x1f\x8b", b"zstd": b"\x28\xb5\x2f\xfd"}
# Bytes that no text has, looked for where browsers do: https://mimesniff.spec.whatwg.org/#binary-data-byte
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_LOOKED_AT = 1445  # bytes
_MARKUP = re.compile(rb"\s*<[a-z!?]", re.IGNORECASE)


class BodyTooLargeError(Exception):
    """Decoded, the body is larger than the limit."""


class BodyBrokenError(Exception):
    """The body is not what its Content-Encoding says."""


class BodyDecoder:
    """`max_body`: bytes."""

    def __init__(self, max_body: int) -> None:
        self._max_body = max_body
        self._middleware = DecompressionMiddleware(max_body)

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
        if _is_decoded(response):
            # Many crawlers store the body decoded and leave the header as it came.
            del response.headers["Content-Encoding"]
        try:
            decoded = self._middleware.process_response(Request(url), response)
        except ResponseDataLossError as error:
            raise BodyBrokenError(str(error)) from error
        except IgnoreRequest as error:
            raise BodyTooLargeError(str(error)) from error
        if len(decoded.body) > self._max_body:
            raise BodyTooLargeError(f"{len(decoded.body)} bytes")
        return decoded


def _is_decoded(response: Response) -> bool:
    """Whether the body is not coded, whatever its Content-Encoding says."""
    encodings = b",".join(response.headers.getlist("Content-Encoding")).lower()
    outermost = encodings.rpartition(b",")[2].strip()
    magic = _MAGICS.get(outermost)
    return bool(outermost) and (_is_text(response.body) or (magic is not None and not response.body.startswith(magic)))


def _is_text(body: bytes) -> bool:
    """Whether the body is plainly text: UTF-8, or markup in whatever letters."""
    if _BINARY.search(body, 0, _LOOKED_AT):
        return False
    if _MARKUP.match(body):
        return True
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
