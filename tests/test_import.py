"""presswatch import: WARC files of ours and of others become articles by the same road as live pages."""

import gzip
import json
import sqlite3
import zlib
from contextlib import closing
from datetime import UTC, datetime, timedelta
from io import BytesIO

import brotli
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rig import START, Answer, article_page, feed
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcs import DATE, HTML, NOW, Warc, rows, take

from crawler.captures.reading import BrokenFileError, stream_responses
from crawler.cli import cli
from crawler.config.models import Config, Source
from crawler.fetch.decoding import BodyBrokenError, BodyDecoder, BodyTooLargeError
from crawler.lock import run_lock
from pipelines.imports.sources import SourceFinder, folder_name

LIMIT = 10 * 1024 * 1024


def robot(number, body=""):
    return article_page(f"机器人{number}", body or f"第{number}台机器人走进工厂，工程师记录它的动作。" * 8)


def chunked(body):
    parts = [body[at : at + 700] for at in range(0, len(body), 700)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


OUTCOMES = "SELECT url, source, outcome FROM entry ORDER BY id"


# -- captures of our own ----------------------------------------------------------------------------------------------


@pytest.fixture
def crawled(rig, site):
    """A ring that holds a feed, a page behind a redirect, a reprint, a page off theme and one without text."""
    names = ("one", "two", "reprint", "off", "empty")
    site.routes["alpha.example/feed"] = Answer(feed(*(f"https://alpha.example/{name}" for name in names)))
    site.routes["alpha.example/one"] = Answer(status=302, headers={"Location": "https://beta.example/moved"})
    site.routes["beta.example/moved"] = Answer(robot(1), headers=dict(HTML))
    site.routes["alpha.example/two"] = Answer(robot(2))  # without a content type
    site.routes["alpha.example/reprint"] = Answer(robot(2))
    site.routes["alpha.example/off"] = Answer(article_page("今日天气", "今天多云转晴，气温回升。" * 8))
    site.routes["alpha.example/empty"] = Answer("<html><body></body></html>")
    rig.crawl()
    return rig


STORY = """
SELECT entry.key, entry.source, entry.title, entry.url, entry.published, entry.outcome, article.title, article.url,
       article.final_key, article.published, article.fetched, article.text_hash, twin.key, version.text
FROM entry LEFT JOIN article ON article.entry = entry.id LEFT JOIN version ON version.entry = entry.id
LEFT JOIN entry AS twin ON twin.id = article.representative ORDER BY entry.key
"""


def test_captures_come_to_what_the_crawl_came_to(crawled):
    [path] = (crawled.data / "captures").iterdir()
    result = take(crawled, path)
    assert result.exit_code == 0, result.output
    assert rows(crawled, STORY) == rows(crawled, STORY, crawled.data)
    totals = json.loads(result.stdout)["totals"]
    assert {name: totals[name] for name in ("found", "kept", "copy", "off_theme", "no_text", "carried_out")} == {
        "found": 5, "kept": 2, "copy": 1, "off_theme": 1, "no_text": 1, "carried_out": 0,
    }  # fmt: skip
    assert rows(crawled, "SELECT DISTINCT origin, backlog FROM entry") == [("import", 1)]
    assert rows(crawled, "SELECT url FROM endpoint") == [(f"warc:{path.name}",)]
    assert len(list((crawled.folder / "imported" / "archive").rglob("*.md"))) == 3


def test_a_second_import_and_one_into_the_crawls_own_folder_find_everything_known(crawled):
    [path] = (crawled.data / "captures").iterdir()
    take(crawled, path)
    for data in (crawled.folder / "imported", crawled.data):
        before = rows(crawled, STORY, data)
        totals = json.loads(take(crawled, path, data=data).stdout)["totals"]
        assert (totals["found"], totals["known"]) == (0, 5)
        assert rows(crawled, STORY, data) == before


def test_a_list_in_one_file_speaks_for_pages_in_another(crawled, site):
    crawled.clock.move_by(timedelta(hours=1))
    site.routes["alpha.example/feed"] = Answer(feed("https://alpha.example/late"))
    site.routes["alpha.example/late"] = [Answer(status=503), Answer(robot(9, "不含标题的正文，机器人在其中。" * 9))]
    for _ in range(2):
        crawled.crawl(poll_now=True)
        crawled.clock.move_by(timedelta(hours=1))
    files = sorted((crawled.data / "captures").iterdir(), reverse=True)
    assert len(files) == 3
    take(crawled, *files)
    assert rows(crawled, STORY) == rows(crawled, STORY, crawled.data)


def test_a_mirrors_list_gives_its_pages_their_originals_and_dates(rig, site):
    rig.source(kind="wechat_mirror", url="https://alpha.example/#/list", articles={"max_age": "3650d"})
    original = "http://mp.weixin.qq.com/s?__biz=Mz==&mid=1&idx=1&sn=x#rd"
    site.routes["alpha.example/list.md"] = Answer(
        f"# 【甲】文章列表\n- [机器人进厂]({original}) |  [备份查看](/backup/机器人进厂)\n    - 时间：2025-03-01\n"
    )
    text = "这台机器人今天第一次走进了工厂的装配线。" * 5
    site.routes["alpha.example/backup/%E6%9C%BA%E5%99%A8%E4%BA%BA%E8%BF%9B%E5%8E%82.md"] = Answer(
        f"# 机器人进厂\n\n[**返回列表页**](/gzh/甲)\n\n小懒自动备份，仅供查阅学习\n\n{text}\n"
    )
    rig.crawl()
    take(rig, *(rig.data / "captures").iterdir())
    assert rows(rig, STORY) == rows(rig, STORY, rig.data)
    assert rows(rig, "SELECT entry.key, article.original_url FROM entry JOIN article ON entry = entry.id") == [
        ("wechat:Mz:1:1:x", original)
    ]


# -- another crawler's file -------------------------------------------------------------------------------------------


def news(tmp_path, packed=True):
    """A CC-NEWS-like file: many sites, all that stands between their pages, bodies as they came over the wire."""
    plain, page = robot(2).encode(), "https://news.two.example/2.html"
    warc = Warc(packed=packed)
    warc.request("https://www.one.example/1").response("https://www.one.example/1", robot(1))
    warc.response(page, gzip.compress(plain), headers=(*HTML, ("Content-Encoding", "gzip")))
    warc.response(
        "https://three.co.uk/3", chunked(robot(3).encode()), headers=(*HTML, ("Transfer-Encoding", "chunked"))
    )
    both = (*HTML, ("Transfer-Encoding", "chunked"), ("Content-Encoding", "br"))
    warc.response("https://four.example/4", chunked(brotli.compress(robot(4).encode())), headers=both)
    warc.response("https://five.example/5", robot(5), headers=(*HTML, ("Content-Encoding", "gzip")))  # stored decoded
    warc.response("https://six.example/6", robot(6).encode("gb18030"), headers=(("Content-Type", "text/html"),))
    warc.response("https://seven.example/notes.md", "# 机器人\n\n正文。" * 9, headers=(("Content-Type", "text/plain"),))
    warc.response("https://one.example/gone", robot(7), status="404 Not Found")
    warc.response("https://one.example/a.png", b"\x89PNG", headers=(("Content-Type", "image/png"),))
    warc.response("https://one.example/robots.txt", "User-agent: *", headers=(("Content-Type", "text/plain"),))
    warc.response("https://no.example/x", robot(8), headers=(*HTML, ("X-Robots-Tag", "noarchive")))
    warc.response("https://no.example/y", article_page("机器人", head='<meta name="robots" content="noarchive">'))
    warc.response("https://odd.example/dateless", robot(9), date="yesterday")
    warc.response("dns:one.example", b"20250305 1.2.3.4", headers=())
    return warc.write(tmp_path / ("news.warc.gz" if packed else "news.warc"))


SITES = [
    ("https://www.one.example/1", "one-example", "kept"),
    ("https://news.two.example/2.html", "two-example", "kept"),
    ("https://three.co.uk/3", "three-co-uk", "kept"),
    ("https://four.example/4", "four-example", "kept"),
    ("https://five.example/5", "five-example", "kept"),
    ("https://six.example/6", "six-example", "kept"),
    ("https://seven.example/notes.md", "seven-example", "off_theme"),
    ("https://no.example/x", "no-example", "refused"),
    ("https://no.example/y", "no-example", "refused"),
]


@pytest.mark.parametrize("form", ["by record", "as a whole", "plain"])
def test_another_crawlers_file_is_read_whatever_its_compression(rig, tmp_path, form):
    path = news(tmp_path, packed=form == "by record")
    if form == "as a whole":
        path = path.rename(tmp_path / "news.warc.gz")
        path.write_bytes(gzip.compress(path.read_bytes()))
    result = take(rig, path)
    assert result.exit_code == 0, result.output
    found = rows(rig, OUTCOMES)
    assert [row for row in found if "seven" not in row[0]] == [row for row in SITES if "seven" not in row[0]]
    assert len(found) == len(SITES)
    assert (
        "1 records cannot be read, such as https://odd.example/dateless: its WARC-Date is 'yesterday'" in result.stderr
    )


def test_the_summary_tells_what_a_file_held(rig, tmp_path):
    told = take(rig, news(tmp_path), plain=True).stdout
    assert f"{tmp_path / 'news.warc.gz'}: 9 pages, 0 lists, 3 other responses left aside, 1 that cannot be read" in told
    assert "run 1: " in told
    assert "7 kept" in told
    assert "2 refused" in told


def test_first_sight_is_when_the_page_was_fetched_and_no_date_lies_after_it(rig, tmp_path):
    head = '<meta property="article:published_time" content="{}">'
    warc = Warc().response("https://a.example/1", robot(1).replace("</head>", head.format(DATE) + "</head>"))
    later = head.format("2025-03-05T09:00:00Z") + "</head>"
    warc.response("https://a.example/2", robot(2).replace("</head>", later))
    warc.response("https://a.example/3", robot(3), date="2025-04-01T00:00:00Z")
    take(rig, warc.write(tmp_path / "a.warc.gz"))
    found = rows(rig, "SELECT first_seen, fetched, kept_at, article.published FROM entry JOIN article ON entry = id")
    seen, now = "2025-03-05 06:07:08.000000", "2025-03-10 00:00:0"
    assert [row[:2] for row in found] == [(seen, seen), (seen, seen), found[2][:2]]
    assert all(row[2].startswith(now) for row in found)
    assert found[2][0].startswith(now)  # a clock that was ahead
    assert json.loads(found[0][3])["at"].startswith("2025-03-05T06:07:08")
    assert json.loads(found[1][3]) is None


def test_which_source_reads_a_page(rig, tmp_path):
    rig.source("alpha", "https://www.alpha.example/feed", articles={"url": "/news/"})
    rig.source("second", "https://feeds.alpha.example/all", enabled=False)
    warc = Warc()
    for number, url in enumerate(["https://m.alpha.example/news/1", "https://alpha.example/2", "https://b.example/3"]):
        warc.response(url, robot(number))
    path = warc.write(tmp_path / "a.warc.gz")
    take(rig, path)
    assert [source for _, source, _ in rows(rig, OUTCOMES)] == ["alpha", "second", "b-example"]
    take(rig, path, data=tmp_path / "fixed", more=("--source", "second"))
    assert {source for _, source, _ in rows(rig, OUTCOMES, tmp_path / "fixed")} == {"second"}
    unknown = take(rig, path, more=("--source", "secnd"))
    assert (unknown.exit_code, "did you mean second?" in unknown.stderr) == (2, True)


def revisit(warc, url, *, more=(), without=("WARC-Refers-To-Target-URI", "WARC-Refers-To-Date", "WARC-Payload-Digest")):
    """A record of a page whose body stands in another one, and what it says of that one."""
    head = StatusAndHeaders("200 OK", list(HTML), protocol="HTTP/1.1")
    dated = {"WARC-Date": DATE}
    record = warc.writer.create_revisit_record(url, "sha1:AA", "", "", http_headers=head, warc_headers_dict=dated)
    for name in without:
        record.rec_headers.remove_header(name)
    for name, value in more:
        record.rec_headers.replace_header(name, value)
    warc.writer.write_record(record)
    return warc


def named(warc):
    """The headers of the last record written: its id and its body's digest, as a revisit record gives them."""
    *_, record = ArchiveIterator(BytesIO(warc.out.getvalue()))
    found = record.rec_headers.get_header
    return {"WARC-Refers-To": found("WARC-Record-ID"), "WARC-Payload-Digest": found("WARC-Payload-Digest")}


@pytest.mark.parametrize("files", [1, 2])
@pytest.mark.parametrize("by", ["WARC-Refers-To-Target-URI", "WARC-Refers-To", "WARC-Payload-Digest"])
def test_a_page_whose_body_stands_in_another_record_is_a_copy(rig, tmp_path, by, files):
    url = "https://a.example/1"
    warc = Warc().response(url, robot(1))
    place = [("WARC-Refers-To-Target-URI", url), ("WARC-Refers-To-Date", DATE)]
    other = Warc() if files == 2 else warc
    revisit(other, "https://b.example/1", more=[(by, named(warc)[by])] if by in named(warc) else place)
    paths = [one.write(tmp_path / f"{number}.warc.gz") for number, one in enumerate(dict.fromkeys((warc, other)))]
    take(rig, *paths)
    assert rows(rig, OUTCOMES) == [(url, "a-example", "kept"), ("https://b.example/1", "b-example", "copy")]


def test_a_page_whose_body_is_in_no_file_is_left_aside(rig, tmp_path):
    warc = revisit(Warc(), "https://b.example/1", more=[("WARC-Refers-To", "<urn:elsewhere>")])
    result = take(rig, revisit(warc, "https://b.example/2").write(tmp_path / "a.warc.gz"), plain=True)
    assert (rows(rig, OUTCOMES), result.exit_code) == ([], 0)
    assert "0 pages, 0 lists, 1 other responses left aside, 1 that cannot be read" in result.stdout


# -- what waits --------------------------------------------------------------------------------------------------------


@pytest.fixture
def waiting(rig, site):
    """An entry that the crawl could not fetch, and one that it could."""
    link, other = "https://alpha.example/1", "https://alpha.example/2"
    site.routes["alpha.example/feed"] = Answer(feed(link, other, title="机器人从列表来"))
    site.routes["alpha.example/1"] = Answer(status=503)
    site.routes["alpha.example/2"] = Answer(robot(2))
    rig.crawl()
    return rig


@pytest.mark.parametrize(
    ("page", "outcome"),
    [
        pytest.param(robot(1), "kept", id="an article"),
        pytest.param("<html><body></body></html>", "no_text", id="no text"),
        pytest.param(robot(2), "copy", id="a copy"),
    ],
)
def test_an_entry_that_waits_ends_by_the_page_that_a_file_has(waiting, tmp_path, page, outcome):
    path = Warc().response("https://alpha.example/1", page).write(tmp_path / "a.warc.gz")
    before = rows(waiting, "SELECT id, source, first_seen, endpoint FROM entry", waiting.data)
    [line] = json.loads(take(waiting, path, data=waiting.data).stdout)["sources"]
    counted = {name: count for name, count in line.items() if count and name != "name"}
    assert counted == {"carried_in": 1, outcome: 1}
    assert rows(waiting, "SELECT outcome, ended_run FROM entry WHERE url LIKE '%/1'", waiting.data) == [(outcome, 2)]
    assert rows(waiting, "SELECT id, source, first_seen, endpoint FROM entry", waiting.data) == before
    origins = rows(
        waiting, "SELECT DISTINCT a.origin, e.origin FROM article a JOIN entry e ON e.id = a.entry", waiting.data
    )
    assert origins in ([], [("crawl", "crawl")])  # it was announced; the file only brought its page
    again = json.loads(take(waiting, path, data=waiting.data).stdout)["totals"]
    assert (again["known"], again["carried_in"], again["found"]) == (1, 0, 0)


def test_an_entry_that_waits_is_not_ended_by_a_files_broken_answer(waiting, tmp_path):
    coded = (*HTML, ("Content-Encoding", "gzip"))
    warc = Warc().response("https://alpha.example/1", b"\x1f\x8b" + b"nonsense" * 9, headers=coded)
    result = take(waiting, warc.write(tmp_path / "a.warc.gz"), data=waiting.data)
    totals = json.loads(result.stdout)["totals"]
    assert (totals["carried_in"], totals["known"], totals["carried_out"]) == (1, 1, 1)
    assert result.exit_code == 0


def test_a_page_that_is_a_seed_is_a_copy_of_it_though_no_word_hits(rig):
    words = "浪湾港的吊车自己转过身来，记者数了它的每一个动作。" * 8
    (rig.folder / "seeds").mkdir()
    (rig.folder / "seeds" / "a.md").write_text(f"---\ntitle: 三座吊车\n---\n\n{words}\n", encoding="utf-8")
    places = ["--config", rig.config, "--data", rig.folder / "imported", "--now", NOW]
    arguments = [str(argument) for argument in (*places, "seeds", "import", rig.folder / "seeds")]
    assert CliRunner().invoke(cli, arguments, prog_name="presswatch").exit_code == 0
    url = "https://harbour.example/1"
    assert take(rig, Warc().response(url, article_page("吊车", words)).write(rig.folder / "a.warc.gz")).exit_code == 0
    assert rows(rig, "SELECT origin, outcome, representative FROM article ORDER BY entry") == [
        ("seed", "kept", None), ("import", "copy", 1),
    ]  # fmt: skip


# -- what must not come in --------------------------------------------------------------------------------------------


def bomb(encoding, size):
    zeros = b"<p>" + b"0" * size
    return {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress}[encoding](zeros)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_a_bomb_is_refused(rig, tmp_path, encoding):
    body = bomb(encoding, 60_000_000)
    assert len(body) < 1_000_000
    warc = Warc().response("https://a.example/1", body, headers=(*HTML, ("Content-Encoding", encoding)))
    result = take(rig, warc.response("https://a.example/2", robot(1)).write(tmp_path / "a.warc.gz"))
    assert result.exit_code == 0, result.output
    assert [row[2] for row in rows(rig, OUTCOMES)] == ["refused", "kept"]


def test_a_body_over_the_limit_is_refused_unread(rig, tmp_path):
    rig.write("presswatch.yaml", {"safety": {"max_body_mb": 0.5}, "min_free_mb": 0})
    warc = (
        Warc().response("https://a.example/1", robot(1, "机器人" * 200_000)).response("https://a.example/2", robot(2))
    )
    take(rig, warc.write(tmp_path / "a.warc.gz"))
    assert [row[2] for row in rows(rig, OUTCOMES)] == ["refused", "kept"]
    assert rows(rig, "SELECT reason FROM entry WHERE outcome = 'refused'")[0][0].startswith("larger than the limit")


def test_a_body_that_is_not_what_its_encoding_says_ends_as_failed(rig, tmp_path):
    broken = b"\x1f\x8b" + b"nonsense" * 9
    warc = Warc().response("https://a.example/1", broken, headers=(*HTML, ("Content-Encoding", "gzip")))
    result = take(rig, warc.write(tmp_path / "a.warc.gz"))
    assert (result.exit_code, [row[2] for row in rows(rig, OUTCOMES)]) == (0, ["failed"])
    assert json.loads(result.stdout)["totals"]["failed"] == 1


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip", "br", "deflate", "zstd", "gzip, br"])
@pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
def test_a_page_stored_decoded_is_read_whatever_its_header_says(encoding, charset):
    decoder, page = BodyDecoder(LIMIT), robot(1).encode(charset)
    assert decoder.decode("https://a.example/", (*HTML, ("Content-Encoding", encoding)), page).body == page


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        pytest.param("BR", brotli.compress(b"# robots\n" * 99), id="br"),
        pytest.param("Deflate", zlib.compress(b"# robots\n" * 99), id="deflate"),
        pytest.param("X-GZIP", gzip.compress(b"# robots\n" * 99), id="gzip"),
        pytest.param("deflate", b"# robots\n" * 99, id="text that raw deflate might be"),
    ],
)
def test_what_is_coded_is_decoded_in_any_case(encoding, body):
    decoded = BodyDecoder(LIMIT).decode("https://a.example/", (("Content-Encoding", encoding),), body)
    assert decoded.body == b"# robots\n" * 99


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd"])
def test_what_is_neither_coded_nor_text_is_broken(encoding):
    with pytest.raises(BodyBrokenError):
        BodyDecoder(LIMIT).decode("https://a.example/", (("Content-Encoding", encoding),), b"\x28\xb5\x2f\xfd\xff" * 40)


