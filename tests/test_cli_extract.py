"""presswatch extract: one page, from a file, an address or a manifest, in the form others build on."""

import gzip
import json
import re
import socket
import time
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from rig import START, Answer, article_page, feed

from crawler.cli import app as app_module
from crawler.cli import cli
from crawler.cli.extracted import Choice, Extracted
from crawler.cli.extracted_words import WORDS
from crawler.config.models import Language
from crawler.database import Database, sqlite_url
from crawler.items import HostMemory, Silence
from crawler.ledger import Ledger
from crawler.silences import Silences
from crawler.storage import StorageError
from pipelines.extract.saved import own_address

SHANGHAI = ZoneInfo("Asia/Shanghai")
LATER = START + timedelta(hours=6)
KEYS = (
    "page url outcome title published published_evidence authors account language text markdown images extractor"
).split()
PAGE = article_page(
    "机器人进厂", head='<meta name="author" content="李雷"><meta name="pubdate" content="2025-03-02 08:00">'
)
TEXT = "这台机器人今天第一次走进了工厂的装配线"
MIRROR = f"# 机器人进厂\n\n[**返回列表页**](/gzh/九边)\n\n小懒自动备份，仅供查阅学习\n\n{TEXT * 5}\n"
DATED = "2025-03-02T08:00:00+08:00"


@pytest.fixture
def call(rig):
    def call(*arguments, route=rig.route):
        options = ["--config", rig.config, "--data", rig.data, "--now", START.isoformat()]
        options += ["--route", route] if route else []
        return CliRunner().invoke(cli, [*map(str, options), "extract", *map(str, arguments)], prog_name="presswatch")

    return call


@pytest.fixture
def read(call):
    """The JSON object of one page that could be read."""

    def read(*arguments, code=0):
        result = call(*arguments, "--json")
        assert result.exit_code == code, result.stderr
        return json.loads(result.stdout)

    return read


@pytest.fixture
def file(tmp_path):
    def write(content, name="page.html"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def manifest(file, call):
    """What a manifest of these lines comes to: the objects, and the result."""

    def through(*lines):
        raw = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
        result = call("--manifest", file(raw, "pages.jsonl"))
        return [json.loads(line) for line in result.stdout_bytes.splitlines()], result

    return through


# -- a file -----------------------------------------------------------------------------------------------------------


def test_the_object_has_the_promised_form(read, file):
    path = file(PAGE)
    found = read(path, "--url", "https://other.example/1")
    assert list(found) == KEYS
    assert found["page"] == str(path)
    assert (found["url"], found["outcome"], found["title"]) == ("https://other.example/1", "kept", "机器人进厂")
    assert (found["published"], found["authors"], found["language"]) == (DATED, ["李雷"], "")
    [evidence] = found["published_evidence"]
    assert list(evidence) == ["at", "precision", "where", "text", "zone"]
    assert evidence["text"] == "2025-03-02 08:00"
    assert found["text"].startswith(TEXT)
    assert found["extractor"]


def test_the_object_is_as_its_schema_has_it(call, file):
    for arguments in ([file(PAGE)], [file("", "empty.html"), "--explain"]):
        TypeAdapter(Extracted).validate_json(call(*arguments, "--json").stdout, strict=False)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (PAGE, "page"),
        (gzip.compress(PAGE.encode()), "page.html.gz"),
        (gzip.compress(PAGE.encode()), "packed.html"),
        (PAGE.replace("utf-8", "gb2312").encode("gb18030"), "page.htm"),
        (PAGE.encode("utf-16"), "page.html"),
    ],
    ids=["plain", "gzipped", "gzipped without saying so", "GBK", "UTF-16"],
)
def test_a_page_is_read_as_it_was_sent(read, file, content, name):
    assert read(file(content, name))["text"].startswith(TEXT)


