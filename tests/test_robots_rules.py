"""What a robots.txt means for us: its bytes, its groups, its rules, the pause it asks for, and what it can cost."""

import gzip
import time
import zlib

import brotli
import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.fetch.codings import EncodingError
from crawler.fetch.limits import MOST_CODINGS
from crawler.fetch.robots_body import MAX_BYTES, decoded, text_of
from crawler.fetch.robots_rules import MOST_PATTERNS, RobotsRules

HOST = "https://alpha.example"
FORBID = "User-agent: *\nDisallow: /private\n"


def rules(text):
    return RobotsRules(text, "presswatch")


def allows(text, path="/private"):
    return rules(text).allows(HOST + path)


# -- bytes ------------------------------------------------------------------------------------------------------------

GBK = "User-agent: *\nDisallow: /新闻\nDisallow: /private\n".encode("gbk")
PAGE = f"<!DOCTYPE html><html><head><title>首页</title></head><body>\n<pre>{FORBID}</pre>\nDisallow: /\n</body></html>"


@pytest.mark.parametrize(
    ("body", "forbids"),
    [
        pytest.param(FORBID.encode(), True, id="as it should be"),
        pytest.param(b"\xef\xbb\xbf" + FORBID.encode(), True, id="byte order mark"),
        pytest.param(FORBID.encode("utf-16"), True, id="UTF-16"),
        pytest.param(b"\xfe\xff" + FORBID.encode("utf-16-be"), True, id="UTF-16, big end first"),
        pytest.param(FORBID.encode("utf-16-le"), True, id="UTF-16 without a mark"),
        pytest.param(GBK, True, id="GBK"),
        pytest.param(b"\0" + FORBID.replace("p", "\0p").encode() + b"\0", True, id="NUL bytes"),
        pytest.param(FORBID.replace("\n", "\r").encode(), True, id="CR alone"),
        pytest.param(FORBID.replace("\n", "\r\n").encode(), True, id="CR LF"),
        pytest.param(FORBID.rstrip().encode(), True, id="no end of line"),
        pytest.param(PAGE.encode(), False, id="a page of HTML, whose first line of rules is none"),
        pytest.param(b"", False, id="empty"),
        pytest.param(bytes(range(256)) * 64, False, id="no text at all"),
    ],
)
def test_whatever_its_bytes_are_its_rules_hold(body, forbids):
    assert allows(text_of(body, is_cut=False)) is not forbids


def test_a_rule_in_gbk_forbids_the_address_that_is_written_so():
    found = rules(text_of(GBK, is_cut=False))
    assert not found.allows(f"{HOST}/%D0%C2%CE%C5/1.html")
    assert found.allows(f"{HOST}/news/1.html")


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"], ids=["LF", "CR", "CR LF"])
def test_the_line_a_cut_goes_through_is_no_rule(end):
    text = FORBID.replace("\n", end) + "Disallow: /news"
    cut = text.encode()[:-4]
    assert text_of(cut, is_cut=True).endswith(f"/private{end}")
    assert allows(text_of(cut, is_cut=True), "/other")
    assert not allows(text_of(cut, is_cut=False), "/news")


CODINGS = {
    "identity": lambda body: body,
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}


def _raw_deflate(body):
    coder = zlib.compressobj(wbits=-15)
    return coder.compress(body) + coder.flush()


@pytest.mark.parametrize(
    ("encodings", "body"),
    [
        *(pytest.param([name], code(FORBID.encode()), id=name) for name, code in CODINGS.items()),
        pytest.param(["deflate"], _raw_deflate(FORBID.encode()), id="deflate without its head"),
        pytest.param(["gzip", "br"], brotli.compress(gzip.compress(FORBID.encode())), id="nested"),
        pytest.param([], FORBID.encode(), id="none"),
    ],
)
def test_a_compressed_one_is_read(encodings, body):
    assert decoded(body, encodings, most=1000) == FORBID.encode()


