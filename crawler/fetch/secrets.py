"""Secrets on the wire: put in at the last moment, and taken out of all that comes back."""

from __future__ import annotations

import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from scrapy.http import Headers

from crawler.items import PollFaultError
from crawler.sitemaps import unzipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.config.sent import SentSecrets
    from crawler.visit import Visit


class ConcealedError(Exception):
    """Stands for an error that told a secret and cannot be told in other words."""


def revealed(request: Request, secrets: SentSecrets) -> Request:
    """The request with the secrets that its source sends to where it goes."""
    if not secrets.conceal:
        return request
    source, asked = request.meta["source"], request.meta.get("asked", request.url)
    url = _at(request.url, secrets.url(source, asked)) if asked != request.url else secrets.url(source, asked)
    headers = {
        name: [_as_text(secrets.header, source, asked, value) for value in values]
        for name, values in request.headers.items()
    }
    is_json = (request.headers.get("Content-Type") or b"").startswith(b"application/json")
    body = secrets.body(source, asked, request.body, is_json=is_json)
    return request.replace(url=url, headers=headers, body=body)


def _as_text(reveal: Callable[[str, str, str], str], source: str, asked: str, value: bytes) -> bytes:
    return reveal(source, asked, value.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def concealed(response: Response, secrets: SentSecrets) -> Response:
    """The response with no secret in its headers; its body is still as it was coded on the wire."""
    if not secrets.conceal:
        return response
    found = response.headers.items()
    return response.replace(headers=Headers([(name, [*map(secrets.conceal.body, values)]) for name, values in found]))


@contextmanager
def telling_no_secret(secrets: SentSecrets) -> Iterator[None]:
    """Have an exception that leaves say ${NAME} where it, or one it comes from, tells what that stands for."""
    try:
        yield
    except Exception as error:
        told = "".join(traceback.format_exception(error))
        if secrets.conceal.text(told) == told:
            raise
        raise _in_other_words(error, secrets) from None


def _in_other_words(error: Exception, secrets: SentSecrets) -> Exception:
    text = secrets.conceal.text(str(error))
    try:
        made = type(error)(text)
    except TypeError:  # it wants more than a text
        made = None
    return ConcealedError(f"{type(error).__name__}: {text}") if made is None or str(made) != text else made


class ConcealMiddleware:
    """Puts ${NAME} where a decoded body tells what that stands for, before anybody reads the body."""

    def __init__(self, visit: Visit) -> None:
        self._conceal = visit.config.secrets.conceal

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.spider.visit)  # type: ignore[union-attr]

    def process_response(self, request: Request, response: Response) -> Response:
        if not self._conceal:
            return response
        plain = _unpacked(response.body)
        body = self._conceal.body(plain)
        return response if body == plain else response.replace(body=body)


def _unpacked(body: bytes) -> bytes:
    """What a file that is gzipped itself holds, as sitemaps are, if it can be read."""
    try:
        return unzipped(body)
    except PollFaultError:  # its reader says so
        return body


def _at(server: str, url: str) -> str:
    """The address at another server."""
    place = urlsplit(server)
    return urlsplit(url)._replace(scheme=place.scheme, netloc=place.netloc).geturl()