@pytest.mark.parametrize(
    ("name", "kind"), [("文.md", "mirror"), ("文.md.gz", "mirror"), ("file", "mirror"), ("notes.md", "plain")]
)
def test_a_docsify_file_is_read_as_markdown(read, file, name, kind):
    text = MIRROR if kind == "mirror" else f"# 机器人进厂\n\n{TEXT * 5}\n"
    found = read(file(gzip.compress(text.encode()) if name.endswith(".gz") else text, name))
    assert (found["title"], found["account"]) == ("机器人进厂", "九边" if kind == "mirror" else "")
    assert found["extractor"].startswith("docsify")
    assert found["text"] == TEXT * 5


@pytest.mark.parametrize(
    ("head", "url"),
    [
        ('<link rel="canonical" href="https://own.example/a?x=1&amp;y=2">', "https://own.example/a?x=1&y=2"),
        ("<meta content='https://own.example/b' property=og:url>", "https://own.example/b"),
        (
            '<meta property="og:url" content="https://own.example/b"><link href="https://own.example/a" rel=canonical>',
            "https://own.example/a",
        ),
        (
            '<link rel="canonical" href="/a"><meta property="og:url" content="https://own.example/b">',
            "https://own.example/b",
        ),
        ('<link rel="canonical" href="javascript:x"><link rel="stylesheet" href="https://own.example/a.css">', None),
        ("", None),
    ],
)
def test_a_page_may_name_its_own_address(read, file, head, url):
    assert read(file(article_page("机器人进厂", head=head)))["url"] == url


