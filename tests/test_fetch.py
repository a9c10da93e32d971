"""The door: which addresses may be reached, how large and slow an answer may be, what each failure means."""

import asyncio
import gzip
import json
import socket
from datetime import timedelta
from html import escape
from ipaddress import ip_network
from urllib.parse import quote

import pytest
from aiohttp import web
from click.testing import CliRunner
from rig import Answer, Rig, article_page, book_of, feed, serving

from crawler.cli import cli
from crawler.fetch.failures import RULES, Failure, failure_of_status
from crawler.fetch.guard import AddressGuard
from crawler.items import Ended
from crawler.outcomes import Outcome
from pipelines.extract.extract import extract

A = "https://alpha.example/a"

REFUSED = [
    "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.254", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "198.18.0.1", "192.0.2.1", "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
]  # fmt: skip


@pytest.mark.parametrize("address", REFUSED)
def test_addresses_that_are_not_global_are_refused(address):
    assert AddressGuard([]).why_not(address, 80)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_global_addresses_pass(address):
    assert not AddressGuard([]).why_not(address, 443)


def test_an_allowed_network_passes_and_its_neighbours_do_not():
    guard = AddressGuard([ip_network("10.1.0.0/16"), ip_network("fd00::/64")])
    assert [not guard.why_not(address, 80) for address in ("10.1.2.3", "10.2.0.1", "fd00::5", "fd01::5")] == [
        True,
        False,
        True,
        False,
    ]


def test_a_route_admits_its_address_and_port_and_nothing_else():
    guard = AddressGuard([ip_network("10.0.0.0/8")], ("127.0.0.1", 8800))
    asked = [("127.0.0.1", 8800), ("127.0.0.1", 8801), ("127.0.0.2", 8800), ("10.0.0.1", 8800), ("1.1.1.1", 443)]
    assert [not guard.why_not(*address) for address in asked] == [True, False, False, False, False]


def test_the_socket_of_a_refused_address_is_never_made():
    info = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80))
    with pytest.raises(OSError, match="may not be reached"):
        AddressGuard([]).make_socket(info)


@pytest.fixture
def live(tmp_path, site):
    """A rig without a route: it may reach 127.0.0.1 alone, and does so by its literal address."""
    rig = Rig(tmp_path)
    rig.write("presswatch.yaml", {"safety": {"allow_networks": ["127.0.0.1/32"]}, "min_free_mb": 0})
    rig.source(url=f"{site.url}/feed")
    site.host = site.url.removeprefix("http://")
    return rig


def test_a_live_run_reaches_an_allowed_network(live, site):
    site.routes[f"{site.host}/feed"] = Answer(feed(f"{site.url}/a"))
    site.routes[f"{site.host}/a"] = Answer(article_page("机器人进厂"))
    assert book_of(live.crawl()).outcomes[Outcome.KEPT] == 1


@pytest.mark.parametrize("form", ["http://127.0.0.2:{port}/x", "http://127.0.0.2.:{port}/x"])
@pytest.mark.parametrize("way", ["link", "redirect"])
def test_neither_a_link_nor_a_redirect_reaches_a_server_behind_the_guard(live, site, form, way):
    with serving("127.0.0.2") as hidden:
        hidden.routes.update(dict.fromkeys(["127.0.0.2/x", "127.0.0.2/robots.txt"], Answer("secret")))
        target = form.format(port=hidden.url.rsplit(":", 1)[1])
        link = target if way == "link" else f"{site.url}/a"
        site.routes[f"{site.host}/feed"] = Answer(feed(link))
        site.routes[f"{site.host}/a"] = Answer(status=302, headers={"Location": target})
        live.crawl()
        assert hidden.hits == []
    assert set(live.outcomes().values()) == {"refused"}


def test_an_endpoint_at_a_refused_address_is_a_failed_poll_with_the_cause(tmp_path):
    rig = Rig(tmp_path)
    rig.source(url="http://127.0.0.1:9/feed")
    report = rig.crawl()
    assert (report.polls_failed, report.errors) == (1, ())
    assert Failure.ADDRESS.value in book_of(report).error


def test_a_page_of_thirty_megabytes_is_refused_and_the_others_go_on(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed(A, "https://alpha.example/b", "https://alpha.example/c"))
    site.routes["alpha.example/a"] = Answer(b"x" * 30 * 1024 * 1024)
    bomb = gzip.compress(b"<p>" + b"a" * 30 * 1024 * 1024)
    site.routes["alpha.example/b"] = Answer(bomb, headers={"Content-Encoding": "gzip"})
    site.routes["alpha.example/c"] = Answer(article_page("机器人进厂"))
    report = rig.crawl()
    assert rig.outcomes() == {"a": "refused", "b": "refused", "c": "kept"}
    assert report.errors == ()
    assert {reason for [reason] in rig.query("SELECT substr(reason, 1, 21) FROM entry WHERE outcome = 'refused'")} == {
        "larger than the limit"
    }