@pytest.mark.parametrize("url", ["http://user:pw@a.example/1", "http:///nohost", "https://a.example:99999/"])
def test_addresses_that_are_none_are_told_and_left(rig, tmp_path, url):
    result = take(rig, Warc().response(url, robot(1)).write(tmp_path / "a.warc.gz"))
    assert (result.exit_code, rows(rig, OUTCOMES)) == (0, [])
    assert "1 records cannot be read" in result.stderr


def test_a_fault_of_ours_on_one_page_is_told_and_the_rest_goes_on(rig, tmp_path, monkeypatch):
    warc = Warc().response("https://a.example/1", robot(1)).response("https://a.example/2", robot(2))
    from pipelines.extract.extract import extract as really  # noqa: PLC0415

    def extract(page, source):
        if page.url.endswith("/1"):
            raise RuntimeError("a fault of ours")
        return really(page, source)

    monkeypatch.setattr("pipelines.imports.reading.extract", extract)
    result = take(rig, warc.write(tmp_path / "a.warc.gz"))
    assert (result.exit_code, len(rows(rig, OUTCOMES))) == (1, 1)
    assert "https://a.example/1: RuntimeError: a fault of ours" in result.stderr


# -- broken files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("cut", [1, 3, 30, 400])
def test_what_can_be_read_of_a_broken_file_is_taken_and_the_rest_told(rig, tmp_path, packed, cut):
    warc = Warc(packed=packed).response("https://a.example/1", robot(1))
    whole = len(warc.out.getvalue())
    data = warc.response("https://a.example/2", robot(2)).out.getvalue()
    path = tmp_path / "torn.warc"
    path.write_bytes(data[: max(len(data) - cut, whole + 10)])
    result = take(rig, path)
    assert result.exit_code == 1
    assert [row[0] for row in rows(rig, OUTCOMES)][:1] == ["https://a.example/1"]
    [told] = [line for line in result.stderr.splitlines() if str(path) in line]
    assert "cannot be read further" in told
    assert "fetch or copy the file again" in told
    assert rows(rig, "SELECT count(*) FROM run WHERE ended IS NULL") == [(0,)]


