"""Every way into a crawl, with every spelling of an address behind the guard: none reaches the server that listens."""

import json
import socket
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from html import escape

import aiohttp.connector
import pytest
from click.testing import CliRunner
from rig import Answer, Rig, article_page, book_of, feed, serving
from test_guard import IN_A_HEADER, LOCAL

from crawler.cli import cli
from crawler.fetch.failures import Failure

NEWS, HERE = "news.example", "127.0.0.2"


class Hidden:
    """Listens on 127.0.0.1 and ::1 at one port, and lets nobody in who does not come."""

    def __init__(self, port):
        self.port = port
        self._stack = ExitStack()
        self._listening = []
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            with suppress(OSError):  # a machine without IPv6
                listener = socket.create_server((address, port), family=family)
                listener.setblocking(False)
                self._listening.append(self._stack.enter_context(listener))

    def url(self, path):
        return f"http://127.0.0.1:{self.port}/{path}"

    def connections(self):
        """How many came since it was asked last."""
        came = 0
        for listener in self._listening:
            with suppress(BlockingIOError):
                while True:
                    listener.accept()[0].close()
                    came += 1
        return came

    def close(self):
        self._stack.close()


@contextmanager
def beside(site):
    """A hidden server at the port of the publisher's, on other addresses of this machine."""
    hidden = Hidden(int(site.url.rsplit(":", 1)[1]))
    try:
        yield hidden
    finally:
        hidden.close()


