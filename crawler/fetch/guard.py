"""Which addresses may be connected to, decided where the socket is made.

There is no second look-up between the check and the connection, so redirects, robots.txt and a DNS answer that
changes are covered alike.
"""

import socket
from collections.abc import Sequence
from contextvars import ContextVar
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

from scrapy.exceptions import IgnoreRequest

_NAT64 = IPv6Network("64:ff9b::/96")

# The refusal that happened while the current download was connecting. The connection attempts run in tasks of
# their own, which share this list.
refusals: ContextVar[list[str] | None] = ContextVar("refusals", default=None)


class AddressRefusedError(IgnoreRequest):
    """The address is not one presswatch may reach. Never retried."""


class AddressGuard:
    """Lets global unicast addresses through, and the networks and the one routed address it was given.

    Args:
        allow: networks that may be reached although they are not global.
        route: address and port that are the only ones to be reached; None for a live run.
    """

    def __init__(self, allow: Sequence[IPv4Network | IPv6Network], route: tuple[str, int] | None = None) -> None:
        self._allow = tuple(allow)
        self._route = (ip_address(route[0]), route[1]) if route else None

    def permits(self, host: str, port: int) -> bool:
        """Whether a socket to this literal address and port may be made."""
        address = _unmapped(ip_address(host.partition("%")[0]))
        if self._route is not None:
            return (address, port) == self._route
        if any(address in network for network in self._allow if network.version == address.version):
            return True
        return address.is_global and not address.is_multicast

    def make_socket(self, info: tuple[Any, ...]) -> socket.socket:
        """Be aiohttp's socket factory: one entry of getaddrinfo → socket.

        Raises:
            OSError: the address is refused; `refusals` holds it too.
        """
        family, kind, protocol, _, address = info
        host, port = address[0], address[1]
        if not self.permits(host, port):
            noted = refusals.get()
            if noted is not None:
                noted.append(f"{host} port {port}")
            raise OSError(f"{host} port {port} may not be reached")
        return socket.socket(family=family, type=kind, proto=protocol)


def _unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address an IPv6 one stands for, else the address itself."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