NO_WARC = "is no WARC file; .warc and .warc.gz are read"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(b"junk", NO_WARC, id="junk"),
        pytest.param(b"", NO_WARC, id="nothing"),
        pytest.param(gzip.compress(b"junk"), NO_WARC, id="packed junk"),
        pytest.param(b"<!doctype html><title>404</title>", NO_WARC, id="HTML"),
        pytest.param(b"\x28\xb5\x2f\xfd\x04", NO_WARC, id=".warc.zst"),
        pytest.param(b"\x1f\x8bjunk", "cannot be read further", id="damaged from the beginning"),
    ],
)
def test_a_file_that_is_no_warc_is_told(rig, tmp_path, content, told):
    path = tmp_path / "a.warc.gz"
    path.write_bytes(content)
    result = take(rig, path)
    assert (result.exit_code, f"{path} {told}" in result.stderr) == (1, True), result.output


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_damaged_record_is_not_taken_and_those_before_it_are(tmp_path, at):
    warc, starts = Warc(), []
    for number in range(3):
        starts.append(len(warc.out.getvalue()))
        warc.response(f"https://a.example/{number}", robot(number))
    data = bytearray(warc.out.getvalue())
    checksum = (*starts, len(data))[at + 1] - 8
    data[checksum] ^= 1
    path = tmp_path / "a.warc.gz"
    path.write_bytes(data)
    assert [one.url for one in read_until_it_breaks(path)] == [f"https://a.example/{number}" for number in range(at)]


