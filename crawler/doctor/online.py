"""Whether the sources' hosts can be reached from here: name, address, connection, certificate. No request is sent."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from crawler.config.models import Config, Source
from crawler.config.values import proxy_place
from crawler.doctor.model import Finding, fault, note, ok, warning
from crawler.fetch.guard import AddressGuard

_SECONDS = 10.0  # for a host, from its name to its certificate
_AT_ONCE = 4  # connections; one to each host
_OF_TIME = (9, 10)  # OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED

Resolve = Callable[[str, int], Awaitable[Sequence[tuple[Any, ...]]]]


@dataclass(frozen=True, kw_only=True, order=True)
class Host:
    """Where a source's endpoints are asked, or the proxy that is asked instead."""

    name: str
    port: int
    is_tls: bool
    is_proxy: bool = False


def hosts_of(sources: Sequence[Source]) -> tuple[Host, ...]:
    """The hosts of all endpoints, each once."""
    parts = [urlsplit(endpoint.url) for source in sources for endpoint in source.endpoints]
    ports = {"http": 80, "https": 443}
    return tuple(
        sorted(
            {
                Host(name=part.hostname or "", port=part.port or ports[part.scheme], is_tls=part.scheme == "https")
                for part in parts
            }
        )
    )


def proxies_of(config: Config) -> tuple[Host, ...]:
    """The proxies that enabled sources are asked through, each once. What is behind them only they can tell."""
    places = {proxy_place(config.proxy_of(source.name)) for source in config.enabled_sources}
    return tuple(
        sorted(Host(name=place.host, port=place.port, is_tls=False, is_proxy=True) for place in places if place)
    )


async def resolve(name: str, port: int) -> Sequence[tuple[Any, ...]]:
    """The system's answer, as getaddrinfo gives it."""
    return await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)


class Prober:
    """Connects to each host once.

    Args:
        guard: says which addresses may be connected to.
        context: the certificates that are trusted.
        resolver: name and port → entries of getaddrinfo.
        seconds: for each host.
    """

    def __init__(
        self,
        guard: AddressGuard,
        context: ssl.SSLContext,
        resolver: Resolve = resolve,
        seconds: float = _SECONDS,
    ) -> None:
        self._guard = guard
        self._context = context
        self._resolve = resolver
        self._seconds = seconds

    async def check(self, hosts: Sequence[Host]) -> tuple[Finding, ...]:
        """A finding for each host, and one for all where none can be reached."""
        turn = asyncio.Semaphore(_AT_ONCE)

        async def in_turn(host: Host) -> Finding:
            async with turn:
                return await self._probe(host)

        found = tuple(await asyncio.gather(*map(in_turn, hosts)))
        if len(found) > 1 and not any(finding.todo == "" for finding in found):
            told, remedy = f"none of {len(found)} hosts can be reached", "look at this machine's way to the internet"
            return (fault("online", told, remedy), *found)
        return found or (note("online", "no source is enabled: there is no host to reach"),)

    async def _probe(self, host: Host) -> Finding:
        place = ("the proxy " if host.is_proxy else "") + f"{host.name} port {host.port}"
        try:
            async with asyncio.timeout(self._seconds):
                return await self._reached(host, place)
        except TimeoutError:
            return warning("online", f"{place}: no answer within {self._seconds:g} s", "try again; see a firewall")
        except socket.gaierror as error:
            told = f"{place}: the name does not resolve: {error.strerror}"
            return warning("online", told, "look at /etc/resolv.conf, or at the address in the source's file")
        except ssl.SSLCertVerificationError as error:
            remedy = "look at the machine's clock" if error.verify_code in _OF_TIME else "look at ca-certificates"
            told = f"{place}: its certificate is refused: {error.verify_message}"
            return warning("online", told, f"{remedy}; a proxy that opens TLS needs its authority in the trust store")
        except ssl.SSLError as error:
            return warning("online", f"{place}: no TLS: {error.reason}", "ask the publisher, or look at a firewall")
        except OSError as error:
            told = f"{place}: no connection: {error.strerror or type(error).__name__}"
            return warning("online", told, "try again; look at this machine's network and firewall")

    def _why_not(self, host: Host, address: str, port: int) -> str:
        return "" if host.is_proxy else self._guard.why_not(address, port, host.name)

    async def _reached(self, host: Host, place: str) -> Finding:
        entries = await self._resolve(host.name, host.port)
        refused = {entry[4][0]: self._why_not(host, *entry[4][:2]) for entry in entries}
        addresses = [address for address, why in refused.items() if not why]
        if not addresses:
            rules = ", ".join(why.partition("; ")[0] for why in refused.values())
            _, _, todo = next(iter(refused.values())).partition("; ")
            return warning("online", f"{place} is refused: {rules}", todo)
        address, port = addresses[0], host.port
        context, name = (self._context, host.name) if host.is_tls else (None, None)
        _, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=name)
        secured = writer.get_extra_info("ssl_object")
        version = f", {secured.version()}, certificate valid" if secured is not None else ", without TLS"
        writer.transport.abort()  # a server that does not answer the farewell is none of ours
        return ok("online", f"{place} at {address}{version}")
