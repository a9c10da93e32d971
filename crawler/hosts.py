"""Host names: one spelling for each, and none that two programs read differently. Pure."""

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from unicodedata import normalize

import idna

WEB_PORTS = (80, 443, 8080, 8443)
# Last labels that mean a host of one's own network, or nobody's (RFC 2606, RFC 6762, RFC 8375 and habit).
INNER_NAMES = frozenset("local localhost localdomain internal intranet lan home corp private svc".split())
RESERVED_NAMES = INNER_NAMES | {"example", "test", "invalid"}
_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_.\-]*[a-z0-9_\-])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")  # for a last label: browsers then read all of it as an IPv4 address
_LONGEST, _LONGEST_LABEL = 253, 63  # RFC 1035, section 2.3.4
_SHOWN = 80  # characters


class HostNameError(ValueError):
    """The text is no host name. `why` does not repeat it."""

    def __init__(self, host: str, why: str) -> None:
        super().__init__(host, why)
        self.host = host
        self.why = why


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Whom a URL names: a host in lower case and ASCII, or a literal address without brackets, and the port."""

    host: str
    port: int

    @property
    def is_address(self) -> bool:
        return ":" in self.host or self.host.rpartition(".")[2].isdigit()

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@lru_cache(maxsize=1024)
def ascii_host(host: str) -> str:
    """Lower case, Punycode, no trailing dot; an IPv6 address in its short form, without brackets.

    Raises:
        HostNameError: it is none.
    """
    name = host.lower().rstrip(".")
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode("ascii").lower().rstrip(".")
        except UnicodeError as error:
            raise HostNameError(host, f"is not a host name: {error}") from error
    if ":" in name:
        return _ipv6(name)
    if not _NAME.fullmatch(name) or ".." in name:
        raise HostNameError(host, "is not a host name")
    labels = name.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return _ipv4(name)
    if len(name) > _LONGEST or any(len(label) > _LONGEST_LABEL for label in labels):
        why = f"is longer than a host name of {_LONGEST} characters, or has a part longer than {_LONGEST_LABEL}"
        raise HostNameError(host[:_SHOWN] + "…", why)
    if any(map(_is_disguised, labels)):
        raise HostNameError(host, "is not a host name: it spells in Punycode what needs none")
    return name


def _is_disguised(label: str) -> bool:
    """Whether it is Punycode of plain letters, of digits or of nothing: who decodes it reads another name."""
    if not label.startswith("xn--"):
        return False
    try:
        meant = normalize("NFKC", label.removeprefix("xn--").encode().decode("punycode"))
    except (UnicodeError, OverflowError):
        return True
    return meant.isascii() or meant.isdigit()


def _ipv4(name: str) -> str:
    # 127.1, 2130706433, 0x7f.1 and 0177.0.0.1 are one address to some programs and another, or none, to others.
    try:
        return str(IPv4Address(name))
    except ValueError as error:
        raise HostNameError(name, "is not an IPv4 address of four decimal numbers") from error


def _ipv6(name: str) -> str:
    if "%" in name:
        raise HostNameError(name, "is an IPv6 address with a zone, which only one machine understands")
    try:
        address = IPv6Address(name)
    except ValueError as error:
        raise HostNameError(name, "is not an IPv6 address") from error
    if address.ipv4_mapped is None:
        return address.compressed
    low = int(address) & 0xFFFFFFFF  # Python 3.13 writes these with dots
    return f"::ffff:{low >> 16:x}:{low & 0xFFFF:x}"
