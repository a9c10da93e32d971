"""What Scrapy, aiohttp and our own doors raise, as rows of the table of failures."""

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
    "failure_of_exception",
    "failure_of_status",
]


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
