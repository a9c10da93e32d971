"""Whether the sources' hosts can be reached from here: name, address, connection, certificate. No request is sent."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from crawler.config.models import Source
from crawler.doctor.model import Finding, fault, note, ok, warning
from crawler.fetch.guard import AddressGuard

_SECONDS = 10.0  # for a host, from its name to its certificate
_AT_ONCE = 4  # connections; one to each host
_OF_TIME = (9, 10)  # OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED

Resolve = Callable[[str, int], Awaitable[Sequence[tuple[Any, ...]]]]


@dataclass(frozen=True, kw_only=True, order=True)
class Host:
    """Where a source's endpoints are asked."""

    name: str
    port: int
    is_tls: bool


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
        place = f"{host.name} port {host.port}"
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

    async def _reached(self, host: Host, place: str) -> Finding:
        entries = await self._resolve(host.name, host.port)
        addresses = [entry[4] for entry in entries if self._guard.permits(entry[4][0], entry[4][1])]
        if not addresses:
            refused = ", ".join(dict.fromkeys(entry[4][0] for entry in entries))
            told = f"{place} resolves to {refused}, which is no public address: it is refused"
            return warning("online", told, "if that is right, add its network to safety.allow_networks")
        address, port = addresses[0][:2]
        context, name = (self._context, host.name) if host.is_tls else (None, None)
        _, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=name)
        secured = writer.get_extra_info("ssl_object")
        version = f", {secured.version()}, certificate valid" if secured is not None else ", without TLS"
        writer.transport.abort()  # a server that does not answer the farewell is none of ours
        return ok("online", f"{place} at {address}{version}")