def test_an_unreachable_host_is_a_failed_poll_and_the_others_go_on(rig, site):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    rig.route = f"http://127.0.0.1:{port}"
    report = rig.crawl()
    assert (report.polls, report.polls_failed, report.errors, report.balances) == (1, 1, (), True)
    assert f"127.0.0.1:{port}" in book_of(report).error
    rig.route = site.url
    site.routes["alpha.example/feed"] = Answer(feed())
    rig.clock.move_by(timedelta(hours=1))
    assert rig.crawl().polls_failed == 0


class Stalled(web.StreamResponse):
    """Sends its headers and then nothing until the client gives up."""

    async def prepare(self, request):
        await super().prepare(request)
        await asyncio.wait_for(asyncio.Event().wait(), 5)


def test_an_answer_that_is_too_slow_is_put_off(rig, site):
    rig.write("presswatch.yaml", {"safety": {"timeout": "0.2s"}, "min_free_mb": 0})
    site.routes["alpha.example/feed"] = Answer(feed(A))
    site.routes["alpha.example/a"] = lambda request: Stalled()
    rig.crawl()
    [(reason, outcome)] = rig.query("SELECT last_error, outcome FROM entry")
    assert outcome is None
    assert reason.startswith(Failure.TIMEOUT.value)


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (200, None),
        (206, None),
        (304, None),
        (301, Failure.REDIRECTS),
        (400, Failure.CLIENT_ERROR),
        (401, Failure.LOGIN),
        (402, Failure.WITHHELD),
        (403, Failure.FORBIDDEN),
        (404, Failure.GONE),
        (405, Failure.NOT_THIS_WAY),
        (406, Failure.NOT_THIS_WAY),
        (407, Failure.LOGIN),
        (410, Failure.GONE),
        (414, Failure.ADDRESS_TOO_LONG),
        (418, Failure.CLIENT_ERROR),
        (429, Failure.RATE_LIMITED),
        (451, Failure.WITHHELD),
        (500, Failure.SERVER_ERROR),
        (501, Failure.WALLED),
        (502, Failure.UNAVAILABLE),
        (503, Failure.UNAVAILABLE),
        (504, Failure.UNAVAILABLE),
        (521, Failure.SERVER_ERROR),
        (567, Failure.RATE_LIMITED),
    ],
)
def test_every_status_has_its_row(status, failure):
    assert failure_of_status(status) is failure


def test_every_failure_has_its_rule():
    assert set(RULES) == set(Failure)


@pytest.mark.parametrize(
    ("status", "retry_after", "hours"),
    [(501, "", 6), (501, "60", 6), (501, str(12 * 3600), 12), (567, "", 1 / 6), (567, "7200", 2), (500, "3600", 1)],
)
def test_a_host_that_turns_us_away_is_left_alone_by_every_run_and_that_is_told(rig, site, status, retry_after, hours):
    headers = {"Retry-After": retry_after} if retry_after else {}
    site.routes["alpha.example/feed"] = Answer(feed(A, "https://alpha.example/b", "https://alpha.example/c"))
    site.routes["alpha.example/a"] = [Answer(status=status, headers=headers), Answer(article_page("机器人进厂"))]
    began = rig.clock.now()
    report = rig.crawl()
    assert site.pages() == ["alpha.example/feed", "alpha.example/a"]
    assert (rig.outcomes(), report.errors, report.balances) == ({"a": None, "b": None, "c": None}, (), True)
    assert ("it is left alone until" in book_of(report).error) is (status != 500)
    rig.clock.move_to(began + timedelta(hours=hours) - timedelta(minutes=1))
    rig.crawl(poll_now=True)
    assert len(site.pages()) == 2
    rig.clock.move_by(timedelta(minutes=15))
    rig.crawl()
    assert rig.outcomes()["a"] == "kept"


def test_a_firewall_that_never_opens_ends_the_entry_as_blocked(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed(A))
    site.routes["alpha.example/a"] = Answer(status=501)
    for _ in range(8):
        rig.crawl()
        rig.clock.move_by(timedelta(days=1))
    assert rig.query("SELECT outcome, reason FROM entry") == [
        ("blocked", f"attempts used up; the last: {Failure.WALLED}: HTTP 501")
    ]
    assert site.hits.count("alpha.example/a") == 5


