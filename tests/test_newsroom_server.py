"""The newsroom over real HTTP on loopback."""

import asyncio
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import aiohttp
import pytest
from newsroom_visits import END, FEEDS, LIST, MIRROR, SECOND, START, ask, faulty, visit

from crawler.clock import VirtualClock
from crawler.newsroom import Newsroom, ServerThread, serve
from crawler.newsroom.answers import http_date


@pytest.fixture(scope="module")
def newsroom() -> Newsroom:
    return Newsroom(start=START)


def fetch(server: ServerThread, host: str, path: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    request = urllib.request.Request(server.url + path, headers={"Host": host, **headers})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), dict(error.headers)


def test_the_server_tells_sites_apart_by_their_host_header(newsroom):
    with ServerThread(newsroom, VirtualClock(END)) as server:
        for host, path in FEEDS.items():
            status, body, headers = fetch(server, f"{host}:80", path)
            assert (status, body) == (200, ask(newsroom, host, path).body)
            assert headers["Date"] == http_date(END)
        status, body, _ = fetch(server, "nowhere.example", "/")
        assert (status, "nowhere.example" in body.decode()) == (502, True)


def test_the_server_follows_a_clock_that_the_test_moves(newsroom):
    one = newsroom.published_until(END, MIRROR, "")[-1]
    clock = VirtualClock(one.at - SECOND)
    path = urlsplit(one.url).path
    with ServerThread(newsroom, clock) as server:
        assert fetch(server, MIRROR, path)[0] == 404
        clock.move_by(SECOND)
        status, body, headers = fetch(server, MIRROR, path)
        assert (status, body) == (200, visit(newsroom, one).body)
        assert fetch(server, MIRROR, path, **{"If-None-Match": headers["ETag"]})[0] == 304
        hits = [(hit.at, hit.host, hit.path, hit.status) for hit in server.hits]
    before = (one.at - SECOND, MIRROR, path, 404)
    assert hits == [before, (one.at, MIRROR, path, 200), (one.at, MIRROR, path, 304)]


def test_the_server_counts_requests_so_that_a_server_error_heals():
    newsroom, one = faulty(fault="server_error", article="a", times=2)
    with ServerThread(newsroom, VirtualClock(END)) as server:
        answers = [fetch(server, "one.example", urlsplit(one.url).path)[0] for _ in range(3)]
    assert answers == [503, 503, 200]


def test_the_server_serves_inside_a_running_loop(newsroom):
    async def status() -> int:
        async with (
            serve(newsroom, VirtualClock(END)) as server,
            aiohttp.ClientSession() as session,
            session.get(server.url + LIST, headers={"Host": MIRROR}) as answer,
        ):
            assert (await answer.read()) == ask(newsroom, MIRROR, LIST).body
            return server.hits[0].status

    assert asyncio.run(status()) == 200


def test_a_taken_port_is_told_to_the_caller(newsroom):
    with ServerThread(newsroom, VirtualClock(END)) as server:
        taken = urlsplit(server.url).port
        with pytest.raises(OSError, match=str(taken)), ServerThread(newsroom, VirtualClock(END), port=taken):
            pytest.fail("the port was given twice")


def test_a_server_that_does_not_run_has_no_address(newsroom):
    with pytest.raises(RuntimeError, match="with block"):
        _ = ServerThread(newsroom, VirtualClock(END)).url