@pytest.mark.parametrize("name", CODINGS)
def test_of_a_bomb_no_more_is_made_than_is_read(name):
    bomb = FORBID.encode() + b"#" * 30_000_000
    sent = CODINGS[name](bomb)
    assert decoded(sent, [name], most=1000) == bomb[:1000]
    if name != "identity":
        assert len(sent) < 100_000


@pytest.mark.parametrize("name", ["gzip", "deflate", "br"])
def test_one_that_was_cut_is_read_as_far_as_it_goes(name):
    body = "".join(f"Disallow: /{number * 7919 % 100_003}\n" for number in range(20_000)).encode()
    sent = CODINGS[name](body)
    half = sent[: len(sent) // 2]
    with pytest.raises(EncodingError, match="is cut off"):
        decoded(half, [name], most=len(body))
    read = decoded(half, [name], most=len(body), is_cut=True)
    assert len(read) > 1000
    assert body.startswith(read)


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd", "compress", "aes128gcm"])
def test_one_that_is_not_what_its_header_says_is_no_robots_txt(name):
    with pytest.raises(EncodingError, match=name):
        decoded(b"\x07" + FORBID.encode(), [name], most=1000)


def test_one_that_was_compressed_over_and_over_is_not_unpacked_at_all():
    body = FORBID.encode()
    for _ in range(MOST_CODINGS):
        body = gzip.compress(body)
    assert decoded(body, ["gzip"] * MOST_CODINGS, most=1000) == FORBID.encode()
    with pytest.raises(EncodingError, match="compressed 4 times over; at most 3"):
        decoded(gzip.compress(body), ["gzip"] * (MOST_CODINGS + 1), most=1000)


# -- groups -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "forbids"),
    [
        ("", False),
        ("Disallow: /private", False),
        ("User-agent: *\nDisallow:", False),
        ("User-agent: otherbot\nDisallow: /", False),
        ("User-agent: presswatch\nDisallow: /private", True),
        ("USER-AGENT: PressWatch\nDISALLOW: /private", True),
        ("user-agent: presswatch/2.0\nDisallow: /private", True),
        ("User-agent: presswatch*\nDisallow: /private", True),
        ("User-agent:presswatch\nDisallow:/private", True),
        ("User-agent: press\nDisallow: /private", False),
        ("User-agent: presswatcher\nDisallow: /private", False),
        ("User-agent: watch\nAllow: /\nUser-agent: *\nDisallow: /private", True),
        # a name that is ours alone counts before everybody's, wherever it stands
        ("User-agent: *\nDisallow: /private\n\nUser-agent: presswatch\nDisallow: /x", False),
        ("User-agent: presswatch\nDisallow:\n\nUser-agent: *\nDisallow: /private", False),
        ("User-agent: *\nDisallow: /private\n\nUser-agent: presswatch", False),
        # several groups for us are one
        (
            "User-agent: presswatch\nDisallow: /x\n\nUser-agent: *\nAllow: /\n\nUser-agent: presswatch\nDisallow: /p",
            True,
        ),
        ("User-agent: a\nUser-agent: presswatch\nUser-agent: b\nDisallow: /private", True),
        ("User-agent: a\nDisallow: /x\nUser-agent: *\nDisallow: /private", True),
        ("User-agent: *\nUser-agent: presswatch\nDisallow: /private", True),
        # what is between does not part them
        ("User-agent: *\n\n# a word\n\nDisallow: /private # why", True),
        ("User-agent: *\nSitemap: https://a.example/s.xml\nDisallow: /private", True),
        ("Sitemap: https://a.example/s.xml\nUser-agent: a\nUser-agent: *\nFoo: bar\nDisallow: /private", True),
        ("User-agent: *\nCrawl-delay: 3\nUser-agent: a\nDisallow: /private", False),
        # spelt as people do
        ("User agent: *\nDissallow: /private", True),
        ("useragent *\ndisallow /private", True),
        ("\ufeffUser-agent: *\nDisallow: /private", False),  # text_of takes the mark away
        ("User-agent: *\nDisallow: /x\x0cUser-agent: a\nDisallow: /private", True),
        ("User-agent: *\nDisallow: /x\u2028User-agent: a\nDisallow: /private", True),
    ],
)
def test_whose_group_it_is(text, forbids):
    assert allows(text) is not forbids


