"""Which addresses and ports may be connected to, decided where the socket is made.

There is no second look-up between the check and the connection, so redirects, robots.txt and a DNS answer that
changes are covered alike. A connection that is kept open leads where it was allowed to lead when it was made, and
ends with its visit.
"""

import socket
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

from scrapy.exceptions import IgnoreRequest

from crawler.fetch.addresses import Network, address_of, why_not_public
from crawler.hosts import INNER_NAMES, WEB_PORTS, Destination

_LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


class AddressRefusedError(IgnoreRequest):
    """The address is not one presswatch may reach. Never retried."""


@dataclass(kw_only=True)
class Attempt:
    """One download's way to its server. The connection attempts run in tasks of their own, which share it."""

    host: str  # as it is asked for, lower case and in ASCII
    proxy: Destination | None = None  # which alone may be connected to, for this one
    refused: list[str] = field(default_factory=list)  # each address that was refused, with the rule
    is_open: bool = False  # whether one address was not refused


_attempt: ContextVar[Attempt | None] = ContextVar("attempt", default=None)


@contextmanager
def attempting(attempt: Attempt) -> Iterator[None]:
    """The connections that are made within belong to this attempt."""
    token = _attempt.set(attempt)
    try:
        yield
    finally:
        _attempt.reset(token)


class AddressGuard:
    """Lets public hosts through at the ports of the web, the networks it was given, and the one routed address.

    Args:
        allow: networks that may be reached although they are not public, at every port.
        route: address and port that are the only ones to be reached; None for a live run.
        ports: that may be reached at every public host.
        named: hosts and ports that the config itself names.
    """

    def __init__(
        self,
        allow: Sequence[Network],
        route: tuple[str, int] | None = None,
        *,
        ports: Collection[int] = WEB_PORTS,
        named: Collection[Destination] = (),
    ) -> None:
        self._allow = tuple(allow)
        self._route = (ip_address(route[0]), route[1]) if route else None
        self._ports = tuple(ports)
        self._named = frozenset(named)

    def why_not(self, address: str, port: int, host: str = "") -> str:
        """The rule that forbids a socket to this literal address and port, with what to do about it, or "".

        `host`: the name it was found under.
        """
        meant = address_of(address)
        if self._route is not None:
            return "" if (meant, port) == self._route else "every request goes to the server that --route names"
        if any(meant in network for network in self._allow if network.version == meant.version):
            return ""
        kind = why_not_public(meant)
        if kind:
            own = f"{meant}/{meant.max_prefixlen}"
            return f"{address} is no public address, but {kind}; if it is right, {_add(own, 'allow_networks')}"
        return self._why_not_port(Destination(host=host or address, port=port))

    def check(self, target: Destination, *, is_proxied: bool = False) -> None:
        """Refuse, before any name is looked up, what can be told by the spelling.

        Args:
            target: whom a URL names.
            is_proxied: a proxy will look the name up, so that no later check sees the address.

        Raises:
            AddressRefusedError: it may not be reached.
        """
        why = "" if self._route is not None else self._why_not_spelt(target, is_proxied=is_proxied)
        if why:
            raise AddressRefusedError(f"{target} may not be reached: {why}")

    def make_socket(self, info: tuple[Any, ...]) -> socket.socket:
        """Be aiohttp's socket factory: one entry of getaddrinfo → socket.

        Raises:
            OSError: the address is refused; the attempt it belongs to notes it.
        """
        family, kind, protocol, _, place = info
        attempt = _attempt.get() or Attempt(host="")
        why = self._why_not_connect(attempt, place[0], place[1])
        if why:
            attempt.refused.append(why)
            raise OSError(f"{place[0]} port {place[1]} may not be reached")
        attempt.is_open = True
        return socket.socket(family=family, type=kind, proto=protocol)

    def _why_not_connect(self, attempt: Attempt, address: str, port: int) -> str:
        if attempt.proxy is None:
            return self.why_not(address, port, attempt.host)
        # Its name the operator gave, and the answer of his resolver is his own; a literal address is that one alone.
        proxy, meant = attempt.proxy, address_of(address)
        is_it = port == proxy.port and (not proxy.is_address or meant == address_of(proxy.host))
        return "" if is_it else f"{address} port {port} is not the proxy {proxy}"

    def _why_not_spelt(self, target: Destination, *, is_proxied: bool) -> str:
        if target.is_address:
            return self.why_not(target.host, target.port, target.host)
        top = target.host.rpartition(".")[2]
        if top == "localhost" and not self._allows_loopback():
            return f"that is this machine; if it is right, {_add('127.0.0.0/8', 'allow_networks')}"
        is_inner = top in INNER_NAMES or top == target.host or target.host.endswith(".home.arpa")
        if is_proxied and is_inner and target not in self._named:
            return "it is a name of a network's own, and the proxy would look it up there"
        # Where networks are allowed, only the address tells whether the port is one of theirs.
        return self._why_not_port(target) if is_proxied or not self._allow else ""

    def _why_not_port(self, target: Destination) -> str:
        if target.port in self._ports or target in self._named:
            return ""
        known = ", ".join(map(str, self._ports))
        return f"port {target.port} is none of safety.ports: [{known}]; if it is right, {_add(target.port, 'ports')}"

    def _allows_loopback(self) -> bool:
        pairs = ((given, own) for given in self._allow for own in _LOOPBACK if given.version == own.version)
        return any(given.overlaps(own) for given, own in pairs)


def _add(value: object, key: str) -> str:
    return f"add {value} to safety.{key} in presswatch.yaml"
