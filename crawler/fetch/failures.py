"""What Scrapy, aiohttp and our own doors raise, as rows of the table of failures."""

from http import HTTPStatus

import aiohttp
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from scrapy.http import Response

from crawler.allowance import TooSlowError
from crawler.failure_table import RULES, Failure, FailureRule, failure_of_status
from crawler.fetch.causes import is_handshake
from crawler.fetch.guard import AddressRefusedError
from crawler.fetch.proxy import ProxyError
from crawler.fetch.robots import RobotsRefusedError, RobotsUnreachableError
from crawler.urls import UrlError

__all__ = [
    "RULES",
    "BadRedirectError",
    "Failure",
    "FailureRule",
    "GoneRedirectError",
    "failure_of_answer",
    "failure_of_exception",
    "failure_of_status",
]


_VALIDATORS = ("If-None-Match", "If-Modified-Since")


class BadRedirectError(IgnoreRequest):
    """A redirect that leads to no address, or always on. Named, so that it is not taken for a body too large."""


class GoneRedirectError(IgnoreRequest):
    """A redirect to where the source sends those who ask for what it deleted. Not followed."""

    def __init__(self, location: str) -> None:
        super().__init__(f"redirected to {location}")
        self.location = location


_EXCEPTIONS: tuple[tuple[type[BaseException], Failure], ...] = (
    (AddressRefusedError, Failure.ADDRESS),
    (UrlError, Failure.ADDRESS),
    (ProxyError, Failure.PROXY),
    (TooSlowError, Failure.EXPRESSION),
    (BadRedirectError, Failure.REDIRECTS),
    (GoneRedirectError, Failure.GONE),
    (RobotsRefusedError, Failure.ROBOTS),
    (RobotsUnreachableError, Failure.ROBOTS_UNREACHABLE),
    (CannotResolveHostError, Failure.DNS),
    (DownloadTimeoutError, Failure.TIMEOUT),
    (DownloadCancelledError, Failure.TOO_LARGE),
    (ResponseDataLossError, Failure.BROKEN),
    (DownloadConnectionRefusedError, Failure.CONNECTION),
    (UnsupportedURLSchemeError, Failure.ADDRESS),
    (DownloadFailedError, Failure.BROKEN),
)


def failure_of_answer(response: Response) -> Failure | None:
    """The failure an answer means by its status. A 304 to who did not ask whether it has changed gives nothing."""
    asked = response.request.headers if response.request else {}
    if response.status == HTTPStatus.NOT_MODIFIED and not any(name in asked for name in _VALIDATORS):
        return Failure.CLIENT_ERROR
    return failure_of_status(response.status)


def failure_of_exception(error: BaseException) -> Failure | None:
    """The failure an exception of the fetch means; None for one that is no fetch failure but a fault of ours."""
    if isinstance(error, DownloadConnectionRefusedError) and is_handshake(error.__cause__):
        is_certificate = isinstance(error.__cause__, aiohttp.ClientConnectorCertificateError)
        return Failure.CERTIFICATE if is_certificate else Failure.TLS
    for kind, failure in _EXCEPTIONS:
        if isinstance(error, kind):
            return failure
    if isinstance(error, IgnoreRequest):
        return Failure.TOO_LARGE  # once decompressed: the only one that keeps Scrapy's own class
    return None