def read_until_it_breaks(path):
    found = []

    def read():
        for one in stream_responses(path, LIMIT):
            found.append(one)  # noqa: PERF402

    with pytest.raises(BrokenFileError):
        read()
    return found


@given(st.floats(0, 1))
def test_a_torn_file_gives_the_whole_records_before_and_raises(tmp_path_factory, share):
    warc, ends = Warc(), []
    for number in range(3):
        warc.response(f"https://a.example/{number}", robot(number) * 3)
        ends.append(len(warc.out.getvalue()))
    span = ends[2] - ends[0]
    cut = ends[0] + 1 + int(share * (span - 2))
    cut += cut in ends
    path = tmp_path_factory.mktemp("torn") / "a.warc.gz"
    path.write_bytes(warc.out.getvalue()[:cut])
    bodies, whole = [one.body.decode() for one in read_until_it_breaks(path)], sum(end <= cut for end in ends)
    # Where little more than the checksum of the last record is torn off, the record itself can be read.
    assert whole <= len(bodies) <= whole + 1
    assert bodies == [robot(number) * 3 for number in range(len(bodies))]


def test_a_place_that_cannot_be_written_keeps_no_other_page_out(rig, tmp_path):
    (rig.folder / "imported" / "archive").mkdir(parents=True)
    (rig.folder / "imported" / "archive" / "a-example").write_text("in the way")
    urls = ["https://a.example/1", "https://b.example/2", "https://a.example/3", "https://b.example/4"]
    warc = Warc()
    for number, url in enumerate(urls, 1):
        warc.response(url, robot(number))
    result = take(rig, warc.write(tmp_path / "a.warc.gz"))
    assert result.exit_code == 1
    assert "a-example" in result.stderr
    assert "internal failure" not in result.stderr
    with closing(sqlite3.connect(rig.folder / "imported" / "presswatch.db")) as connection:
        assert connection.execute("SELECT count(*), sum(filed) FROM article").fetchone() == (4, 2)


