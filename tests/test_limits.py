"""Answers nobody should send: each is told by its cause, in time, and the books balance."""

import gzip

import pytest
from hostile import ANSWERS, answer, encoded, gzip_bomb, hostile_server, nested_gzip
from rig import Rig, article_page, book_of, feed

from crawler.fetch.decoding import BodyDecoder, BodyTooLargeError
from crawler.fetch.failures import Failure
from crawler.fetch.limits import MOST_CODINGS

LARGE, BROKEN, SLOW, REDIRECTS = Failure.TOO_LARGE, Failure.BROKEN, Failure.TIMEOUT, Failure.REDIRECTS
BEGUN = {
    LARGE: "endless-body redirect-with-endless-body gzip-bomb deflate-bomb raw-deflate-bomb br-bomb zstd-bomb "
    "nested-bomb nested-gzip two-headers thousand-codings",
    SLOW: "slow-body slow-headers continue-for-ever hints-for-ever endless-extension endless-chunks",
    REDIRECTS: "endless-redirects redirect-to-itself",
}
EXPECTED = {name: failure for failure, names in BEGUN.items() for name in names.split()}


@pytest.fixture(scope="module")
def hostile():
    with hostile_server() as server:
        yield server


@pytest.fixture
def under_fire(tmp_path, hostile):
    rig = Rig(tmp_path, route=hostile.url)
    rig.write("presswatch.yaml", {"safety": {"timeout": "2s", "max_body_mb": 1}, "min_free_mb": 0})
    return rig