def test_a_poll_at_a_firewall_leaves_its_host_alone(rig, site):
    site.routes["alpha.example/feed"] = Answer(status=501)
    report = rig.crawl()
    assert (report.polls_failed, report.errors) == (1, ())
    rig.clock.move_by(timedelta(hours=5))
    assert rig.crawl().polls == 0


# -- a page that tells what no status does ----------------------------------------------------------------------------


def know_captchas(monkeypatch):
    """An extraction that takes a page that speaks of verification for a challenge."""

    def read(page, source):
        if "验证".encode() in page.body:
            return Ended(
                pending=page.pending,
                outcome=Outcome.BLOCKED,
                reason="a captcha",
                at=page.fetched_at,
                hold_host=timedelta(hours=6),
            )
        return extract(page, source)

    monkeypatch.setattr("pipelines.extract.pipeline.extract", read)


@pytest.fixture
def articles(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed(A, "https://alpha.example/b", "https://alpha.example/c"))
    for name in "abc":
        site.routes[f"alpha.example/{name}"] = Answer(article_page(f"机器人{name}", f"第{name}台机器人走进工厂。" * 9))
    return rig


@pytest.fixture
def challenged(articles, monkeypatch):
    know_captchas(monkeypatch)
    return articles


def test_a_challenge_at_200_stops_the_host_and_the_other_entries_wait(challenged, site):
    site.routes["alpha.example/a"] = Answer("<p>完成验证后即可继续访问</p>")
    report = challenged.crawl()
    assert challenged.outcomes() == {"a": "blocked", "b": None, "c": None}
    assert site.pages() == ["alpha.example/feed", "alpha.example/a"]
    assert (report.errors, report.balances) == ((), True)
    assert book_of(report).error.count("alpha.example: a captcha; it is left alone until") == 1
    assert challenged.query("SELECT DISTINCT attempts FROM entry") == [(0.0,)]
    challenged.clock.move_by(timedelta(hours=5))
    challenged.crawl(poll_now=True)
    assert len(site.pages()) == 2
    challenged.clock.move_by(timedelta(hours=2))
    challenged.crawl()
    assert challenged.outcomes() == {"a": "blocked", "b": "kept", "c": "kept"}


def test_a_challenge_at_a_revisit_stops_the_host_and_says_nothing_about_the_article(challenged, site):
    challenged.crawl()
    site.hits.clear()
    site.routes["alpha.example/a"] = Answer("<p>完成验证后即可继续访问</p>")
    challenged.clock.move_by(timedelta(hours=25))
    challenged.crawl()
    assert [hit for hit in site.pages() if not hit.endswith("/feed")] == ["alpha.example/a"]
    assert challenged.query("SELECT DISTINCT outcome, deleted_at FROM article") == [("kept", None)]


def test_a_challenge_in_a_recording_stops_nobody(articles, site, monkeypatch):
    site.routes["alpha.example/a"] = Answer(article_page("机器人a", "机器人问：完成验证后即可继续访问吗？" * 9))
    articles.crawl()
    know_captchas(monkeypatch)
    options = ["--config", articles.config, "--data", articles.folder / "fresh", "--json", "crawl", "--replay"]
    result = CliRunner().invoke(cli, [*map(str, options), str(articles.data / "captures")], prog_name="presswatch")
    assert result.exit_code == 0, result.output
    [book] = json.loads(result.stdout)["sources"]
    assert (book["blocked"], book["kept"], book["carried_out"]) == (1, 2, 0)


def test_an_entry_behind_a_captcha_is_blocked_under_its_own_address(rig, site):
    original = "http://mp.weixin.qq.com/s?__biz=MzU5OTk5OTk5OQ==&mid=2247500001&idx=1&sn=0123456789abcdef"
    captcha = "https://mp.weixin.qq.com/mp/wappoc_appmsgcaptcha?poc_token=x&target_url=" + quote(
        quote(original, safe="")
    )
    site.routes["alpha.example/feed"] = Answer(feed(escape(original)))
    site.routes["mp.weixin.qq.com/s"] = Answer(status=302, headers={"Location": captcha})
    site.routes["mp.weixin.qq.com/mp/wappoc_appmsgcaptcha"] = Answer(article_page("机器人"))
    rig.crawl()
    key = "wechat:MzU5OTk5OTk5OQ:2247500001:1:0123456789abcdef"
    assert rig.query("SELECT key, url, outcome FROM entry") == [(key, original, "blocked")]
