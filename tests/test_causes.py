"""What an operator reads of a download that failed: host and cause, in no library's words. Against real servers."""

import asyncio
import datetime as dt
import gzip
import socket
import ssl
import warnings
from contextlib import contextmanager
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from raw_server import serving
from rig import Answer, Rig, article_page, book_of, feed

from crawler.fetch.causes import too_many_redirects

DAY = dt.timedelta(days=1)
FOREIGN = ("aiohttp", "Scrapy", "ssl:", "Cannot connect", "Errno", "DOWNLOAD_", "request <", "Error", "Exception", "_")


@pytest.fixture
def live(tmp_path):
    """It may reach this machine, and nothing else."""
    rig = Rig(tmp_path)
    rig.write(
        "presswatch.yaml",
        {"min_free_mb": 0, "safety": {"allow_networks": ["127.0.0.0/8"], "timeout": "2s", "max_body_mb": 0.1}},
    )
    return rig


def told_of(rig, url):
    """What the books say of a poll at `url`."""
    rig.source(url=url, politeness={"delay": "0s"})
    report = rig.crawl(poll_now=True)
    error = book_of(report).error
    assert (report.polls_failed, report.errors) == (1, ()), error
    assert not any(word in error.replace("max_body_mb", "") for word in FOREIGN), error
    return error


@contextmanager
def answering(answer, tls=None, asked=b"\r\n\r\n"):
    """A server on loopback that gives the bytes `answer` to what ends with `asked`; its port. None: never answers."""

    async def one(reader, writer):
        try:
            await reader.readuntil(asked)
            if answer is None:
                await asyncio.wait_for(reader.read(), 10)
            else:
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, TimeoutError, OSError):
            pass
        finally:
            writer.close()

    with serving(one, tls) as port:
        yield port