def test_each_answer_as_a_page_ends_or_is_put_off_by_its_cause(under_fire, hostile):
    """All of them as pages of one list, among articles that are kept."""
    good = [f"https://alpha.example/good/{number}" for number in range(3)]
    for number in range(3):
        text = f"第{number}台机器人走进了工厂，工程师记录它的动作。" * 9
        hostile.routes[f"/good/{number}"] = answer(article_page(f"机器人{number}", text).encode())
    # Each at a host of its own: three that fail in a row would end the visit of theirs.
    pages = [f"https://{name}.example/a/{name}" for name in ANSWERS]
    listed = feed(good[0], *pages[: len(pages) // 2], good[1], *pages[len(pages) // 2 :], good[2])
    hostile.routes["alpha.example/feed"] = answer(listed.encode(), b"Content-Type: application/xml")
    under_fire.source(politeness={"delay": "0s", "concurrency": 8})
    report = under_fire.crawl()
    assert (report.errors, report.balances) == ((), True)
    assert {page.removeprefix("https://") for page in pages} <= set(hostile.hits)
    told = under_fire.query("SELECT url, outcome, coalesce(nullif(reason, ''), last_error) FROM entry ORDER BY id")
    ends = {url.rpartition("/")[2]: (outcome, reason) for url, outcome, reason in told}
    assert [ends.pop(str(number))[0] for number in range(3)] == ["kept"] * 3
    assert {name: reason.partition(":")[0] for name, (_, reason) in ends.items()} == {
        name: EXPECTED.get(name, BROKEN).value for name in ANSWERS
    }
    assert {name for name, (outcome, _) in ends.items() if outcome == "refused"} == set(BEGUN[LARGE].split())
    assert all(len(reason) < 300 for _, reason in ends.values())


@pytest.mark.parametrize("name", ["many-headers", "gzip-bomb", "slow-headers", "thousand-codings", "no-gzip"])
def test_an_answer_as_a_list_is_a_failed_poll_with_its_cause(under_fire, hostile, name):
    under_fire.source(url=f"https://alpha.example/a/{name}")
    report = under_fire.crawl()
    assert (report.polls_failed, report.errors, report.balances) == (1, (), True)
    assert EXPECTED.get(name, BROKEN).value in book_of(report).error


@pytest.mark.parametrize(
    ("codings", "kept"), [(1, True), (MOST_CODINGS, True), (MOST_CODINGS + 1, False)], ids=["one", "most", "more"]
)
def test_a_body_may_be_compressed_over_but_not_over_and_over(under_fire, hostile, codings, kept):
    body = nested_gzip(codings, article_page("机器人进厂").encode())
    hostile.routes["alpha.example/a"] = encoded(body, b", ".join([b"gzip"] * codings))
    hostile.routes["alpha.example/feed"] = answer(feed("https://alpha.example/a").encode())
    under_fire.source()
    under_fire.crawl()
    assert under_fire.outcomes() == {"a": "kept" if kept else "refused"}


@pytest.mark.parametrize(
    ("codings", "body"),
    [
        pytest.param(["gzip"], gzip_bomb(64), id="a bomb"),
        pytest.param(["gzip", "gzip, gzip"], nested_gzip(2, gzip_bomb(64)), id="a nested one"),
        pytest.param(["gzip, gzip, gzip, gzip"], nested_gzip(4, b"x"), id="four codings"),
        pytest.param([], b"x" * 2_000_000, id="not coded"),
    ],
)
def test_recorded_bodies_are_held_to_the_same_limits(codings, body):
    headers = [("Content-Encoding", coding) for coding in codings]
    with pytest.raises(BodyTooLargeError):
        BodyDecoder(1024 * 1024).decode("https://alpha.example/a", headers, body)


def test_a_gzipped_sitemap_in_a_gzipped_answer_is_bounded_at_both(under_fire, hostile):
    rows = "".join(f"<url><loc>https://alpha.example/{number}</loc></url>" for number in range(3))
    sitemap = gzip.compress(f"<urlset>{rows}</urlset>".encode())
    kind = b"Content-Type: application/xml"
    hostile.routes["alpha.example/good.xml.gz"] = answer(gzip.compress(sitemap), b"Content-Encoding: gzip", kind)
    hostile.routes["alpha.example/bad.xml.gz"] = answer(gzip.compress(gzip_bomb(64)), b"Content-Encoding: gzip", kind)
    endpoints = [{"url": f"https://alpha.example/{name}.xml.gz", "every": "30m"} for name in ("good", "bad")]
    under_fire.source(kind="sitemap", endpoints=endpoints)
    report = under_fire.crawl()
    assert (report.polls, report.polls_failed, report.errors) == (2, 1, ())
    assert book_of(report).found == 3
    assert "50 MB" in book_of(report).error


@pytest.mark.parametrize("kind", ["feed", "sitemap", "listing", "page"])
def test_nothing_that_xml_names_is_fetched_or_read(under_fire, hostile, kind):
    """External entities, a DTD of another server, XInclude: neither a file nor a socket is opened for them."""
    other = f"{hostile.url}/secret"
    doctype = (
        f'<?xml version="1.0"?><!DOCTYPE x SYSTEM "{other}.dtd" [<!ENTITY f SYSTEM "file:///etc/passwd">'
        f'<!ENTITY u SYSTEM "{other}">]>'
    )
    inside = f'&f;&u;<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{other}" parse="text"/>'
    page = f"{doctype}<html><body>{article_page('机器人').partition('<body>')[2].replace('</h1>', f'</h1>{inside}')}"
    rows = f"<li><a href='https://alpha.example/a'>机器人{inside}</a></li>"
    hostile.routes["alpha.example/a"] = answer(page.encode())
    hostile.routes["alpha.example/list"] = answer(
        {
            "feed": f"{doctype}{feed('https://alpha.example/a').partition('?>')[2].replace('机器人', inside)}",
            "sitemap": f"{doctype}<urlset><url><loc>https://alpha.example/a</loc>{inside}</url></urlset>",
            "listing": f"{doctype}<html><body><ul>{rows}</ul></body></html>",
            "page": feed("https://alpha.example/a"),
        }[kind].encode()
    )
    rules = {"entries": {"items": ["li"]}} if kind == "listing" else {}
    under_fire.source(url="https://alpha.example/list", kind="feed" if kind == "page" else kind, **rules)
    hostile.hits.clear()
    under_fire.crawl()
    assert [hit for hit in hostile.hits if "secret" in hit] == []
    assert not any("root:" in path.read_text(encoding="utf-8") for path in (under_fire.data / "archive").rglob("*.md"))
    assert "/list" in "".join(hostile.hits)
