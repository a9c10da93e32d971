"""The guard: which hosts, addresses and ports may be reached, told by the spelling or where the socket is made."""

import socket
from ipaddress import ip_network

import pytest
import yarl
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request

from crawler.fetch.addresses import address_of, why_not_public
from crawler.fetch.guard import AddressGuard, AddressRefusedError, Attempt, attempting
from crawler.hosts import Destination
from crawler.urls import UrlError, check_fetchable, destination_of, with_ascii_host, with_checked_host

NOT_PUBLIC = {
    "this network": ["0.0.0.0", "0.1.2.3", "::"],
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.254", "192.168.1.1", "fc00::1", "fd12::1"],
    "loopback": ["127.0.0.1", "127.8.9.1", "::1"],
    "carrier": ["100.64.0.1", "100.127.255.254"],
    "link-local": ["169.254.0.1", "fe80::1", "fe80::1%eth0", "fec0::1"],
    "metadata": ["169.254.169.254", "fd00:ec2::254", "fd20:ce::254", "168.63.129.16", "100.100.100.200", "192.0.0.192"],
    "protocols": ["192.0.0.9", "192.88.99.1", "2001:1::1", "2001:2::1", "2001:20::1", "100::1", "5f00::1", "4000::1"],
    "documentation": ["192.0.2.1", "198.51.100.7", "203.0.113.9", "2001:db8::1", "3fff::1"],
    "benchmarks": ["198.18.0.1", "198.19.255.254"],
    "multicast and broadcast": ["224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "ff02::1", "ff0e::1"],
    "IPv4-mapped": ["::ffff:127.0.0.1", "::ffff:a00:1", "::ffff:168.63.129.16", "::ffff:0.0.0.0"],
    "IPv4-compatible": ["::127.0.0.1", "::10.0.0.1", "::1.1.1.1"],
    "6to4": ["2002:7f00:1::", "2002:a00:1::1", "2002:a9fe:a9fe::1"],
    "Teredo, server or client": ["2001:0:7f00:1::1", "2001:0:101:101:0:0:80ff:fffe", "2001:0:101:101:0:0:fefe:fefe"],
    "NAT64": ["64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::192.168.0.1"],
    "NAT64 of the network's own": ["64:ff9b:1::7f00:1", "64:ff9b:1:7f00:0:100::", "64:ff9b:1::101:101"],
    "ISATAP": ["2606:4700::5efe:10.0.0.1", "2606:4700::200:5efe:127.0.0.1", "fe80::5efe:1.1.1.1"],
}  # fmt: skip
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "93.184.216.34", "114.114.114.114", "119.29.29.29", "100.63.255.255", "100.128.0.1",
    "172.15.0.1", "172.32.0.1", "168.63.129.17", "198.20.0.1", "223.255.255.254",
    "2606:4700::1111", "2400:3200::1", "240e::1", "2001:200::1", "2408:8000::1",
    "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1", "2606:4700::5efe:1.1.1.1",
]  # fmt: skip


def flat(table):
    return [pytest.param(one, id=f"{name}: {one}") for name, rows in table.items() for one in rows]


@pytest.mark.parametrize("address", flat(NOT_PUBLIC))
def test_an_address_that_is_no_public_hosts_is_refused_at_the_socket_by_a_rule_with_its_remedy(address):
    info = (socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80))
    attempt = Attempt(host="a.example")
    with attempting(attempt), pytest.raises(OSError, match="may not be reached"):
        AddressGuard([]).make_socket(info)
    [told] = attempt.refused
    assert told.startswith(f"{address} is no public address, but ")
    assert told.endswith("to safety.allow_networks in presswatch.yaml")
    assert not attempt.is_open


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_passes(address):
    assert not AddressGuard([]).why_not(address, 443)


@pytest.mark.parametrize("address", [one for rows in NOT_PUBLIC.values() for one in rows])
def test_what_the_remedy_says_lets_the_address_through(address):
    network = AddressGuard([]).why_not(address, 80).partition("add ")[2].partition(" to ")[0]
    assert not AddressGuard([ip_network(network)]).why_not(address, 80)