def tls_server(folder, *, days, address):
    """What speaks TLS with a certificate of its own making for `address`, valid for so many days from now."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder(subject_name=name, issuer_name=name, public_key=key.public_key(), serial_number=1)
        .not_valid_before(now - 9 * DAY)
        .not_valid_after(now + days * DAY)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file = folder / "server.pem"
    file.write_bytes(key.private_bytes(pem, form, serialization.NoEncryption()) + made.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_a_port_that_nobody_listens_at_refuses(live):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    told = told_of(live, f"http://127.0.0.1:{port}/feed")
    assert told.endswith(f"no connection: 127.0.0.1:{port} refuses the connection")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (socket.EAI_NONAME, "the host name cannot be resolved: DNS knows no alpha.example"),
        (socket.EAI_AGAIN, "DNS cannot say where alpha.example is: what the resolver said"),
    ],
)
def test_a_name_without_an_address(live, monkeypatch, number, words):
    """The resolver is the only stand-in here: asking a real one would leave the machine."""

    def unresolved(*arguments, **more):
        raise socket.gaierror(number, "what the resolver said")

    monkeypatch.setattr(socket, "getaddrinfo", unresolved)
    assert told_of(live, "http://alpha.example/feed").endswith(words)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "no answer in time: {at} did not answer in full within 2 s (safety.timeout)"),
        (b"", "the answer broke off: {at} closed the connection without an answer"),
        (b"220 mail.example ESMTP\r\n\r\n", "the answer broke off: {at} does not answer in HTTP: "),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "the answer broke off: {at} ended the answer before it"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n" + b"\n" * 999_999,  # a robots.txt without rules too
            "larger than the limit: {at} sent more than 0.1 MB (safety.max_body_mb)",
        ),
    ],
    ids=["stalls", "closes", "another protocol", "half", "too large"],
)
def test_a_server_that_answers_badly(live, answer, words):
    with answering(answer) as port:
        assert words.format(at=f"127.0.0.1:{port}") in told_of(live, f"http://127.0.0.1:{port}/feed")


@pytest.mark.parametrize(
    ("days", "address", "fault"),
    [
        (9, "127.0.0.1", "self-signed certificate"),
        (-1, "127.0.0.1", "certificate has expired"),
        (9, "127.0.0.2", "IP address mismatch, certificate is not valid for '127.0.0.1'"),
    ],
)
def test_a_certificate_that_is_not_valid(live, tmp_path, monkeypatch, days, address, fault):
    tls = tls_server(tmp_path, days=days, address=address)
    if "self" not in fault:  # else nobody vouches for it
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    with answering(b"", tls) as port:
        told = told_of(live, f"https://127.0.0.1:{port}/feed")
    told = told.replace("self signed", "self-signed")  # OpenSSL 1.1 spells it so
    assert told.endswith(f"the certificate is not valid: 127.0.0.1: {fault}")


def test_a_server_that_speaks_no_tls(live):
    with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n", asked=b"\x16\x03") as port:
        told = told_of(live, f"https://127.0.0.1:{port}/feed")
    assert f"the TLS handshake failed: 127.0.0.1:{port} does not speak TLS as it should: " in told


@pytest.mark.parametrize(
    "answer",
    [b"", b"\x15\x03\x01\x00\x02\x02\x46", b"\x16\x03\x03\x00\x7a\x02\x00\x00"],
    ids=["closes", "protocol version refused", "breaks off"],
)
def test_a_handshake_that_comes_to_nothing(live, answer):
    with answering(answer, asked=b"\x16\x03") as port:
        told = told_of(live, f"https://127.0.0.1:{port}/feed")
    assert f"the TLS handshake failed: 127.0.0.1:{port} does not speak TLS as it should: " in told
    [(failures, error, next_due)] = live.query("SELECT failures, last_error, next_due FROM endpoint")
    assert (failures > 0, error in told, next_due > "2025-03-03 00:2") == (True, True, True)


def test_a_server_of_old_tls_alone_is_told_as_such(live, tmp_path, monkeypatch):
    tls = tls_server(tmp_path, days=9, address="127.0.0.1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that nobody should speak it is what is tested
        tls.minimum_version = tls.maximum_version = ssl.TLSVersion.TLSv1
        tls.set_ciphers("ALL:@SECLEVEL=0")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    with answering(b"", tls) as port:
        told = told_of(live, f"https://127.0.0.1:{port}/feed")
    assert f"the TLS handshake failed: 127.0.0.1:{port} does not speak TLS as it should: " in told


def test_a_body_that_breaks_off_over_tls(live, tmp_path, monkeypatch):
    tls = tls_server(tmp_path, days=9, address="127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", tls) as port:
        told = told_of(live, f"https://127.0.0.1:{port}/feed")
    assert told.endswith(f"the answer broke off: 127.0.0.1:{port} ended the answer before it was whole")


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_that_is_too_large(rig, site, packed):
    rig.write("presswatch.yaml", {"min_free_mb": 0, "safety": {"max_body_mb": 0.1}})
    body = b"x" * 200_000
    headers = {"Content-Encoding": "gzip"} if packed else {}
    site.routes["alpha.example/feed"] = Answer(gzip.compress(body) if packed else body, headers=headers)
    told = told_of(rig, "https://alpha.example/feed")
    assert told.endswith("larger than the limit: alpha.example sent more than 0.1 MB (safety.max_body_mb)")


def test_a_redirect_in_a_circle_and_one_without_end(rig, site):
    for here, there in (("feed", "b"), ("b", "c"), ("c", "b")):
        site.routes[f"alpha.example/{here}"] = Answer(status=302, headers={"Location": f"/{there}"})
    told = told_of(rig, "https://alpha.example/feed")
    assert told.endswith("redirected in a circle: https://alpha.example/b leads back to itself")
    for number in range(9):
        site.routes[f"alpha.example/{number}"] = Answer(status=301, headers={"Location": f"/{number + 1}"})
    told = told_of(rig, "https://alpha.example/0")
    assert told.endswith("redirected more than 5 times, at last by https://alpha.example/6")


def test_the_reason_of_a_page_is_as_plain_as_that_of_a_poll(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed("https://alpha.example/a", "https://alpha.example/b"))
    site.routes["alpha.example/a"] = Answer(status=302, headers={"Location": "/a"})
    site.routes["alpha.example/b"] = Answer(article_page("机器人"))
    rig.crawl()
    [(reason,)] = rig.query("SELECT last_error FROM entry WHERE outcome IS NULL")
    assert reason.endswith(": redirected in a circle: https://alpha.example/a leads back to itself")


def test_an_address_that_comes_again_is_named():
    assert "https://a.example/b leads back" in too_many_redirects(
        ["https://a.example/", *["https://a.example/b"] * 2], 5
    )


@pytest.mark.parametrize(
    ("limit", "words"), [("12h", "12 hours"), ("1h", "1 hour"), ("36h", "36 hours"), ("1d", "1 day"), ("7d", "7 days")]
)
def test_the_limit_of_age_is_told_in_its_unit(rig, site, limit, words):
    rig.source(articles={"max_age": limit})
    site.routes["alpha.example/feed"] = Answer(
        feed("https://alpha.example/a", published="Mon, 03 Feb 2025 07:00:00 +0800")
    )
    rig.crawl()
    [(reason,)] = rig.query("SELECT reason FROM entry WHERE outcome = 'stale'")
    assert reason.endswith(f", older than the source's limit of {words}")
