"""Requests through a forward proxy. It looks names up itself, so the guard sees its address and no publisher's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aiohttp
from scrapy.exceptions import CannotResolveHostError, DownloadConnectionRefusedError, DownloadFailedError

from crawler.config.values import proxy_place

if TYPE_CHECKING:
    from crawler.config.models import Config
    from crawler.hosts import Destination

_WANTS_PASSWORD = 407
_SERVER_ERRORS = range(500, 600)


class ProxyError(DownloadFailedError):
    """The proxy let nothing through. It says nothing of the publisher."""


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """Text and repr name host and port alone: the URL may hold a password."""

    place: Destination
    url: str = field(repr=False)

    def __str__(self) -> str:
        return f"the proxy {self.place}"


def proxy_of(config: Config, source: str) -> Proxy | None:
    """What the requests of a source go through; None: they go out directly."""
    url = config.proxy_of(source)
    place = proxy_place(url)
    return Proxy(place=place, url=url) if place else None


def in_proxys_words(error: Exception, host: str, proxy: Proxy) -> Exception | None:
    """What to raise instead of an error that the proxy is to blame for; None where it may be the publisher.

    Args:
        error: of Scrapy's download handler; its cause is aiohttp's.
        host: of the publisher.
        proxy: which was asked.
    """
    cause = error.__cause__
    if isinstance(error, CannotResolveHostError):
        return ProxyError(f"DNS cannot say where {proxy} is (proxy in presswatch.yaml, or in the source's file)")
    if isinstance(cause, aiohttp.ClientHttpProxyError):
        return _refused_tunnel(cause.status, host, proxy)
    if isinstance(cause, aiohttp.ClientProxyConnectionError):
        return ProxyError(f"{proxy} cannot be reached: {cause.os_error.strerror or cause.os_error}")
    return None


def wants_password(proxy: Proxy) -> ProxyError:
    """What to raise of HTTP 407, which no publisher says."""
    told = f"{proxy} wants another user and password (HTTP {_WANTS_PASSWORD})"
    return ProxyError(f"{told}: write proxy: http://USER:${{PASSWORD}}@HOST:PORT")


def _refused_tunnel(status: int, host: str, proxy: Proxy) -> Exception:
    if status == _WANTS_PASSWORD:
        return wants_password(proxy)
    told = f"{proxy} makes no connection to {host}: HTTP {status}"
    # What it says of the server behind it.
    return DownloadConnectionRefusedError(told) if status in _SERVER_ERRORS else ProxyError(told)