@given(st.ip_addresses())
def test_of_every_address_there_is_the_guard_knows_whether_it_is_public(address):
    meant = address_of(str(address))
    if not why_not_public(meant):
        others = ("private", "loopback", "multicast", "link_local", "unspecified", "reserved")
        assert [kind for kind in others if getattr(meant, f"is_{kind}")] == []


# -- ports ------------------------------------------------------------------------------------------------------------

PORTED = AddressGuard([ip_network("10.1.0.0/16")], named=[Destination(host="a.example", port=8000)])


@pytest.mark.parametrize(
    ("address", "port", "host", "passes"),
    [
        ("1.1.1.1", 80, "b.example", True),
        ("1.1.1.1", 443, "b.example", True),
        ("1.1.1.1", 8080, "b.example", True),
        ("1.1.1.1", 8443, "b.example", True),
        ("1.1.1.1", 8000, "a.example", True),
        ("1.1.1.1", 8000, "b.example", False),
        ("1.1.1.1", 8001, "a.example", False),
        ("1.1.1.1", 22, "b.example", False),
        ("1.1.1.1", 25, "a.example", False),
        ("1.1.1.1", 6379, "", False),
        ("2606:4700::1111", 11211, "b.example", False),
        ("10.1.2.3", 6379, "b.example", True),
        ("::ffff:10.1.2.3", 22, "b.example", True),
        ("10.2.0.1", 8000, "a.example", False),
    ],
)
def test_ports_of_the_web_those_that_endpoints_name_and_all_of_allowed_networks(address, port, host, passes):
    assert (not PORTED.why_not(address, port, host)) is passes


def test_a_port_that_is_closed_is_told_with_key_value_and_remedy():
    with pytest.raises(AddressRefusedError) as caught:
        AddressGuard([]).check(Destination(host="a.example", port=25))
    assert str(caught.value) == (
        "a.example:25 may not be reached: port 25 is none of safety.ports: [80, 443, 8080, 8443]; "
        "if it is right, add 25 to safety.ports in presswatch.yaml"
    )


def test_where_networks_are_allowed_only_the_socket_can_tell_whose_port_it_is():
    PORTED.check(Destination(host="inner.example", port=6379))
    with pytest.raises(AddressRefusedError, match=r"safety\.ports"):
        PORTED.check(Destination(host="inner.example", port=6379), is_proxied=True)


# -- spellings --------------------------------------------------------------------------------------------------------