@pytest.mark.parametrize(
    "head",
    [
        f"<meta {'a' * 2990}>",
        f"<meta {'a' * 2990}",
        "<meta ",
        f"<meta a{' ' * 2980}>",
        f"<meta {'a ' * 1490}>",
        f"<link {'a=' * 1490}>",
        f"""<meta a="{"a='" * 990}>""",
    ],
)
def test_a_page_of_odd_tags_costs_no_time(head):
    before = time.process_time()
    own_address(head * (480_000 // len(head)))
    assert time.process_time() - before < 2


def test_the_address_that_is_given_wins_over_the_pages_own(read, file):
    path = file(article_page("机器人进厂", head='<link rel="canonical" href="https://own.example/a">'))
    assert read(path, "--url", "https://given.example/")["url"] == "https://given.example/"


def test_the_stand_in_for_an_unknown_address_leaves_no_trace(read, file):
    body = PAGE.replace("</p>", '<img src="/i/a.jpg"><a href="b.html">另一篇</a></p>', 1)
    found = read(file(body))
    assert "page.invalid" not in json.dumps(found)
    assert found["images"] == ["/i/a.jpg"]


def test_the_rules_are_those_of_the_source_that_watches_the_site(rig, read, file):
    rig.source("beta", "https://www.beta.example/feed", timezone="America/New_York", language="en", enabled=False)
    path = file(PAGE)
    assert read(path, "--url", "https://news.beta.example/1")["published"] == "2025-03-02T08:00:00-05:00"
    assert read(path, "--url", "https://gamma.example/1")["published"] == DATED
    assert read(path, "--source", "beta")["published"] == "2025-03-02T08:00:00-05:00"
    assert read(path, "--source", "beta")["language"] == "en"


def test_a_sources_charset_is_obeyed(rig, file, call):
    rig.source("beta", charset="gbk")
    result = call(file(PAGE.encode("gb18030")), "--source", "beta", "--explain")
    assert "编码：gbk" in result.stdout


def test_a_date_after_the_time_of_reading_is_evidence_and_no_answer(read, file):
    found = read(file(PAGE.replace("2025-03-02", "2025-03-05")))
    assert found["published"] is None
    assert [evidence["at"] for evidence in found["published_evidence"]] == [DATED.replace("03-02", "03-05")]


@pytest.mark.parametrize(
    ("content", "name", "outcome", "reason"),
    [
        ("", "page.html", "no_text", "empty"),
        ("<html><body><p>短</p></body></html>", "page.html", "no_text", "characters of text"),
        ("# 题\n\nNone\n", "page.md", "no_text", "None"),
        (b"\x00\x01\x02" * 100, "page.html", "no_text", "not text"),
    ],
)
def test_a_page_without_an_article_has_its_outcome_and_the_reason(read, file, content, name, outcome, reason):
    found = read(file(content, name))
    assert list(found) == [*KEYS, "reason"]
    assert (found["outcome"], found["text"], found["published"], found["authors"]) == (outcome, "", None, [])
    assert reason in found["reason"]


def test_a_file_that_may_not_be_kept_is_told_so_and_shown(read, file):
    found = read(file(article_page("机器人进厂", head='<meta name="robots" content="noarchive">')))
    assert (found["outcome"], found["title"]) == ("refused", "机器人进厂")
    assert "noarchive" in found["reason"]
    assert found["text"].startswith(TEXT)


@pytest.mark.parametrize(
    ("content", "limit", "reason"),
    [
        (gzip.compress(PAGE.encode())[:-9], 10, "is broken"),
        (b"\x1f\x8b and then no gzip", 10, "cannot be read"),
        (gzip.compress(b" " * 200_000), 0.1, "is larger than 0.1 MB"),
    ],
    ids=["cut off", "no gzip", "too large unpacked"],
)
def test_a_file_that_cannot_be_read_has_failed(rig, call, file, content, limit, reason):
    rig.write("presswatch.yaml", {"safety": {"max_body_mb": limit}})
    result = call(file(content), "--json")
    assert (result.exit_code, json.loads(result.stdout)["outcome"]) == (1, "failed")
    assert reason in result.stderr


# -- for a person -----------------------------------------------------------------------------------------------------


def test_a_person_reads_the_facts_and_then_the_text(call, file):
    lines = call(file(PAGE), "--url", "https://alpha.example/1").stdout.splitlines()
    assert lines[0] == "机器人进厂"
    assert "发布：2025-03-02 08:00:00（据文章页“2025-03-02 08:00”，未写时区，按 Asia/Shanghai 计）" in lines
    assert "作者：李雷" in lines
    assert lines[-1].startswith(TEXT)
    assert not [line for line in lines if line.startswith(("编码", "规则", "日期"))]


def test_who_speaks_english_is_told_in_english(call, file, tmp_path, monkeypatch):
    monkeypatch.setenv("PRESSWATCH_LANG", "en")
    lines = call(file(PAGE), "--url", "https://alpha.example/1", "--explain").stdout.splitlines()
    assert lines[1:4] == [
        "outcome: kept",
        "address: https://alpha.example/1",
        'published: 2025-03-02 08:00:00 (by the page: "2025-03-02 08:00", no zone was said, Asia/Shanghai is assumed)',
    ]
    assert "rules: alpha (feed), it watches this site" in lines


@pytest.mark.parametrize(
    ("language", "told"), [("zh-CN", "结果：no_text：页面是空的"), ("en", "outcome: no_text: the page is empty")]
)
def test_why_there_is_no_article_is_told_in_the_persons_language(call, file, monkeypatch, language, told):
    monkeypatch.setenv("PRESSWATCH_LANG", language)
    assert told in call(file("")).stdout


def test_both_languages_have_the_same_words_with_the_same_blanks():
    blanks = {
        language: {key: sorted(re.findall(r"{(\w+)", text)) for key, text in words.items()}
        for language, words in WORDS.items()
    }
    assert set(WORDS) == set(Language)
    assert blanks[Language.EN] == blanks[Language.ZH_CN]
    assert {f"chosen.{choice}" for choice in Choice} <= set(WORDS[Language.EN])


def test_explain_says_how_it_came(call, read, file):
    path = file(PAGE.encode("gb18030").replace(b"utf-8", b"gbk"))
    told = call(path, "--url", "https://alpha.example/1", "--explain").stdout
    assert "规则：alpha（feed），它监看这个网站" in told
    assert "编码：gb18030" in told
    assert "提取：trafilatura" in told
    assert "日期：2025-03-02 08:00:00（据文章页“2025-03-02 08:00”，未写时区，按 Asia/Shanghai 计），采用" in told
    unknown = read(path, "--explain")["explained"]
    assert (unknown["chosen"], unknown["source"]) == ("none", "")
    assert "规则：通用规则，没有来源监看这个网站" in call(path, "--explain").stdout
    assert read(path, "--explain", "--source", "alpha")["explained"]["chosen"] == "named"
    assert read(file(MIRROR, "a.md"), "--explain", "--source", "alpha")["explained"]["chosen"] == "named"


def test_nothing_on_a_page_can_steer_the_terminal(call, file):
    page = article_page("题\x1b[2J目", TEXT * 4 + "\x1b]0;x\x07" + "\u202e尾")
    told = call(file(page)).stdout
    assert not {"\x1b", "\x07", "\u202e"} & set(told)


def test_explain_names_the_site_a_page_is_recognised_as(call, file):
    page = article_page("机器人进厂").replace("<article>", '<article id="js_content" class="rich_media_content">')
    assert "网站：weixin" in call(file(page), "--explain").stdout
    assert "网站：未识别" in call(file(PAGE), "--explain").stdout


# -- a manifest -------------------------------------------------------------------------------------------------------


def test_explain_names_the_sources_body_where_it_finds_nothing(rig, call, read, file):
    rig.source("beta", articles={"body": ["div.nope", "div.none"]})
    path = file(PAGE)
    assert (
        "articles.body 在这一页上没有找到元素：div.nope、div.none" in call(path, "--source", "beta", "--explain").stdout
    )
    assert read(path, "--source", "beta", "--explain")["explained"]["body_not_found"] == ["div.nope", "div.none"]
    rig.source("gamma", articles={"body": ["div.nope", "body"]})
    assert read(path, "--source", "gamma", "--explain")["explained"]["body_not_found"] == []


def test_a_manifest_gives_an_object_a_line_in_its_order(file, manifest, tmp_path):
    (tmp_path / "pages").mkdir()
    for number in range(3):
        file(gzip.compress(article_page(f"机器人{number}").encode()), f"pages/{number}.html.gz")
    found, result = manifest(
        *({"page": f"pages/{number}.html.gz", "url": f"https://a.example/{number}"} for number in range(3))
    )
    assert (result.exit_code, result.stderr) == (0, "")
    assert [one["page"] for one in found] == [f"pages/{number}.html.gz" for number in range(3)]
    assert [one["title"] for one in found] == ["机器人0", "机器人1", "机器人2"]
    assert all(list(one) == KEYS for one in found)


@pytest.mark.parametrize(
    ("line", "page", "reason"),
    [
        (b"{", None, "is not JSON"),
        (b"\xff\xfe", None, "is not JSON"),
        (b"[" * 100_000, None, "is not JSON"),
        (b"[]", None, "is no JSON object"),
        (b"null", None, "is no JSON object"),
        ({}, None, 'has no "page"'),
        ({"page": None, "url": "https://a.example/"}, None, 'has no "page"'),
        ({"page": ["a.html"]}, None, 'has no "page"'),
        ({"page": "good.html", "url": 5}, "good.html", "is no text"),
        ({"page": "good.html", "url": "ftp://a.example/"}, "good.html", "does not begin with http"),
        ({"page": "good.html", "url": "https://a.example/\ud800"}, "good.html", "half of a character"),
        ({"page": "none.html"}, "none.html", "does not exist"),
        ({"page": "a\0b.html"}, "a\0b.html", "does not exist"),
        ({"page": "\ud800.html"}, "\ud800.html", "does not exist"),
        ({"page": "x" * 5000}, "x" * 5000, ""),
        ({"page": "."}, ".", "is no file"),
        ({"page": "broken.html.gz"}, "broken.html.gz", "is broken"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_bad_line_is_told_and_the_others_are_read(file, manifest, line, page, reason):
    file(PAGE, "good.html")
    file(gzip.compress(PAGE.encode())[:-9], "broken.html.gz")
    found, result = manifest({"page": "good.html"}, line, b"   ", {"page": "good.html"})
    assert [one["outcome"] for one in found] == ["kept", "failed", "kept"]
    assert list(found[1]) == [*KEYS, "reason"]
    assert found[1]["page"] == page
    assert reason in found[1]["reason"]
    assert result.exit_code == 1
    assert "line 2: " in result.stderr


def test_a_page_that_breaks_the_extraction_stops_no_other(file, manifest, monkeypatch):
    """Its fault is ours: told, logged with its traceback, and not the end."""

    def break_on_bad(page, source, **options):
        raise RecursionError("too deep") if b"bad" in page.body else ValueError("a fault")

    file("<html>bad</html>", "bad.html")
    file("<html>worse</html>", "worse.html")
    monkeypatch.setattr("crawler.cli.page_reader.extract", break_on_bad)
    found, result = manifest({"page": "bad.html"}, {"page": "worse.html"})
    assert [one["reason"] for one in found] == [
        "internal failure: RecursionError: too deep",
        "internal failure: ValueError: a fault",
    ]
    assert result.exit_code == 1


def test_a_manifest_may_begin_with_a_byte_order_mark_and_end_without_a_line_end(file, call):
    file(PAGE, "a.html")
    path = file(b'\xef\xbb\xbf{"page": "a.html"}\r\n\r\n{"page": "a.html"}', "pages.jsonl")
    result = call("--manifest", path)
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 2)


def test_one_configuration_serves_a_whole_manifest(file, manifest, monkeypatch):
    loaded = []
    load = app_module.load_config
    monkeypatch.setattr(app_module, "load_config", lambda *given, **named: loaded.append(1) or load(*given, **named))
    file(PAGE, "a.html")
    found, _ = manifest(*[{"page": "a.html"}] * 20)
    assert (len(found), len(loaded)) == (20, 1)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.binary(max_size=40)
        | st.dictionaries(st.sampled_from(["page", "url", "x"]), st.text(max_size=8) | st.none() | st.integers()).map(
            lambda value: json.dumps(value).encode()
        ),
        max_size=5,
    )
)
def test_whatever_a_manifest_holds_every_line_has_its_object(manifest, lines):
    whole = b"\n".join(lines).removeprefix(b"\xef\xbb\xbf")
    found, result = manifest(*lines)
    assert len(found) == sum(1 for line in whole.split(b"\n") if line.strip())
    assert result.exit_code == (1 if found else 0)
    assert "Traceback" not in result.stderr


# -- an address -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "outcome", "code", "reason"),
    [
        (Answer(PAGE), "kept", 0, None),
        (Answer(gzip.compress(PAGE.encode()), headers={"Content-Encoding": "gzip"}), "kept", 0, None),
        (Answer("<html><body></body></html>"), "no_text", 0, "characters of text"),
        (Answer(status=404), "gone", 0, "HTTP 404"),
        (Answer(PAGE, headers={"X-Robots-Tag": "noarchive"}), "refused", 1, "noarchive"),
        (Answer(article_page("题", head='<meta name="robots" content="noarchive">')), "refused", 1, "noarchive"),
        (Answer(status=503), "failed", 3, "HTTP 503"),
        (Answer(status=403), "failed", 3, "the server refuses us: HTTP 403"),
        (Answer(status=301, headers={"Location": "/a"}), "failed", 3, "too many redirects"),
        (Answer(b"no gzip", headers={"Content-Encoding": "gzip"}), "failed", 3, "broke off"),
        (Answer(b" " * 11_000_000), "refused", 1, "larger than the limit"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_an_address_comes_to(read, site, answer, outcome, code, reason):
    site.routes["alpha.example/a"] = answer
    found = read("https://alpha.example/a", code=code)
    assert (found["page"], found["outcome"]) == ("https://alpha.example/a", outcome)
    assert reason is None or reason in found["reason"]
    assert (found["text"] != "") is (outcome == "kept")
    assert site.hits[:2] == ["alpha.example/robots.txt", "alpha.example/a"]


def test_what_robots_txt_forbids_is_refused_and_not_asked_for(read, site):
    site.routes["alpha.example/robots.txt"] = Answer("User-agent: *\nDisallow: /private\n")
    found = read("https://alpha.example/private", code=1)
    assert (found["outcome"], site.pages()) == ("refused", [])
    assert "robots.txt" in found["reason"]


def test_robots_txt_that_cannot_be_read_is_waited_for(read, site):
    site.routes["alpha.example/robots.txt"] = Answer(status=500)
    assert read("https://alpha.example/a", code=3)["outcome"] == "failed"
    assert site.pages() == []


def test_an_address_inside_is_refused(call, rig):
    rig.write("presswatch.yaml", {"min_free_mb": 0, "contact": "desk@presswatch-reader.org"})
    result = call("http://127.0.0.1:9/a", "--json", route=None)
    assert (result.exit_code, json.loads(result.stdout)["outcome"]) == (1, "refused")


def test_a_server_that_is_not_there_is_told(call):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        route = f"http://127.0.0.1:{unused.getsockname()[1]}"
    result = call("https://alpha.example/a", route=route)
    assert result.exit_code == 3
    assert "no connection" in result.stderr


def test_where_a_redirect_leads_is_where_the_article_stands(read, site):
    site.routes["alpha.example/a"] = Answer(status=302, headers={"Location": "https://gamma.example/b"})
    site.routes["gamma.example/b"] = Answer(PAGE)
    assert read("https://alpha.example/a")["url"] == "https://gamma.example/b"
    assert "gamma.example/robots.txt" in site.hits


def test_a_docsify_route_is_asked_for_as_the_file_behind_it(rig, read, site):
    rig.source("mirror", "https://mirror.example/gzh/list.md", kind="wechat_mirror")
    site.routes["mirror.example/gzh/a.md"] = Answer(MIRROR, headers={"Content-Type": "text/markdown"})
    found = read("https://mirror.example/#/gzh/a")
    assert (found["account"], found["url"]) == ("九边", "https://mirror.example/gzh/a.md")


def test_nothing_is_stored(rig, call, site):
    site.routes["alpha.example/a"] = Answer(PAGE)
    call("https://alpha.example/a")
    assert not rig.data.exists()


def test_a_visit_leaves_the_ledger_as_it_was(rig, call, site):
    site.routes["alpha.example/feed"] = Answer(feed("https://alpha.example/b"))
    site.routes["alpha.example/b"] = site.routes["alpha.example/a"] = Answer(PAGE)
    rig.crawl()
    before = [rig.query(f"SELECT * FROM {table}") for table in ("entry", "run", "book", "article", "robots")]
    assert call("https://alpha.example/a").exit_code == 0
    assert [rig.query(f"SELECT * FROM {table}") for table in ("entry", "run", "book", "article", "robots")] == before


def test_what_a_host_asks_of_one_is_kept_to_by_the_next(rig, call, site):
    site.routes["alpha.example/feed"] = Answer(feed())
    site.routes["alpha.example/a"] = Answer(status=429, headers={"Retry-After": "7200"})
    rig.crawl()
    assert call("https://alpha.example/a").exit_code == 3
    asked = len(site.hits)
    assert "the host asked to be left alone until" in call("https://alpha.example/a").stderr
    rig.crawl(poll_now=True)
    assert len(site.hits) == asked


def test_where_it_cannot_be_noted_the_page_is_read_all_the_same(rig, call, site, monkeypatch):
    site.routes["alpha.example/feed"] = Answer(feed())
    site.routes["alpha.example/a"] = Answer(PAGE)
    rig.crawl()
    really = Ledger.remember_hosts

    def remember(ledger, memories):
        if ledger.database.path == rig.data / "presswatch.db":
            raise StorageError("it is read-only")
        really(ledger, memories)

    monkeypatch.setattr(Ledger, "remember_hosts", remember)
    result = call("https://alpha.example/a")
    assert (result.exit_code, "机器人进厂" in result.stdout) == (0, True)
    assert "is not noted: it is read-only" in result.stderr


def test_a_host_that_asked_to_be_left_alone_still_is(rig, call, site):
    site.routes["alpha.example/feed"] = Answer(status=429, headers={"Retry-After": "7200"})
    rig.crawl()
    asked = len(site.hits)
    result = call("https://alpha.example/a")
    # The pause after robots.txt moved the clock before the answer came.
    until = (START + timedelta(hours=2, seconds=2)).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
    assert (result.exit_code, len(site.hits)) == (3, asked)
    assert f"the host asked to be left alone until {until}" in result.stderr


def test_a_host_that_asked_to_be_left_alone_is_not_asked_behind_a_redirect_either(rig, call, site):
    site.routes["alpha.example/feed"] = Answer(feed())
    site.routes["alpha.example/a"] = Answer(status=301, headers={"Location": "https://beta.example/a"})
    rig.crawl(prepare=lambda database: Ledger(database).remember_hosts({"beta.example": HostMemory(not_before=LATER)}))
    result = call("https://alpha.example/a")
    assert (result.exit_code, site.hits[-1]) == (3, "alpha.example/a")
    assert "beta.example asked to be left alone until" in result.stderr


def test_what_a_host_asked_of_a_run_meanwhile_is_not_forgotten(rig, call, site):
    def asked_of_another(request):
        database = Database(sqlite_url(rig.data / "presswatch.db"))
        Ledger(database).remember_hosts({"alpha.example": HostMemory(last_request=START, not_before=LATER)})
        database.close()
        return Answer(PAGE)

    site.routes["alpha.example/feed"] = Answer(feed())
    site.routes["alpha.example/a"] = asked_of_another
    rig.crawl()
    assert call("https://alpha.example/a").exit_code == 0
    assert rig.query("SELECT next_due FROM host") == [(LATER.strftime("%Y-%m-%d %H:%M:%S.000000"),)]


def test_one_that_did_not_answer_is_tried_again_by_whoever_asks_for_its_page(rig, call, site):
    def fell_silent(database):
        silence = Silence(origin="https://alpha.example", visits=3, since=START, cause="no connection: x", until=LATER)
        Silences(database).note_silence(silence)

    site.routes["alpha.example/a"] = Answer(PAGE)
    rig.crawl(prepare=fell_silent)
    assert site.hits == []
    assert call("https://alpha.example/a").exit_code == 0


def test_robots_txt_is_asked_for_once_by_runs_and_by_whoever_asks_for_a_page(rig, call, site):
    site.routes["alpha.example/feed"] = site.routes["beta.example/feed"] = Answer(feed())
    site.routes["alpha.example/a"] = site.routes["beta.example/a"] = Answer(PAGE)
    rig.crawl()
    for host in ("alpha", "beta"):
        assert call(f"https://{host}.example/a").exit_code == 0
    rig.source("beta", "https://beta.example/feed")
    rig.crawl(poll_now=True)
    assert [site.hits.count(f"{host}.example/robots.txt") for host in ("alpha", "beta")] == [1, 1]


# -- usage ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "name what to read"),
        (["a.html", "--manifest", "{here}/m.jsonl"], "name what to read"),
        (["https://a.example/", "--url", "https://b.example/"], "--url is the address of a FILE"),
        (["--manifest", "{here}/m.jsonl", "--url", "https://b.example/"], "--url is the address of a FILE"),
        (["nowhere.html"], "nowhere.html is no file"),
        (["--manifest", "nowhere.jsonl"], "does not exist"),
        (["{here}/m.jsonl", "--source", "alhpa"], "no source is named alhpa; did you mean alpha?"),
        (["HTTPS://"], "names no host"),
        (["{here}/m.jsonl", "--url", "ftp://a.example/"], "--url 'ftp://a.example/' does not begin with http"),
        (["https://user:pw@a.example/"], "carries a user name or password"),
    ],
)
def test_what_cannot_be_meant_is_bad_usage(call, file, tmp_path, site, arguments, told):
    file(b"", "m.jsonl")
    result = call(*(argument.format(here=tmp_path) for argument in arguments))
    assert (result.exit_code, result.stdout, site.hits) == (2, "", [])
    assert told in " ".join(result.stderr.split())