@pytest.mark.parametrize(
    ("written", "path", "forbids"),
    [
        ("Disallow: /", "/", True),
        ("Disallow: /\nAllow: /news", "/news/1", False),
        ("Allow: /\nDisallow: /news", "/news/1", True),
        ("Disallow: /news\nAllow: /news", "/news", False),
        ("Disallow: /*.pdf$", "/a/b.pdf", True),
        ("Disallow: /*.pdf$", "/a/b.pdf?x=1", False),
        ("Disallow: /*?print=", "/a?print=1", True),
        ("Disallow: /新闻", "/%E6%96%B0%E9%97%BB/1", True),
        ("Disallow: /%e6%96%b0", "/%E6%96%B0/1", True),
        ("Disallow: /a b", "/a%20b", True),
        ("Disallow: *", "/x", True),
        ("Disallow: private", "/private", False),
        ("Disallow: https://alpha.example/private", "/private", False),
    ],
)
def test_which_addresses_a_rule_is_about(written, path, forbids):
    assert allows(f"User-agent: *\n{written}", path) is not forbids


# -- the line that forbids --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "path", "told"),
    [
        (FORBID, "/private/a", (2, "/private")),
        (
            "User-agent: bad\nDisallow: /\n\nUser-agent: *\nDisallow: /p\nDisallow: /private/\n",
            "/private/a",
            (6, "/private/"),
        ),
        ("User-agent: *\r\r\rDissallow: /*/a$ # no\r", "/private/a", (4, "/*/a$")),
        ("User-agent: *\nDisallow: /\nAllow: /news\n", "/private", (2, "/")),
        (
            "User-agent: *\n" + "".join(f"Disallow: /private/{number}\n" for number in range(300)),
            "/private/250",
            (252, "/private/250"),
        ),
    ],
)
def test_the_line_that_forbids_is_known(written, path, told):
    rule = rules(written).forbidding(HOST + path)
    assert (rule.number, rule.value) == told
    assert rule.field == "disallow"


PIECES = st.sampled_from(["/", "a", "b", "ab", "*", "$", "?", "%61", "新", ".", "#", ":", " "])
LINES = st.tuples(st.sampled_from(["Allow", "Disallow", "disalow", "User-agent", "x", "Crawl-delay"]), st.lists(PIECES))


@settings(max_examples=300, deadline=None, database=None)
@given(st.lists(LINES.map(lambda line: f"{line[0]}: {''.join(line[1])}"), max_size=12), st.lists(PIECES, max_size=6))
def test_whatever_is_forbidden_is_forbidden_by_a_line_that_is_there(lines, path):
    text = "\n".join(["User-agent: *", *lines])
    url = f"{HOST}/{''.join(path)}"
    found = rules(text)
    if not found.allows(url):
        rule = found.forbidding(url)
        assert text.split("\n")[rule.number - 1].lower().startswith(("disallow", "disalow"))
        assert not allows(f"User-agent: *\nDisallow: {rule.value}", url.removeprefix(HOST))


@settings(max_examples=200, deadline=None, database=None)
@given(st.binary(max_size=300), st.text(max_size=300), st.booleans())
def test_no_bytes_and_no_text_break_it(body, text, is_cut):
    for found in (rules(text_of(body, is_cut=is_cut)), rules(text)):
        found.allows(f"{HOST}/a?b")
        found.seconds()