LOCAL = {  # spelling → what refuses it before a name is looked up: that it is no host, or the guard
    "127.0.0.1": "guard", "127.0.0.1.": "guard", "127.0.0.1..": "guard", "0.0.0.0": "guard", "127.255.255.254": "guard",
    "2130706433": "host", "02130706433": "host", "0x7f000001": "host", "0x7F000001": "host", "017700000001": "host",
    "0x7f.1": "host", "0x7f.0.0.1": "host", "0x7f.0x0.0x0.0x1": "host", "127.0.0.0x1": "host", "0177.0.0.1": "host",
    "00000177.0.0.1": "host", "127.1": "host", "127.0.1": "host", "127.00.0.1": "host", "127.0.0.01": "host",
    "0": "host", "0x": "host", "1.2.3.4.5": "host", "256.0.0.1": "host", "a.127": "host", "127.0.0.1.1": "host",
    "127%2e0.0.1": "host", "127.0.0.1%2e": "host", "%31%32%37.0.0.1": "host", "127.0.0.1%00.a.example": "host",
    "localhost%2e": "host", "a.example%2f@127.0.0.1": "host",
    "１２７。０。０。１": "guard", "１２７.0.0.1": "guard", "①②⑦.⓪.⓪.①": "guard", "127。0。0。1": "guard",
    "127｡0｡0｡1": "guard", "𝟏𝟐𝟕.𝟎.𝟎.𝟏": "guard", "⑴.1": "host", "１２７.1": "host", "٠.٠.٠.٠": "host", "0ₓ7f.1": "host",
    "localhost": "guard", "localhost.": "guard", "LOCALHOST": "guard", "foo.localhost": "guard", "ⓛocalhost": "guard",
    "ｌｏｃａｌｈｏｓｔ": "guard", "loc\u00adalhost": "guard", "a.b.localhost.": "guard",
    "xn--127-.0.0.1": "host", "xn--127-.example": "host", "xn--localhost-.example": "host", "xn--": "host",
    "xn--8hb.xn--8hb.xn--8hb.xn--8hb": "host",
    "[::1]": "guard", "[::]": "guard", "[0:0:0:0:0:0:0:1]": "guard", "[0000::0001]": "guard",
    "[::ffff:127.0.0.1]": "guard", "[::ffff:7f00:1]": "guard", "[0:0:0:0:0:FFFF:7f00:0001]": "guard",
    "[::127.0.0.1]": "guard", "[64:ff9b::127.0.0.1]": "guard", "[64:ff9b:1::7f00:1]": "guard",
    "[2002:7f00:1::]": "guard", "[2001:0:7f00:1::]": "guard", "[2606:4700::5efe:7f00:1]": "guard",
    "[fe80::1]": "guard", "[fe80::1%25eth0]": "host", "[::1%25lo]": "host", "[::ffff:127.1]": "host",
    "[127.0.0.1]": "host", "[v1.127]": "host", "[::1].a.example": "host", "[[::1]]": "host", "::1": "host",
    "169.254.169.254": "guard", "168.63.129.16": "guard", "[fd00:ec2::254]": "guard", "100.100.100.200": "guard",
    "user@127.0.0.1": "host", "@127.0.0.1": "host", "a.example:80@127.0.0.1": "host", "127.0.0.1\\@a.example": "host",
    "a.example\\.127.0.0.1": "host", "127.0.0.1\t": "host", "127.0.0.1\n.a.example": "host", " 127.0.0.1": "host",
    "127.0.0.1;a.example": "host", "a..example": "host", ".a.example": "host", "a" * 64 + ".example": "host",
    "a." * 130 + "example": "host", "-a.example": "host", "": "host",
}  # fmt: skip


IN_A_HEADER = [form for form in LOCAL if not set(form) & set("\\\n\t ")]  # and in a link as they are


def where_refused(url):
    try:
        AddressGuard([]).check(destination_of(url))
    except UrlError:
        return "host"
    except AddressRefusedError:
        return "guard"
    return ""


@pytest.mark.parametrize(("spelling", "where"), LOCAL.items())
def test_what_the_spelling_tells_is_refused_before_any_look_up(spelling, where):
    assert where_refused(f"http://{spelling}/x") == where


def test_each_way_to_spell_it_is_in_the_table():
    assert len(LOCAL) >= 60


LEGITIMATE = {  # as written → the host that is connected to
    "news.example.com": "news.example.com",
    "NEWS.Example.COM": "news.example.com",
    "news.example.com.": "news.example.com",
    "163.com": "163.com",
    "36kr.com": "36kr.com",
    "4399.com": "4399.com",
    "www.12306.cn": "www.12306.cn",
    "58.com": "58.com",
    "0.zone": "0.zone",
    "1.1.1.1": "1.1.1.1",
    "114.114.114.114": "114.114.114.114",
    "[2606:4700::1111]": "2606:4700::1111",
    "[2400:3200:0:0::1]": "2400:3200::1",
    "a_b.example.com": "a_b.example.com",
    "_dmarc.example.com": "_dmarc.example.com",
    "a--b.example.com": "a--b.example.com",
    "xn--fiqs8s": "xn--fiqs8s",
    "新闻.例子.中国": "xn--efvy88h.xn--fsqu00a.xn--fiqs8s",
    "例子。测试": "xn--fsqu00a.xn--0zwm56d",
    "xn--fsqu00a.xn--0zwm56d": "xn--fsqu00a.xn--0zwm56d",
    "faß.de": "xn--fa-hia.de",
    "bücher.example": "xn--bcher-kva.example",
    "ｎｅｗｓ.example.com": "news.example.com",
    "news.163.com:8080": "news.163.com",
    "news.example.com:8443": "news.example.com",
    "localhost.example.com": "localhost.example.com",
    "127.0.0.1.nip.example": "127.0.0.1.nip.example",
    "0x7f.example": "0x7f.example",
    "ai": "ai",
    "a" * 63 + ".example": "a" * 63 + ".example",
}


