"""Which IP addresses are public hosts: a table of our own, as `is_global` says different things in 3.11, 3.12 and 3.13.

Sources: the IANA registries of special-purpose addresses of 2025 (RFC 6890 and what followed), and the cloud
providers' documents for their metadata services. Pure.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Also what the registry calls global within these: anycast services, of which none is a publisher.
_NO_HOSTS_V4 = {
    IPv4Network("0.0.0.0/8"): "this network",
    IPv4Network("10.0.0.0/8"): "private",
    IPv4Network("100.64.0.0/10"): "shared by a carrier's customers",  # and Alibaba's metadata, 100.100.100.200
    IPv4Network("127.0.0.0/8"): "loopback",
    IPv4Network("168.63.129.16/32"): "Azure's metadata service",  # global by the registry, and on every machine there
    IPv4Network("169.254.0.0/16"): "link-local, where cloud metadata is served",
    IPv4Network("172.16.0.0/12"): "private",
    IPv4Network("192.0.0.0/24"): "for protocols",  # and Oracle's metadata, 192.0.0.192
    IPv4Network("192.0.2.0/24"): "for documentation",
    IPv4Network("192.88.99.0/24"): "a relay's of 6to4",
    IPv4Network("192.168.0.0/16"): "private",
    IPv4Network("198.18.0.0/15"): "for benchmarks",
    IPv4Network("198.51.100.0/24"): "for documentation",
    IPv4Network("203.0.113.0/24"): "for documentation",
    IPv4Network("224.0.0.0/4"): "multicast",
    IPv4Network("240.0.0.0/4"): "reserved",  # and broadcast
}
_HOSTS_V6 = IPv6Network("2000::/3")  # all that is given out for public hosts
_NO_HOSTS_V6 = {
    IPv6Network("2001::/23"): "for protocols",  # and Teredo, which carries a server's and a client's IPv4 address
    IPv6Network("2001:db8::/32"): "for documentation",
    IPv6Network("3fff::/20"): "for documentation",
}
# Named for the message alone: none is within 2000::/3.
_NAMED_V6 = {
    IPv6Network("::/128"): "this host",
    IPv6Network("::1/128"): "loopback",
    IPv6Network("::/96"): "an IPv4 address in a form that was given up",
    IPv6Network("64:ff9b:1::/48"): "a translator's of this network",  # where the IPv4 address stands in it varies
    IPv6Network("fc00::/7"): "private",  # and Amazon's metadata, fd00:ec2::254
    IPv6Network("fe80::/10"): "link-local",
    IPv6Network("fec0::/10"): "site-local",
    IPv6Network("ff00::/8"): "multicast",
}
_NAT64 = IPv6Network("64:ff9b::/96")
_ISATAP = (0x00005EFE, 0x02005EFE)  # the upper half of an interface's id; the lower is an IPv4 address


def address_of(text: str) -> Address:
    """The address that is really meant by a literal one, without its zone.

    IPv4-mapped, 6to4 and the well-known prefix of NAT64 stand for an IPv4 address: a packet to them reaches it.

    Raises:
        ValueError: it is no literal address.
    """
    text = text.partition("%")[0]
    if ":" not in text:
        return IPv4Address(text)
    address = IPv6Address(text)
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    return _last_four(address) if address in _NAT64 else address


def why_not_public(address: Address) -> str:
    """What an address is instead of a public host's, or ""."""
    if isinstance(address, IPv4Address):
        return _named(address, _NO_HOSTS_V4)
    if address not in _HOSTS_V6:
        return _named(address, _NAMED_V6) or "reserved"
    tunnelled = (int(address) >> 32) & 0xFFFFFFFF in _ISATAP
    return _named(address, _NO_HOSTS_V6) or (why_not_public(_last_four(address)) if tunnelled else "")


def _last_four(address: IPv6Address) -> IPv4Address:
    return IPv4Address(int(address) & 0xFFFFFFFF)


def _named(address: Address, names: dict[IPv4Network, str] | dict[IPv6Network, str]) -> str:
    return next((name for network, name in names.items() if address in network), "")