# -- the pause --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("Disallow: /x", None),
        ("Crawl-delay: 3", 3.0),
        ("Crawl-Delay: 0.5", 0.5),
        ("crawl delay: 7", 7.0),
        ("Crawl-delay: 0", 0.0),
        ("Crawl-delay: 86400", 86400.0),
        ("Crawl-delay: 1e300", 1e300),
        *((f"Crawl-delay: {odd}", None) for odd in ("-1", "nan", "inf", "-inf", "1e999", "soon", "3 s", "3,5", "")),
        ("Request-rate: 1/10", 10.0),
        ("Request-rate: 1/5m", 300.0),
        ("Request-rate: 30/1m 0900-1700", 2.0),
        ("Crawl-delay: 3\nRequest-rate: 1/10s", 10.0),
        ("Request-rate: 1/1" + "0" * 400, 1e6),
        ("Request-rate: 1" + "0" * 400 + "/1", 1e-6),
        ("Request-rate: 1" + "0" * 9000 + "/1", None),
        *((f"Request-rate: {odd}", None) for odd in ("0/0", "1/0", "-1/5", "1", "a/b", "1/", "/")),
    ],
)
def test_the_pause_that_is_asked_for(written, seconds):
    assert rules(f"User-agent: *\n{written}\n").seconds() == seconds
    assert rules(f"User-agent: otherbot\n{written}\n").seconds() is None


# -- what it can cost -------------------------------------------------------------------------------------------------


def filled(line, *, heading="User-agent: *\n"):
    """A robots.txt as large as one is read."""
    lines, size, number = [heading], len(heading), 0
    while size < MAX_BYTES:
        lines.append(f"{line(number)}\n")
        size += len(lines[-1])
        number += 1
    return "".join(lines)


LONG = f"{HOST}/{'a' * 2000}"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("User-agent: *\nDisallow: /" + "*a" * 9 + "*b", id="wildcards one behind the other"),
        pytest.param("User-agent: *\nDisallow: /" + "*a" * 250_000 + "*b", id="a rule of nothing but wildcards"),
        pytest.param(filled(lambda number: f"Disallow: /*a*a*a*a{number:x}b"), id="rules of nothing but wildcards"),
        pytest.param(filled(lambda number: f"Disallow: /a*aaaaaaab{number:x}"), id="wildcards before what nearly fits"),
        pytest.param(filled(lambda number: f"Disallow: /{number:x}$"), id="ends"),
        pytest.param(filled(lambda number: f"Disallow: /新{number:x}"), id="letters to be encoded"),
        pytest.param(
            "".join(f"User-agent: bot{chr(97 + number % 26) * (number % 40)}\n" for number in range(10_000))
            + "User-agent: *\n"
            + "Disallow:/b\n" * 20_000,
            id="each of many groups with each of many rules",
        ),
        pytest.param("\n" * MAX_BYTES, id="empty lines"),
        pytest.param("User-agent: *\n" * (MAX_BYTES // 14), id="headings alone"),
    ],
)
def test_a_hostile_one_holds_nobody_up(text):
    """Far above what it takes (one to three seconds), and far below what backtracking would."""
    started = time.process_time()
    found = rules(text)
    for _ in range(10):
        found.allows(LONG)
    assert time.process_time() - started < 10


def test_patterns_beyond_the_bound_forbid_more_and_never_less():
    many = "".join(f"Disallow: /x{number}*y\n" for number in range(MOST_PATTERNS))
    text = f"User-agent: *\n{many}Disallow: /private*/z\nAllow: /private*\nDisallow: /plain\nDisallow: *end\n"
    assert not allows(text, "/private")
    assert not allows(text.replace("Disallow: *end\n", ""), "/plain")
    assert allows(text.replace("Disallow: *end\n", ""), "/other")
    assert not allows(text, "/other")
    ends = text.replace("*y", "$").replace("Disallow: *end\n", "Disallow: /only$\nAllow: /only/this$\n")
    assert not allows(ends, "/only/this")


def test_a_large_one_is_parsed_once_and_then_costs_next_to_nothing():
    found = rules(filled(lambda number: f"Disallow: /private/{number:x}/"))
    assert found.allows(f"{HOST}/news")
    started = time.process_time()
    for number in range(1000):
        assert found.allows(f"{HOST}/news/2025/{number}.html")
    assert time.process_time() - started < 2
