"""Every way a fetch can fail, in one closed table: how much it counts, and how an entry ends by it."""

from dataclasses import dataclass
from enum import StrEnum

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

from crawler.fetch.guard import AddressRefusedError
from crawler.fetch.proxy import ProxyError
from crawler.fetch.robots import RobotsRefusedError, RobotsUnreachableError
from crawler.outcomes import Outcome
from crawler.urls import UrlError


class BadRedirectError(IgnoreRequest):
    """A redirect that leads to no address, or always on. Named, so that it is not taken for a body too large."""


class GoneRedirectError(IgnoreRequest):
    """A redirect to where the source sends those who ask for what it deleted. Not followed."""

    def __init__(self, location: str) -> None:
        super().__init__(f"redirected to {location}")
        self.location = location


class Failure(StrEnum):
    """What went wrong, in the words the operator reads."""

    DNS = "the host name cannot be resolved"
    CONNECTION = "no connection"
    PROXY = "the proxy lets nothing through"
    TLS = "the certificate or TLS handshake is not valid"
    TIMEOUT = "no answer in time"
    BROKEN = "the answer broke off"
    TOO_LARGE = "larger than the limit"
    REDIRECTS = "too many redirects, or one that leads nowhere"
    ADDRESS = "the address is not one presswatch may reach"
    ROBOTS = "robots.txt forbids it"
    ROBOTS_UNREACHABLE = "robots.txt could not be read, so nothing may be fetched yet"
    GONE = "no longer there"
    FORBIDDEN = "the server refuses us"
    RATE_LIMITED = "the server asks us to slow down"
    WALLED = "the server's firewall turns us away"
    CLIENT_ERROR = "the server rejects the request"
    SERVER_ERROR = "the server has an error"
    INTERNAL = "presswatch itself failed; the log has the traceback"


@dataclass(frozen=True, kw_only=True)
class FailureRule:
    """`weight` counts towards the limit of attempts.

    `ends` is the outcome at once, `last` the one when the attempts are used up.
    """

    weight: float
    ends: Outcome | None = None
    last: Outcome = Outcome.FAILED


# Fractions after Media Cloud's rss-fetcher: what heals by itself counts less than what seldom does.
RULES: dict[Failure, FailureRule] = {
    Failure.DNS: FailureRule(weight=0.5),
    Failure.CONNECTION: FailureRule(weight=0.5),
    Failure.PROXY: FailureRule(weight=0),  # says nothing of the publisher: no entry is given up for it
    Failure.TLS: FailureRule(weight=1),
    Failure.TIMEOUT: FailureRule(weight=0.5),
    Failure.BROKEN: FailureRule(weight=0.5),
    Failure.TOO_LARGE: FailureRule(weight=1, ends=Outcome.REFUSED),
    Failure.REDIRECTS: FailureRule(weight=1),
    Failure.ADDRESS: FailureRule(weight=1, ends=Outcome.REFUSED),
    Failure.ROBOTS: FailureRule(weight=1, ends=Outcome.REFUSED),
    Failure.ROBOTS_UNREACHABLE: FailureRule(weight=0.25),
    Failure.GONE: FailureRule(weight=1, ends=Outcome.GONE),
    Failure.FORBIDDEN: FailureRule(weight=1, last=Outcome.BLOCKED),
    Failure.RATE_LIMITED: FailureRule(weight=0.25),
    Failure.WALLED: FailureRule(weight=1, last=Outcome.BLOCKED),
    Failure.CLIENT_ERROR: FailureRule(weight=1),
    Failure.SERVER_ERROR: FailureRule(weight=0.5),
    Failure.INTERNAL: FailureRule(weight=1),
}

_STATUSES = {
    401: Failure.FORBIDDEN,
    402: Failure.FORBIDDEN,
    403: Failure.FORBIDDEN,
    404: Failure.GONE,
    407: Failure.FORBIDDEN,
    410: Failure.GONE,
    429: Failure.RATE_LIMITED,
    451: Failure.FORBIDDEN,
    501: Failure.WALLED,  # no server lacks GET: it is what Tencent's firewall says
    567: Failure.RATE_LIMITED,  # Tencent's own
}

_EXCEPTIONS: tuple[tuple[type[BaseException], Failure], ...] = (
    (AddressRefusedError, Failure.ADDRESS),
    (UrlError, Failure.ADDRESS),
    (ProxyError, Failure.PROXY),
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


def failure_of_status(status: int) -> Failure | None:
    """The failure an HTTP status means; None for 2xx and 304."""
    if 200 <= status < 300 or status == 304:
        return None
    if status in _STATUSES:
        return _STATUSES[status]
    if 300 <= status < 400:
        return Failure.REDIRECTS
    return Failure.CLIENT_ERROR if status < 500 else Failure.SERVER_ERROR


def failure_of_exception(error: BaseException) -> Failure | None:
    """The failure an exception of the fetch means; None for one that is no fetch failure but a fault of ours."""
    if isinstance(error, DownloadConnectionRefusedError) and isinstance(error.__cause__, aiohttp.ClientSSLError):
        return Failure.TLS
    for kind, failure in _EXCEPTIONS:
        if isinstance(error, kind):
            return failure
    if isinstance(error, IgnoreRequest):
        return Failure.TOO_LARGE  # once decompressed: the only one that keeps Scrapy's own class
    return None