def test_an_import_needs_the_run_lock(rig, tmp_path):
    path = Warc().write(tmp_path / "a.warc.gz")
    with run_lock(rig.folder / "imported"):
        assert take(rig, path).exit_code == 4


# -- the parts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("one.example", "one-example"),
        ("192.168.1.1:80", "192-168-1-1-80"),
        ("[::1]:80", "1-80"),
        ("a_b.example", "a-b-example"),
        ("_", "d2e2adf7"),
        ("x" * 60 + ".example", "x" * 31 + "-" + "e638f653"),
    ],
)
def test_a_site_gives_its_source_a_name_that_is_a_folder_too(host, name):
    found = folder_name(host)
    assert found == name
    Source(name=found, kind="feed", endpoints=[{"url": "https://one.example/"}])


@given(st.text("abcdefgh-.", min_size=1, max_size=200), st.text("abcdefgh-.", min_size=1, max_size=200))
def test_long_hosts_that_differ_have_names_that_differ(one, other):
    one, other = (f"{'a' * 45}{part}.example" for part in (one, other))
    assert (folder_name(one) == folder_name(other)) == (one == other)


def test_a_source_is_found_by_its_site(tmp_path):
    finder = SourceFinder(Config(folder=tmp_path))
    source = finder.source_of("https://blog.one.example/x")
    assert (source.name, source.language, source.timezone) == ("one-example", "", "Asia/Shanghai")


def test_the_decoder_keeps_to_its_limit():
    decoder = BodyDecoder(1000)
    headers = (("Content-Encoding", "gzip"),)
    assert decoder.decode("https://a.example/", headers, gzip.compress(b"x" * 1000)).body == b"x" * 1000
    with pytest.raises(BodyTooLargeError):
        decoder.decode("https://a.example/", headers, gzip.compress(b"x" * 1001))
    with pytest.raises(BodyTooLargeError):
        decoder.decode("https://a.example/", (), b"x" * 1001)


def test_times_of_records_are_read_in_their_zone(tmp_path):
    path = Warc().response("https://a.example/1", "x", date="2025-03-05T06:07:08.5Z").write(tmp_path / "a.warc.gz")
    [one] = stream_responses(path, LIMIT)
    assert one.at == datetime(2025, 3, 5, 6, 7, 8, 500_000, tzinfo=UTC) > START