@pytest.fixture
def names(monkeypatch):
    """Name → what the resolver answers: addresses, or lists of them, one used after the other."""
    known, real = {NEWS: [HERE]}, socket.getaddrinfo

    def getaddrinfo(host, port, *args, **kwargs):
        answers = known.get(host)
        if answers is None:
            if host.replace(".", "").isdigit() or ":" in host:
                return real(host, port, *args, **kwargs)
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if isinstance(answers[0], list):
            answers = answers.pop(0) if len(answers) > 1 else answers[0]
        return [entry for address in answers for entry in real(address, port, type=socket.SOCK_STREAM)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return known


@pytest.fixture
def press(tmp_path, names):
    """A publisher that may be reached, a server behind the guard at the same port, and a rig with no route."""
    with serving(HERE) as site, beside(site) as hidden:
        rig = Rig(tmp_path)
        safety = {"allow_networks": [f"{HERE}/32"], "ports": [hidden.port]}
        rig.write("presswatch.yaml", {"safety": safety, "min_free_mb": 0})
        site.host = f"{NEWS}:{hidden.port}"
        rig.source(url=f"http://{site.host}/feed")
        yield rig, site, hidden


def ends(rig):
    """Path of each entry → how it ended and why."""
    rows = rig.query("SELECT url, outcome, reason FROM entry")
    return {url.rsplit("/", 1)[1].partition("?")[0]: (outcome, reason) for url, outcome, reason in rows}


def test_the_hidden_server_counts_who_comes(press):
    rig, _, hidden = press
    with socket.create_connection(("127.0.0.1", hidden.port)):
        assert hidden.connections() == 1
    rig.write("presswatch.yaml", {"safety": {"allow_networks": ["127.0.0.0/8"], "timeout": "0.2s"}, "min_free_mb": 0})
    rig.source(url=hidden.url("feed"))
    rig.crawl()
    assert hidden.connections() == 1


# -- spellings, as a link and behind a redirect -----------------------------------------------------------------------


NAMED = {  # a name → what the resolver says of it
    "private": ["127.0.0.1"],
    "private6": ["::1"],
    "both": ["::1", "127.0.0.1"],
    "mapped": ["::ffff:127.0.0.1"],
    "any": ["0.0.0.0"],
    "any6": ["::"],
    "metadata": ["169.254.169.254"],
    "translated": ["64:ff9b::7f00:1"],
    "tunnelled": ["2002:7f00:1::"],
}


# As a Location these are no address at all, which may be a passing fault: the entry is asked for again.
BROKEN = {"[::1].a.example", "[[::1]]", "[127.0.0.1]", "[v1.127]", "[::ffff:127.1]", "::1", ""}


@pytest.mark.parametrize("way", ["link", "redirect"])
def test_no_spelling_of_this_machine_reaches_the_server_that_listens(press, names, way):
    rig, site, hidden = press
    names |= {f"{name}.example": answers for name, answers in NAMED.items()} | {
        name: ["127.0.0.1", "::1"] for name in ("localhost", "foo.localhost", "a.b.localhost", "ip6-loopback", "box")
    }
    spelt = [form for form in IN_A_HEADER if way == "link" or form not in BROKEN]
    forms = [*spelt, *(f"{name}.example" for name in NAMED), "ip6-loopback", "box", "box."]
    targets = [f"http://{form}:{hidden.port}/t{number}" for number, form in enumerate(forms)]
    links = targets if way == "link" else [f"http://{site.host}/t{number}" for number in range(len(forms))]
    site.routes[f"{site.host}/feed"] = Answer(feed(*map(escape, links)))
    for number, target in enumerate(targets):
        site.routes[f"{site.host}/t{number}"] = Answer(status=302, headers={"Location": target})
    report = rig.crawl()
    assert hidden.connections() == 0
    assert (report.errors, report.balances) == ((), True)
    ended = ends(rig)
    told = {forms[int(path[1:])]: end for path, end in ended.items()}
    assert {form: end for form, end in told.items() if end[0] != "refused"} == {}
    assert all(reason.startswith(Failure.ADDRESS) for _, reason in told.values())
    assert len(forms) >= 60
    if way == "redirect":
        assert len(told) == len(forms)
    else:  # what is no address at all is no entry: the list says how many
        assert {form for form in forms if form not in told} == {form for form in forms if LOCAL.get(form) == "host"}
        assert "could not be read" in book_of(report).error


# -- ways in ----------------------------------------------------------------------------------------------------------

GO = "http://127.0.0.1:{port}"
REDIRECTS = {
    "301": (301, GO), "302": (302, GO), "303": (303, GO), "307": (307, GO), "308": (308, GO),
    "protocol-relative": (302, "//127.0.0.1:{port}/x"),
    "many slashes": (302, "///127.0.0.1:{port}/x"),
    "userinfo": (302, "http://news.example@127.0.0.1:{port}/x"),
    "userinfo with a secret": (302, "http://me:geheim-99@127.0.0.1:{port}/x"),
    "a space before": (302, " http://127.0.0.1:{port}/x"),
    "file": (302, "file:///etc/passwd"),
    "ftp": (302, "ftp://127.0.0.1:{port}/x"),
    "gopher": (302, "gopher://127.0.0.1:{port}/_x"),
    "data": (302, "data:text/html,hi"),
    "javascript": (302, "javascript:location='http://127.0.0.1:{port}'"),
    "unix": (302, "http+unix://%2Ftmp%2Fx/"),
    "smtp": (302, "http://127.0.0.1:25/"),
    "chain": (302, "/chain-2"),
    "full width": (302, "http://１２７。０。０。１:{port}/x"),
}  # fmt: skip


def test_no_redirect_leads_behind_the_guard_and_none_is_tried_again(press):
    rig, site, hidden = press
    names = {name.replace(" ", "-"): facts for name, facts in REDIRECTS.items()}
    site.routes[f"{site.host}/feed"] = Answer(feed(*(f"http://{site.host}/{name}" for name in names)))
    for name, (status, location) in names.items():
        headers = {"Location": location.format(port=hidden.port)}
        site.routes[f"{site.host}/{name}"] = Answer(status=status, headers=headers)
    for number in (2, 3, 4):
        site.routes[f"{site.host}/chain-{number}"] = Answer(status=301, headers={"Location": f"/chain-{number + 1}"})
    site.routes[f"{site.host}/chain-5"] = Answer(status=301, headers={"Location": hidden.url("x")})
    report = rig.crawl()
    assert hidden.connections() == 0
    assert {name: outcome for name, (outcome, _) in ends(rig).items()} == dict.fromkeys(names, "refused")
    assert "geheim-99" not in str(ends(rig)) + str(report)


@pytest.mark.parametrize(
    ("location", "ends_as"),
    [
        ("/" + "x" * 5000, "refused"),  # longer than an address may be
        ("/" + "x" * 65_000, None),  # no header of an answer is that long: it breaks off
        ("/新/b", "kept"),
        ("//另.example/b", "gone"),  # a host of its own, where nothing stands
        ("?", "failed"),
    ],
)
def test_a_location_that_is_odd_is_no_fault_of_ours(rig, site, location, ends_as):
    site.routes["alpha.example/feed"] = Answer(feed("https://alpha.example/a"))
    site.routes["alpha.example/a"] = Answer(status=302, headers={"Location": location})
    site.routes["alpha.example/%E6%96%B0/b"] = Answer(article_page("机器人进厂"))
    for _ in range(1 if ends_as != "failed" else 6):
        report = rig.crawl()
        rig.clock.move_by(timedelta(days=1))
    assert (rig.outcomes()["a"], report.errors, report.balances) == (ends_as, (), True)


def test_from_https_to_http_no_header_of_the_source_goes_along(rig, site):
    rig.source(headers={"X-Key": "geheim-99"})
    site.routes["alpha.example/feed"] = Answer(feed("https://alpha.example/a", "https://alpha.example/c"))
    site.routes["alpha.example/a"] = Answer(status=302, headers={"Location": "http://alpha.example/b"})
    site.routes["alpha.example/c"] = Answer(status=302, headers={"Location": "/d"})
    site.routes["alpha.example/b"] = Answer(article_page("机器人甲"))
    site.routes["alpha.example/d"] = Answer(article_page("机器人乙", "另一台机器人走进了工厂。" * 9))
    rig.crawl()
    keyed = {hit for hit, headers in zip(site.hits, site.seen, strict=True) if "X-Key" in headers}
    assert rig.outcomes() == {"a": "kept", "c": "kept"}
    assert {f"alpha.example/{path}" for path in ("feed", "a", "c", "d")} == keyed


def list_sources(rig, site, hidden):
    """A source for each kind of list, each naming the hidden server in its own way."""
    at, target = f"http://{site.host}", hidden.url
    entries = {"items": "li", "link": "a::attr(href)", "title": "a"}
    rig.source("listing", f"{at}/list", kind="listing", entries=entries | {}, articles={"next": "a.nxt::attr(href)"})
    rig.source("sitemap", f"{at}/sitemap.xml", kind="sitemap")
    rig.source("index", f"{at}/index.xml", kind="sitemap")
    rig.source("json", f"{at}/api", kind="json", entries={"items": "rows", "link": "url", "title": "name"})
    rig.source("paged", kind="listing", entries=entries, endpoints=[{"url": f"{at}/paged", "pages": {"next": "a.nxt"}}])
    rig.source("docsify", f"{at}/doc.md", kind="docsify")
    rig.source("mirror", f"{at}/gzh/a.md", kind="wechat_mirror")
    xmlns = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    location = lambda path: f"<loc>{target(path)}</loc><lastmod>2025-03-03</lastmod>"  # noqa: E731
    enclosed = f'<enclosure url="{target("enclosure")}" type="text/html" length="1"/>'
    items = feed(target("feed-link"), f"{at}/hints", f"{at}/refresh", f"{at}/meta", f"{at}/alt", f"{at}/first-1.html")
    bodies = {
        "feed": items.replace("</channel>", f"<item><title>机器人</title>{enclosed}</item></channel>"),
        "list": f'<ul><li><a href="{target("listing-link")}">机器人</a></li></ul>',
        "sitemap.xml": f"<urlset {xmlns}><url>{location('sitemap-loc')}</url></urlset>",
        "index.xml": f"<sitemapindex {xmlns}><sitemap>{location('inner.xml')}</sitemap></sitemapindex>",
        "api": json.dumps({"rows": [{"url": target("json-link"), "name": "机器人"}]}),
        "paged": f'<ul><li><a href="/in-page">机器人</a></li></ul><a class="nxt" href="{target("page-2")}">下一页</a>',
        "doc.md": f"- [机器人]({target('docsify-link')})\n- [机器]({target('doc.md')}#/x)\n",
        "gzh/a.md": (
            "# 【a】文章列表\n\n- [机器人](http://mp.weixin.qq.com/s?__biz=MzAwMDAwMDAwMA==&mid=7&idx=1&sn=" + "a" * 32
            + ")\n    - 时间：2025-03-02\n    - 摘要：\n\n"
        ),
        "hints": article_page("机器人甲", head=f'<link rel="canonical" href="{target("canonical")}">'
                              f'<meta property="og:url" content="{target("og-url")}">'),
        "meta": article_page("机器人丙", head=f'<meta http-equiv="refresh" content="0;url={target("meta")}">'),
        "first-1.html": article_page("机器人戊", "机器人。" * 30 + f'<a class="nxt" href="{target("first-2.html")}">'),
        "in-page": article_page("机器人己"),
    }  # fmt: skip
    site.routes |= {f"{site.host}/{path}": Answer(body) for path, body in bodies.items()}
    refresh = {"Refresh": f"0; url={target('refresh')}"}
    known = {"Alt-Svc": f'h2="127.0.0.1:{hidden.port}"; ma=86400', "Set-Cookie": "a=b", "Link": f"<{target('link')}>"}
    site.routes[f"{site.host}/refresh"] = Answer(article_page("机器人乙"), headers=refresh)
    site.routes[f"{site.host}/alt"] = Answer(article_page("机器人丁"), headers=known)


def test_no_list_no_page_and_no_header_leads_behind_the_guard(press, names):
    rig, site, hidden = press
    names["mp.weixin.qq.com"] = ["127.0.0.1"]
    list_sources(rig, site, hidden)
    report = rig.crawl()
    rig.clock.move_by(timedelta(days=2))  # and at each article again
    rig.crawl()
    assert hidden.connections() == 0
    assert (report.errors, report.balances) == ((), True)
    ended = {path: outcome for path, (outcome, _) in ends(rig).items()}
    led_there = {"feed-link", "listing-link", "sitemap-loc", "json-link", "s"} & set(ended)
    assert {ended[path] for path in led_there} == {"refused"}
    assert {"feed-link", "listing-link", "sitemap-loc", "json-link", "s"} == led_there
    assert {ended[path] for path in ("hints", "refresh", "meta", "alt", "first-1.html")} <= {"kept", "copy"}
    assert not any("Cookie" in headers for headers in site.seen)
    failed = rig.query("SELECT last_error FROM endpoint WHERE url LIKE '%inner.xml'")
    assert all(error.startswith(Failure.ADDRESS) for (error,) in failed)


def test_explain_tells_why_and_what_to_add_where_it_is_right(press):
    rig, site, hidden = press
    site.routes[f"{site.host}/feed"] = Answer(feed(hidden.url("x")))
    rig.crawl()
    places = ["--config", str(rig.config), "--data", str(rig.data)]
    told = CliRunner().invoke(cli, [*places, "explain", hidden.url("x")], prog_name="presswatch").output
    assert "127.0.0.1 is no public address, but loopback" in told
    assert "add 127.0.0.1/32 to safety.allow_networks in presswatch.yaml" in told


def test_a_robots_txt_that_redirects_behind_the_guard_is_not_followed(press):
    rig, site, hidden = press
    site.routes[f"{site.host}/robots.txt"] = Answer(status=302, headers={"Location": hidden.url("robots.txt")})
    report = rig.crawl()
    assert (hidden.connections(), report.polls_failed) == (0, 1)
    assert "safety.allow_networks" in book_of(report).error


def test_the_port_of_a_link_is_none_of_the_webs_and_the_host_is_asked_for_nothing(press):
    rig, site, hidden = press
    other = f"http://93.184.216.34:{hidden.port + 1}/x"
    site.routes[f"{site.host}/feed"] = Answer(feed(other))
    rig.crawl()
    [(outcome, reason)] = ends(rig).values()
    assert (outcome, f"port {hidden.port + 1} is none of safety.ports: [{hidden.port}]" in reason) == ("refused", True)


# -- answers of DNS that change ---------------------------------------------------------------------------------------


@pytest.fixture
def asked_each_time(monkeypatch):
    """No answer of DNS is kept, and no connection either: each request looks the name up."""
    monkeypatch.setattr(aiohttp.connector._DNSCacheTable, "expired", lambda self, key: True)


def closing(body, **facts):
    return Answer(body, headers={"Connection": "close"}, **facts)


@pytest.mark.usefixtures("asked_each_time")
def test_a_name_that_comes_to_mean_this_machine_within_a_visit_is_refused_then(press, names):
    rig, site, hidden = press
    names[NEWS] = [[HERE], [HERE], ["127.0.0.1"]]  # robots.txt, the feed, the article
    site.routes[f"{site.host}/robots.txt"] = closing("", status=404)
    site.routes[f"{site.host}/feed"] = closing(feed(f"http://{site.host}/x"))
    rig.crawl()
    assert hidden.connections() == 0
    assert site.hits == [f"{site.host}/robots.txt", f"{site.host}/feed"]
    [(outcome, reason)] = ends(rig).values()
    assert (outcome, "127.0.0.1 is no public address" in reason) == ("refused", True)


def test_a_stored_article_whose_host_moved_behind_the_guard_is_not_looked_at_again_and_stays(press, names):
    rig, site, hidden = press
    site.routes[f"{site.host}/feed"] = Answer(feed(f"http://{site.host}/x"))
    site.routes[f"{site.host}/x"] = Answer(article_page("机器人进厂"))
    rig.crawl()
    names[NEWS] = ["127.0.0.1", "::1"]
    site.hits.clear()
    rig.clock.move_by(timedelta(days=2))
    report = rig.crawl()
    assert (hidden.connections(), site.hits, report.polls_failed) == (0, [], 1)
    assert ends(rig)["x"][0] == "kept"


@pytest.mark.parametrize("answers", [["127.0.0.1", HERE], ["::1", HERE], [HERE, "::1", "127.0.0.1"]])
def test_of_mixed_answers_the_good_one_is_gone_on_with(press, names, answers):
    rig, site, hidden = press
    names[NEWS] = answers
    site.routes[f"{site.host}/feed"] = Answer(feed(f"http://{site.host}/x"))
    site.routes[f"{site.host}/x"] = Answer(article_page("机器人进厂"))
    rig.crawl()
    assert (hidden.connections(), ends(rig)["x"][0]) == (0, "kept")


def test_a_good_address_that_does_not_answer_beside_a_refused_one_is_no_refusal(press, names):
    rig, site, hidden = press
    site.routes[f"{site.host}/feed"] = Answer(feed(f"http://down.example:{hidden.port}/x"))
    names["down.example"] = ["127.0.0.1", "127.0.0.3"]  # where nobody listens
    safety = {"allow_networks": [f"{HERE}/32", "127.0.0.3/32"], "ports": [hidden.port]}
    rig.write("presswatch.yaml", {"safety": safety, "min_free_mb": 0})
    rig.crawl()
    [(outcome, error)] = rig.query("SELECT outcome, last_error FROM entry")
    assert (hidden.connections(), outcome) == (0, None)
    assert "refuses the connection" in error


# -- what is sent -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "host"),
    [("FASS.example", "fass.example"), ("faß.example", "xn--fa-hia.example"), ("例子。测试", "xn--fsqu00a.xn--0zwm56d"),
     ("a_b.example.", "a_b.example"), ("ｎｅｗｓ.example", "news.example")],
)  # fmt: skip
def test_the_host_that_was_checked_is_looked_up_connected_to_and_named_in_the_request(press, names, written, host):
    rig, site, hidden = press
    names[host] = [HERE]
    at = f"{host}:{hidden.port}"
    rig.source(url=f"http://{written}:{hidden.port}/feed")
    site.routes[f"{at}/feed"] = Answer(feed(f"http://{written}:{hidden.port}/x"))
    site.routes[f"{at}/x"] = Answer(article_page("机器人进厂"))
    rig.crawl()
    assert site.hits == [f"{at}/robots.txt", f"{at}/feed", f"{at}/x"]
    assert ends(rig)["x"][0] == "kept"