@pytest.mark.parametrize(("spelling", "host"), LEGITIMATE.items())
def test_a_legitimate_host_passes_and_is_the_one_that_is_connected_to(spelling, host):
    url = f"http://{spelling}/x"
    AddressGuard([]).check(destination_of(url))
    assert destination_of(url).host == host
    assert yarl.URL(with_checked_host(Request(with_ascii_host(url)).url)).raw_host == host


@pytest.mark.parametrize("spelling", [*LOCAL, *LEGITIMATE])
def test_whoever_splits_the_address_that_is_sent_finds_the_host_that_was_checked(spelling):
    """The door checks the request's own address: it never believes another reading of it."""
    try:
        asked = Request(with_ascii_host(f"http://{spelling}/x")).url
        checked = destination_of(asked)
    except ValueError:
        return  # refused, by Scrapy or by us
    sent = with_checked_host(asked)
    assert (yarl.URL(sent).raw_host, yarl.URL(sent).port) == (checked.host, checked.port)
    assert yarl.URL(sent).host_port_subcomponent.removesuffix(":80") in {checked.host, f"[{checked.host}]"} | {
        str(checked)
    }
    assert destination_of(sent) == checked


@given(st.text(max_size=12), st.sampled_from(["", ".example", ".1", "@127.0.0.1", ":8080", "\\127.0.0.1"]))
def test_no_text_makes_a_host_that_another_library_reads_differently(text, tail):
    try:
        url = with_checked_host(f"http://{text}{tail}/x")
    except UrlError:
        return
    assert yarl.URL(url).raw_host == check_fetchable(url).hostname == destination_of(url).host


# -- a proxy ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proxy", "address", "port", "passes"),
    [
        ("10.0.0.9", "10.0.0.9", 3128, True),
        ("10.0.0.9", "10.0.0.9", 3129, False),
        ("10.0.0.9", "10.0.0.8", 3128, False),
        ("10.0.0.9", "1.1.1.1", 443, False),
        ("10.0.0.9", "::ffff:10.0.0.9", 3128, True),
        ("proxy.example", "10.0.0.7", 3128, True),
        ("proxy.example", "10.0.0.7", 80, False),
    ],
)
def test_a_proxys_address_and_port_and_nothing_else_are_admitted_for_what_goes_through_it(proxy, address, port, passes):
    attempt = Attempt(host="a.example", proxy=Destination(host=proxy, port=3128))
    info = (socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
    with attempting(attempt):
        try:
            AddressGuard([]).make_socket(info).close()
        except OSError:
            assert not passes
        else:
            assert passes
    assert attempt.is_open is passes
    assert AddressGuard([]).why_not("10.0.0.9", 3128)


@pytest.mark.parametrize(
    ("host", "passes"),
    [("a.example", True), ("metadata.google.internal", False), ("printer", False), ("x.local", False),
     ("kubernetes.default.svc", False), ("a.home.arpa", False), ("localhost", False), ("10.0.0.1", False),
     ("1.1.1.1", True), ("wiki.corp", True)],
)  # fmt: skip
def test_through_a_proxy_names_of_its_network_are_refused_unless_the_config_names_them(host, passes):
    guard = AddressGuard([], named=[Destination(host="wiki.corp", port=80)])
    target = Destination(host=host, port=80)
    if passes:
        guard.check(target, is_proxied=True)
    else:
        with pytest.raises(AddressRefusedError):
            guard.check(target, is_proxied=True)
