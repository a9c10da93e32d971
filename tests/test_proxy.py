"""A forward proxy, asked by a real one on loopback: what goes through it, what does not, and whose fault is whose."""

import asyncio
import base64
import logging
import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from datetime import timedelta
from html import escape

import pytest
from archive_rows import a_source
from click.testing import CliRunner
from rig import Answer, Rig, article_page, book_of, feed, serving
from test_causes import answering
from test_doctor_network import certificate
from test_guard import IN_A_HEADER, NOT_PUBLIC

from crawler.cli import cli
from crawler.config.load import load_config
from crawler.config.models import Config, Settings
from crawler.doctor.checks import online_check
from crawler.doctor.model import Grade, examine
from crawler.doctor.network import check_proxies
from crawler.fetch.failures import Failure

CANARY = "geheim-99"
RIGHT = "Basic " + base64.b64encode(f"me:{CANARY}".encode()).decode()


class ForwardProxy:
    """Forwards what it is asked for in absolute form, and tunnels what CONNECT names; `places` is its resolver."""

    def __init__(self):
        self.places = {}  # host:port → port on 127.0.0.1
        self.asked = []  # "METHOD target", in order
        self.given = []  # their Proxy-Authorization
        self.says = None  # a status for everything; None: it works
        self.port = 0
        self.under_way = set()

    @property
    def url(self):
        return f"http://me:{CANARY}@127.0.0.1:{self.port}"

    async def serve(self, reader, writer):
        self.under_way.add(asyncio.current_task())
        try:
            with suppress(asyncio.IncompleteReadError, OSError):
                await self._one(reader, writer)
        finally:
            await _closed(writer)

    async def _one(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").removesuffix("\r\n\r\n")
        first, *fields = head.split("\r\n")
        method, target, _ = first.split(" ")
        self.asked.append(f"{method} {target}")
        self.given += [field.partition(": ")[2] for field in fields if field.lower().startswith("proxy-authorization:")]
        place = target if method == "CONNECT" else target.split("/")[2]
        port = self.places.get(place)
        if self.says or port is None:
            writer.write(
                f"HTTP/1.1 {self.says or 502} As It Is\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
            )
            return
        onward, outward = await asyncio.open_connection("127.0.0.1", port)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            kept = [field for field in fields if not field.lower().startswith(("proxy-", "connection:"))]
            path = "/" + target.split("/", 3)[3]
            outward.write(
                "\r\n".join([f"{method} {path} HTTP/1.1", *kept, "Connection: close", "", ""]).encode("latin-1")
            )
        pipes = [asyncio.ensure_future(_pipe(*ends)) for ends in ((reader, outward), (onward, writer))]
        try:
            await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pipe in pipes:
                pipe.cancel()
            await asyncio.gather(*pipes, return_exceptions=True)
            await _closed(outward)


async def _pipe(reader, writer):
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()


async def _closed(writer):
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


@contextmanager
def proxying():
    made, ready, facts = ForwardProxy(), threading.Event(), {}

    async def main():
        server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
        made.port = server.sockets[0].getsockname()[1]
        facts.update(loop=asyncio.get_running_loop(), stop=asyncio.Event())
        ready.set()
        await facts["stop"].wait()
        server.close()
        for task in made.under_way:
            task.cancel()
        await asyncio.gather(*made.under_way, return_exceptions=True)

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    ready.wait()
    try:
        yield made
    finally:
        facts["loop"].call_soon_threadsafe(facts["stop"].set)
        thread.join()


@pytest.fixture
def proxy(site):
    with proxying() as made:
        made.places["news.example"] = int(site.url.rsplit(":", 1)[1])
        yield made


@pytest.fixture
def behind(tmp_path, proxy, monkeypatch):
    """A rig without a route whose requests go through the proxy; here no name resolves."""

    def unresolved(host, *args, **kwargs):
        if host == "127.0.0.1":
            return real(host, *args, **kwargs)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", unresolved)
    rig = Rig(tmp_path)
    rig.write("presswatch.yaml", {"proxy": proxy.url, "min_free_mb": 0})
    rig.source(url="http://news.example/feed")
    return rig


def news(site, *links):
    site.routes["news.example/feed"] = Answer(feed(*links))
    site.routes["news.example/a"] = Answer(article_page("机器人进厂"))


def test_every_request_goes_through_it_and_it_alone_looks_names_up(behind, site, proxy):
    news(site, "http://news.example/a")
    report = behind.crawl()
    assert behind.outcomes() == {"a": "kept"}
    paths = ("robots.txt", "feed", "a")
    assert proxy.asked == [f"GET http://news.example/{path}" for path in paths]
    assert site.hits == [f"news.example/{path}" for path in paths]
    assert (set(proxy.given), report.errors) == ({RIGHT}, ())


def test_its_password_is_in_nothing_that_is_stored_told_or_logged(behind, site, proxy, caplog):
    news(site, "http://news.example/a", "http://news.example/away")
    site.routes["news.example/away"] = Answer(status=302, headers={"Location": "http://other.example/"})
    with caplog.at_level(logging.DEBUG):
        told = str(behind.crawl())
        proxy.says = 407
        behind.clock.move_by(timedelta(hours=1))
        told += str(behind.crawl(poll_now=True))
        places = ["--config", str(behind.config), "--data", str(behind.data)]
        told += CliRunner().invoke(cli, [*places, "status"], prog_name="presswatch").output
    stored = b"".join(path.read_bytes() for path in behind.data.rglob("*") if path.is_file())
    for secret in (CANARY, RIGHT.removeprefix("Basic ")):
        assert secret not in told + caplog.text
        assert secret.encode() not in stored
    assert RIGHT in proxy.given


def test_tls_goes_through_a_tunnel_to_the_host_whose_certificate_is_checked(behind, proxy, tmp_path, monkeypatch):
    pem = certificate(tmp_path, "secure.example")
    body = feed("https://secure.example/a").encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
    behind.source(url="https://secure.example/feed")
    with answering(head + body, server_context(pem)) as port:
        proxy.places["secure.example:443"] = port
        failed = behind.crawl()
        assert f"{Failure.CERTIFICATE}: secure.example: self" in book_of(failed).error
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        behind.clock.move_by(timedelta(hours=2))
        assert behind.crawl().polls_failed == 0
    assert behind.query("SELECT url FROM entry") == [("https://secure.example/a",)]
    assert set(proxy.asked) == {"CONNECT secure.example:443"}
    assert set(proxy.given) == {RIGHT}


def server_context(pem):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


# -- the guard --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["link", "redirect"])
def test_no_literal_address_and_no_name_of_its_network_is_asked_of_it(behind, site, proxy, way):
    literal = [f"[{one}]" if ":" in one else one for rows in NOT_PUBLIC.values() for one in rows]
    forms = ["metadata.google.internal", "printer", "box.local", "nas.lan", "a.home.arpa", *IN_A_HEADER, *literal]
    forms = forms[:20] if way == "link" else forms  # each link is a visit of its own
    targets = [f"http://{form}/t{number}" for number, form in enumerate(forms)] + ["http://out.example:25/t"]
    links = targets if way == "link" else [f"http://news.example/t{number}" for number in range(len(targets))]
    news(site, *map(escape, links))
    for number, target in enumerate(targets):
        site.routes[f"news.example/t{number}"] = Answer(status=302, headers={"Location": target})
    behind.crawl()
    assert {asked.split("/")[2] for asked in proxy.asked} == {"news.example"}


def test_the_proxys_address_is_no_address_for_anything_else(behind, site, proxy):
    news(site, f"http://127.0.0.1:{proxy.port}/t")
    behind.crawl()
    assert behind.outcomes() == {"t": "refused"}
    behind.write("presswatch.yaml", {"min_free_mb": 0})
    behind.source(url=f"http://127.0.0.1:{proxy.port}/feed")
    proxy.asked.clear()
    assert behind.crawl().polls_failed == 1
    assert proxy.asked == []


@pytest.mark.parametrize(
    ("of_all", "of_source", "through"),
    [("first", "", "first"), ("first", "direct", ""), ("first", "second", "second"), ("", "second", "second")],
)
def test_a_source_may_go_through_another_or_through_none(behind, site, proxy, of_all, of_source, through):
    news(site)
    with proxying() as second:
        second.places = proxy.places
        urls = {"first": proxy.url, "second": second.url, "direct": "direct", "": ""}
        behind.write("presswatch.yaml", {"min_free_mb": 0, "proxy": urls[of_all]})
        behind.source(url="http://news.example/feed", proxy=urls[of_source])
        report = behind.crawl()
        assert [bool(one.asked) for one in (proxy, second)] == [through == "first", through == "second"]
    assert report.polls_failed == (not through)  # directly, its name does not resolve here


def test_with_a_route_nothing_goes_through_it(behind, site, proxy):
    news(site, "http://news.example/a")
    behind.route = site.url
    behind.crawl()
    assert (behind.outcomes(), proxy.asked) == ({"a": "kept"}, [])


def test_what_the_environment_names_is_ignored(behind, site, proxy, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    behind.write("presswatch.yaml", {"min_free_mb": 0})
    behind.crawl()
    assert proxy.asked == []


# -- whose fault it is ------------------------------------------------------------------------------------------------

FAULTS = {  # what the proxy says → of plain HTTP, of TLS
    407: (Failure.PROXY, Failure.PROXY),
    403: (Failure.FORBIDDEN, Failure.PROXY),  # of plain HTTP it cannot be told who says so
    502: (Failure.SERVER_ERROR, Failure.CONNECTION),
    504: (Failure.SERVER_ERROR, Failure.CONNECTION),
}


@pytest.mark.parametrize("status", FAULTS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_what_it_says_is_told_as_its_own_word(behind, proxy, status, scheme):
    behind.source(url=f"{scheme}://news.example/feed")
    proxy.says = status
    report = behind.crawl()
    told, failure = book_of(report).error, FAULTS[status][scheme == "https"]
    assert (report.polls_failed, failure in told or f"HTTP {status}" in told) == (1, True)
    if failure is Failure.PROXY or scheme == "https":
        assert (f"the proxy 127.0.0.1:{proxy.port}" in told, f"HTTP {status}" in told) == (True, True)


def test_a_proxy_that_is_not_there_costs_no_entry_an_attempt(behind, site, proxy):
    news(site, "http://news.example/a")
    site.routes["news.example/a"] = Answer(status=503)
    behind.crawl()
    with socket.create_server(("127.0.0.1", 0)) as closed:
        gone = closed.getsockname()[1]
    behind.write("presswatch.yaml", {"min_free_mb": 0, "proxy": f"http://me:{CANARY}@127.0.0.1:{gone}"})
    before = behind.query("SELECT attempts FROM entry")
    for _ in range(3):
        behind.clock.move_by(timedelta(hours=13))
        report = behind.crawl(poll_now=True)
    told = book_of(report).error
    assert (f"{Failure.PROXY}: the proxy 127.0.0.1:{gone} cannot be reached" in told, CANARY in told) == (True, False)
    assert (behind.query("SELECT attempts FROM entry"), behind.outcomes()) == (before, {"a": None})


def test_a_proxy_whose_name_does_not_resolve_is_told_as_such(behind):
    behind.write("presswatch.yaml", {"min_free_mb": 0, "proxy": "http://proxy.example:3128"})
    told = book_of(behind.crawl()).error
    assert f"{Failure.PROXY}: DNS cannot say where the proxy proxy.example:3128 is" in told


# -- the config and the doctor ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["proxy.example:3128", "http://proxy.example", "https://proxy.example:3128", "socks5://proxy.example:1080",
     "http://:3128", "http://proxy.example:0", "http://proxy.example:99999", "http://proxy.example:3128/path",
     "http://2130706433:3128", "http://a b:3128", "direct"],
)  # fmt: skip
def test_a_proxy_is_host_and_port(url):
    with pytest.raises(ValueError, match="expected http://HOST:PORT, or "):
        Settings(proxy=url)


@pytest.mark.parametrize("url", ["", "http://proxy.example:3128", "http://10.0.0.1:3128/", "http://[fd00::1]:8080"])
def test_these_are(url):
    assert Settings(proxy=url).proxy == url


def test_no_model_shows_its_password(behind, proxy):
    behind.source(url="http://news.example/feed", proxy=proxy.url)
    config = load_config(behind.config, environ={})
    assert (config.proxy_of("alpha"), CANARY in f"{config!r} {config}") == (proxy.url, False)


def of_proxy(tmp_path, url, **facts):
    sources = (a_source("a"), a_source("b").model_copy(update={"proxy": "direct"}))
    return Config(folder=tmp_path, sources=sources, settings=Settings(proxy=url, **facts))


def test_the_doctor_warns_that_it_looks_names_up(tmp_path):
    [found] = check_proxies({}, of_proxy(tmp_path, f"http://me:{CANARY}@proxy.example:3128"))
    assert (found.grade, found.found) == (
        Grade.WARNING,
        "a through the proxy proxy.example:3128: it looks names up, so their addresses cannot be checked",
    )
    assert "refuse private networks" in found.todo
    assert list(check_proxies({}, of_proxy(tmp_path, ""))) == []


def test_with_online_the_proxy_is_connected_to_in_its_sources_stead(tmp_path, proxy):
    direct = a_source("b").model_copy(update={"proxy": "direct", "enabled": False})
    config = of_proxy(tmp_path, proxy.url).model_copy(update={"sources": (a_source("a"), direct)})
    [found] = examine([online_check(config, None)])
    assert (found.grade, found.found) == (
        Grade.OK,
        f"the proxy 127.0.0.1 port {proxy.port} at 127.0.0.1, without TLS",
    )
    assert proxy.asked == []


def test_without_a_server_of_their_own_these_tests_would_prove_nothing(proxy):
    with serving() as other:
        proxy.places["other.example"] = int(other.url.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", proxy.port)) as client:
            client.sendall(b"GET http://other.example/x HTTP/1.1\r\nHost: other.example\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 404")
    assert other.hits == ["other.example/x"]
