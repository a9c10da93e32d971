"""A body that breaks half-way, in each place: the error and the next time are recorded, nothing is stored half."""

import gzip
import zlib

import brotli
import pytest
from raw_server import FOR_EVER, RESET, raw_server, whole
from rig import Rig, article_page, book_of, feed

try:
    from compression import zstd
except ImportError:
    from backports import zstd

from crawler.failure_table import Failure

ROLES = ("list", "page", "robots", "further", "redirect")
NEXT = '<a class="next" href="/a_2.html">下一页</a>'
LONG = article_page(
    "机器人进厂", "这台机器人今天第一次走进了工厂的装配线，工程师们在旁边记录它的每一个动作。" * 60
).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"


def cut(encoding, packed):
    """The framing is right, what was packed is not all there."""
    return whole(packed[: len(packed) // 2], f"Content-Encoding: {encoding}", "Content-Type: text/html; charset=utf-8")


FAULTS = {
    "content-length too long": ([HEAD + b"Content-Length: 99999\r\n\r\n" + LONG], Failure.BROKEN),
    "chunked cut": ([HEAD + b"Transfer-Encoding: chunked\r\n\r\n400\r\n" + LONG[:1024] + b"\r\n"], Failure.BROKEN),
    "chunk cut": ([HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n" + LONG], Failure.BROKEN),
    "gzip cut": (cut("gzip", gzip.compress(LONG)), Failure.BROKEN),
    "deflate cut": (cut("deflate", zlib.compress(LONG)), Failure.BROKEN),
    "br cut": (cut("br", brotli.compress(LONG)), Failure.BROKEN),
    "zstd cut": (cut("zstd", zstd.compress(LONG)), Failure.BROKEN),
    "reset": ([HEAD + b"Content-Length: 99999\r\n\r\n" + LONG[:2000], RESET], Failure.BROKEN),
    "no HTTP": ([b"SSH-2.0-OpenSSH_9.6\r\n"], Failure.BROKEN),
    "no answer": ([], Failure.BROKEN),
    "header cut": ([HEAD[:-9]], Failure.BROKEN),
    "100 for ever": ([b"HTTP/1.1 100 Continue\r\n\r\n", FOR_EVER], Failure.TIMEOUT),
    "slow drip": ([HEAD + b"Content-Length: 99999\r\n\r\n", b"<p>", FOR_EVER], Failure.TIMEOUT),
}


def answers(fault):
    """What the five hosts say, each of which has the fault in another place, and alpha.example, which has none."""
    sound = {f"{role}.example/feed": whole(feed(f"https://{role}.example/a.html")) for role in (*ROLES, "alpha")}
    sound |= {f"{role}.example/a.html": whole(article_page(f"机器人{role}", f"{role}的机器人走进工厂。" * 30))
              for role in (*ROLES, "alpha")}  # fmt: skip
    sound["further.example/a.html"] = whole(article_page("机器人两页", f"第一页的机器人。{'走进工厂。' * 40}", NEXT))
    sound["redirect.example/a.html"] = whole("", "Location: /target", status="302 Found")
    places = dict(zip(ROLES, ("feed", "a.html", "robots.txt", "a_2.html", "target"), strict=True))
    broken = {f"{role}.example/{place}": fault for role, place in places.items()}
    return lambda host, path: {**sound, **broken}.get(f"{host}{path}", whole("", status="404 Not Found"))


@pytest.fixture
def rig(tmp_path):
    rig = Rig(tmp_path)
    rig.write("presswatch.yaml", {"min_free_mb": 0, "safety": {"timeout": "2s"}})
    for role in (*ROLES, "alpha"):
        rig.source(role, f"https://{role}.example/feed", articles={"next": ["a.next"]}, politeness={"delay": "0s"})
    return rig


@pytest.mark.parametrize("name", FAULTS)
def test_a_body_that_breaks_half_way_is_recorded_wherever_it_was_asked_for(rig, name):
    fault, failure = FAULTS[name]
    with raw_server(answers(fault)) as rig.route:
        report = rig.crawl()
    assert (report.errors, report.balances) == ((), True)
    polls = {
        source: facts for source, *facts in rig.query("SELECT source, failures, last_error, next_due FROM endpoint")
    }
    entries = {source: facts for source, *facts in rig.query(
        "SELECT source, attempts, last_error, next_try, outcome FROM entry"
    )}  # fmt: skip
    for role in ("list", "robots"):
        failures, error, next_due = polls[role]
        kind = Failure.ROBOTS_UNREACHABLE if role == "robots" else failure
        assert (failures > 0, error.startswith(kind), next_due > "2025-03-03 00:2") == (True, True, True), (role, error)
        assert failure in error
        assert error in book_of(report, role).error
        assert role not in entries
    for role in ("page", "further", "redirect"):
        attempts, error, next_try, outcome = entries[role]
        assert (attempts, outcome, next_try > "2025-03-03 00:0") == (0.5, None, True), (role, error)
        assert error.startswith(failure), (role, error)
    assert rig.query("SELECT entry.source FROM entry JOIN article ON entry.id = article.entry") == [("alpha",)]
    assert [path.parts[0] for path in rig.files()] == ["alpha"]
