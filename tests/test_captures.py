"""The capture ring: what is kept, readable by others, let go in time, mended after a death, emptied on demand."""

import gzip
import hashlib
import os
import subprocess
import sys
from datetime import timedelta
from io import BytesIO

import brotli
import pytest
from fastwarc import ArchiveIterator as FastIterator
from fastwarc import WarcRecordType
from hypothesis import given
from hypothesis import strategies as st
from rig import START, Answer, article_page, book_of, feed
from warcio.archiveiterator import ArchiveIterator

from crawler.captures import removal, upkeep
from crawler.captures.index import rows_of
from crawler.captures.members import NotByRecordError, parts_of, whole_members
from crawler.captures.records import Captured
from crawler.captures.removal import remove_from_ring
from crawler.captures.ring import Ring, RingRun
from crawler.captures.upkeep import OPEN_FILE, RingFile, RingRules, files_to_drop, mend_ring, prune_ring, ring_names
from crawler.endpoints import Endpoints
from crawler.items import Redirect
from crawler.tables import capture, meta

A, B = "https://alpha.example/a", "https://alpha.example/b"
DAY = timedelta(days=1)
RULES = RingRules(max_age=14 * DAY, max_bytes=2_000_000_000)


def records(path):
    """Type, address, HTTP status and decoded body of each record, by warcio, digests verified."""
    found = []
    with path.open("rb") as file:
        for record in ArchiveIterator(file, check_digests="raise"):
            status = int(record.http_headers.get_statuscode()) if record.http_headers else None
            body = record.content_stream().read()
            assert record.digest_checker.passed is not False
            found.append((record.rec_type, record.rec_headers.get_header("WARC-Target-URI"), status, body))
    return found


def kept(rig):
    """(address, status) of the records of all files but warcinfo ones."""
    paths = sorted((rig.data / "captures").glob("*.warc.gz"))
    return [(url, status) for path in paths for kind, url, status, _ in records(path) if kind != "warcinfo"]


# -- what a crawl keeps -----------------------------------------------------------------------------------------------


def test_what_led_to_entries_and_articles_is_kept_and_nothing_else(rig, site):
    names = ("kept", "off", "copy", "empty", "gone", "noarchive", "meta")
    site.routes["alpha.example/feed"] = Answer(feed(*(f"https://alpha.example/{name}" for name in names)))
    site.routes["alpha.example/kept"] = Answer(article_page("机器人进厂"))
    site.routes["alpha.example/copy"] = Answer(article_page("机器人进厂", head="<!-- 转载 -->"))
    site.routes["alpha.example/off"] = Answer(article_page("今日天气", "今天多云转晴，气温回升。" * 8))
    site.routes["alpha.example/empty"] = Answer("<html><body></body></html>")
    site.routes["alpha.example/noarchive"] = Answer(article_page("机器人"), headers={"X-Robots-Tag": "noarchive"})
    site.routes["alpha.example/meta"] = Answer(article_page("机器人", head='<meta name="robots" content="noarchive">'))
    rig.crawl()
    rig.crawl(poll_now=True)
    assert kept(rig) == [(f"https://alpha.example/{name}", 200) for name in ("feed", "kept", "off", "copy", "empty")]
    assert [path.name for path in (rig.data / "captures").iterdir()] == ["20250303T000000Z-run1.warc.gz"]


def test_a_changed_list_without_news_a_failure_and_noarchive_feeds_leave_no_file(rig, site):
    site.routes["alpha.example/feed"] = [
        Answer(feed(A), headers={"X-Robots-Tag": "otherbot: noarchive"}),
        Answer(feed(A, title="改了的标题")),
        Answer(status=500),
    ]
    site.routes["alpha.example/a"] = Answer(status=404)
    for _ in range(3):
        rig.crawl(poll_now=True)
    assert not (rig.data / "captures").exists()


def test_the_file_says_who_wrote_it_and_warcio_and_fastwarc_read_it(rig, site):
    rig.write("presswatch.yaml", {"contact": "https://ops.example/", "min_free_mb": 0})
    site.routes["alpha.example/feed"] = Answer(feed(A), headers={"Content-Type": "application/rss+xml", "ETag": '"1"'})
    site.routes["alpha.example/a"] = Answer(
        article_page("机器人进厂"), headers={"Content-Type": "text/html; charset=utf-8", "Set-Cookie": "id=42"}
    )
    rig.crawl()
    [path] = (rig.data / "captures").iterdir()
    info = records(path)[0][3].decode()
    for line in ("software: presswatch/0.1.0", "isPartOf: run 1", "format: WARC File Format 1.1"):
        assert line in info
    assert "http-header-user-agent: presswatch/0.1.0 (+https://ops.example/)" in info
    with path.open("rb") as file:
        fast = [(one.record_type, one.headers["WARC-Date"], one.http_headers) for one in FastIterator(file)]
    with path.open("rb") as file:
        verified = [
            (one.verify_block_digest(consume=False), one.parse_http(), one.verify_payload_digest())
            for one in FastIterator(file, record_types=WarcRecordType.response, parse_http=False)
        ]
    assert [kind for kind, _, _ in fast] == [WarcRecordType.warcinfo, *[WarcRecordType.response] * 2]
    assert verified == [(True, None, True)] * 2
    assert fast[1][1] == "2025-03-03T00:00:02Z"
    assert fast[1][2].status_code == 200
    assert dict(fast[1][2])["Etag"] == '"1"'
    assert "Set-Cookie" not in dict(fast[2][2])
    assert len(list(whole_members(path))) == 3


def test_redirects_are_kept_with_the_page_they_led_to(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed(A))
    site.routes["alpha.example/a"] = Answer(status=301, headers={"Location": "/b"})
    site.routes["alpha.example/b"] = Answer(status=302, headers={"Location": "https://beta.example/c"})
    site.routes["beta.example/c"] = Answer(article_page("机器人进厂"))
    rig.crawl()
    pages = [("https://alpha.example/a", 301), ("https://alpha.example/b", 302), ("https://beta.example/c", 200)]
    assert kept(rig) == [("https://alpha.example/feed", 200), *pages]
    [path] = (rig.data / "captures").iterdir()
    with path.open("rb") as file:
        heads = [record.http_headers for record in ArchiveIterator(file) if record.http_headers]
    assert [head.get_header("Location") for head in heads] == [None, B, "https://beta.example/c", None]


@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_bodies_are_stored_decoded(rig, site, encoding):
    page = article_page("机器人进厂").encode()
    packed = gzip.compress(page) if encoding == "gzip" else brotli.compress(page)
    site.routes["alpha.example/feed"] = Answer(feed(A))
    site.routes["alpha.example/a"] = Answer(packed, headers={"Content-Encoding": encoding})
    rig.crawl()
    [path] = (rig.data / "captures").iterdir()
    assert records(path)[2][3] == page


def test_a_list_is_kept_before_its_entries_are(rig, site, monkeypatch):
    """Were the process killed in between, the next poll would find nothing new in it."""
    site.routes["alpha.example/feed"] = [Answer(feed(A)), Answer(feed(A, title="改了的标题")), Answer(feed(A, B))]
    site.routes["alpha.example/a"] = site.routes["alpha.example/b"] = Answer(status=404)
    record_poll, before = Endpoints.record_poll, []

    def seen(*args, **kwargs):
        before.append(len(rig.query("SELECT * FROM capture")))
        return record_poll(*args, **kwargs)

    monkeypatch.setattr(Endpoints, "record_poll", seen)
    for _ in range(3):
        rig.crawl(poll_now=True)
    assert before == [1, 1, 2]
    assert len(kept(rig)) == 2


# -- the ring by itself -----------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "captures"


@pytest.fixture
def ring_of(folder, database):
    """A ring for run `number`, begun that many days after START."""

    def made(number=1, *, days=0, rules=RULES):
        run = RingRun(number=number, started=START + days * DAY, facts={"software": "test"})
        ring = Ring(folder, database, rules, run)
        ring.prepare()
        return ring

    return made


def response(url=A, body=b"<html>1</html>", *, days=0, headers=(("Content-Type", "text/html"),), redirects=()):
    return Captured(url=url, status=200, headers=headers, body=body, at=START + days * DAY, redirects=redirects)


def keep(ring, *responses):
    told = [ring.keep(one) for one in responses]
    ring.close()
    return [text for text in told if text]


def rows(database):
    with database.read() as connection:
        return sorted((row.url, row.file) for row in connection.execute(capture.select()))


def test_the_same_body_of_an_address_is_kept_once_in_the_whole_ring(ring_of, folder, database):
    keep(ring_of(1), response(), response())
    keep(ring_of(2, days=1), response(days=1), response(body=b"2", days=1))
    assert [len(records(folder / name)) for name in ring_names(folder)] == [2, 2]
    assert [file for _, file in rows(database)] == list(ring_names(folder))
    with database.read() as connection:
        digests = {row.digest for row in connection.execute(capture.select())}
    assert digests == {hashlib.sha256(body).hexdigest() for body in (b"<html>1</html>", b"2")}


def test_what_led_to_news_is_kept_anew_by_each_run_and_refers_within_its_file(ring_of, folder, database):
    redirect = Redirect(url=B, status=302, location=A)
    keep(ring_of(1), response())
    ring = ring_of(2, days=1)
    for one in (response(days=1, redirects=(redirect,)), response(days=1)):
        assert ring.keep(one, anew=True) == ""
    ring.close()
    first, second = (records(folder / name) for name in ring_names(folder))
    assert [(kind, url) for kind, url, _, _ in first[1:]] == [("response", A)]
    assert [(kind, url) for kind, url, _, _ in second[1:]] == [("response", B), ("response", A), ("revisit", A)]
    assert rows(database) == [(A, ring_names(folder)[0])]


def test_the_same_body_under_another_address_refers_within_its_file_and_never_to_another(ring_of, folder):
    keep(ring_of(1), response(A), response(B))
    keep(ring_of(2, days=1), response("https://alpha.example/c", days=1))
    first, second = (records(folder / name) for name in ring_names(folder))
    assert [kind for kind, *_ in first] == ["warcinfo", "response", "revisit"]
    assert [kind for kind, *_ in second] == ["warcinfo", "response"]
    with (folder / ring_names(folder)[0]).open("rb") as file:
        revisit = list(FastIterator(file))[-1]
    assert revisit.headers["WARC-Profile"].endswith("/1.1/revisit/identical-payload-digest")
    assert revisit.headers["WARC-Refers-To-Target-URI"] == A
    assert revisit.headers["WARC-Refers-To-Date"] == "2025-03-03T00:00:00Z"


def test_each_file_has_the_redirects_of_its_own_pages(ring_of, folder):
    redirect = Redirect(url=A, status=302, location=B)
    keep(ring_of(1), response(B, b"1", redirects=(redirect,)), response(B, b"2", redirects=(redirect,)))
    keep(ring_of(2), response(B, b"3", redirects=(redirect,)))
    assert [[status for _, _, status, _ in records(folder / name)[1:]] for name in ring_names(folder)] == [
        [302, 200, 200],
        [302, 200],
    ]


def test_headers_with_line_breaks_or_odd_letters_do_not_break_a_record(ring_of, folder):
    odd = (("X-Odd", "one\r\nSet-Cookie: id=1"), ("X-Name", "\xd0\xc2"), ("Content-Length", "99999"))
    keep(ring_of(), response(headers=odd))
    assert records(folder / ring_names(folder)[0])[1][1:] == (A, 200, b"<html>1</html>")


# -- retention --------------------------------------------------------------------------------------------------------


def ring_file(days, size, name=""):
    return RingFile(name=name or f"f{days}", newest=START + days * DAY, size=size)


@pytest.mark.parametrize(
    ("files", "room", "dropped"),
    [
        pytest.param([], 0, (), id="nothing"),
        pytest.param([ring_file(6, 1)], 0, (), id="just young enough"),
        pytest.param([ring_file(5.99, 1)], 0, ("f5.99",), id="too old"),
        pytest.param([ring_file(18, 60), ring_file(17, 40)], 0, (), id="just small enough"),
        pytest.param([ring_file(18, 60), ring_file(17, 41)], 0, ("f17",), id="the oldest goes"),
        pytest.param([ring_file(18, 60), ring_file(17, 40)], 1, ("f17",), id="room for more"),
        pytest.param([ring_file(19, 90), ring_file(1, 90)], 0, ("f1",), id="the expired makes room"),
        pytest.param([ring_file(19, 101)], 0, ("f19",), id="one alone is too large"),
        pytest.param([ring_file(25, 1)], 0, (), id="from a clock that was ahead"),
    ],
)
def test_which_files_go(files, room, dropped):
    assert files_to_drop(files, RingRules(max_age=14 * DAY, max_bytes=100), now=START + 20 * DAY, room=room) == dropped


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 80)), max_size=12),
    st.integers(0, 50),
)
def test_what_is_left_is_young_small_and_newer_than_what_went(facts, room):
    files = [ring_file(days, size, name=f"{number}") for number, (days, size) in enumerate(facts)]
    rules = RingRules(max_age=14 * DAY, max_bytes=100)
    dropped = set(files_to_drop(files, rules, now=START + 20 * DAY, room=room))
    left = [file for file in files if file.name not in dropped]
    assert all(file.newest >= START + 6 * DAY for file in left)
    assert sum(file.size for file in left) + room <= 100 or not left
    gone = [file for file in files if file.name in dropped]
    assert not left or not gone or max(file.newest for file in gone) <= min(file.newest for file in left)


def test_expired_files_go_with_their_rows_at_the_start_of_a_run(rig, site):
    site.routes["alpha.example/feed"] = Answer(feed(A))
    site.routes["alpha.example/a"] = Answer(article_page("机器人进厂"))
    rig.crawl()
    rig.clock.move_by(13 * DAY)
    rig.crawl()
    assert len(kept(rig)) == 2
    rig.clock.move_by(2 * DAY)
    rig.crawl()
    assert (kept(rig), rig.query("SELECT * FROM capture")) == ([], [])


def test_a_run_that_would_overfill_the_ring_lets_the_oldest_files_go(ring_of, folder, database):
    rules = RingRules(max_age=14 * DAY, max_bytes=30_000)
    for number in range(1, 5):
        assert keep(ring_of(number, days=number, rules=rules), response(body=os.urandom(9_000), days=number)) == []
    assert [name.rpartition("-")[2] for name in ring_names(folder)] == [f"run{n}.warc.gz" for n in (2, 3, 4)]
    assert {file for _, file in rows(database)} == set(ring_names(folder))
    assert sum((folder / name).stat().st_size for name in ring_names(folder)) <= 30_000


def test_a_run_that_alone_overfills_the_ring_says_so_once_and_stays_below(ring_of, folder):
    rules = RingRules(max_age=14 * DAY, max_bytes=30_000)
    told = keep(ring_of(rules=rules), *(response(body=os.urandom(9_000)) for _ in range(5)))
    assert told == [
        "nothing more is captured in this run: this run alone fills retention.captures_mb (0 MB); raise it to keep more"
    ]
    assert len(records(folder / ring_names(folder)[0])) == 4


def test_other_files_in_the_folder_are_left_alone(ring_of, folder, database):
    folder.mkdir()
    (folder / "notes.warc.gz").write_bytes(b"mine")
    keep(ring_of(), response())
    assert prune_ring(folder, database, RULES, now=START + 99 * DAY) == ("20250303T000000Z-run1.warc.gz",)
    assert [path.name for path in folder.iterdir()] == ["notes.warc.gz"]


# -- mending ----------------------------------------------------------------------------------------------------------


def test_rows_without_a_file_and_files_without_rows_heal(ring_of, folder, database):
    keep(ring_of(1), response(A), response(B))
    keep(ring_of(2, days=1), response(A, b"2", days=1))
    first, second = ring_names(folder)
    before = rows(database)
    with database.write() as connection:
        connection.execute(capture.delete().where(capture.c.file == first))
    mend_ring(folder, database)
    assert rows(database) == before
    (folder / second).unlink()
    mend_ring(folder, database)
    assert rows(database) == [(A, first), (B, first)]


def test_a_folder_that_was_removed_leaves_no_rows(ring_of, folder, database):
    keep(ring_of(), response())
    (folder / ring_names(folder)[0]).unlink()
    folder.rmdir()
    mend_ring(folder, database)
    assert rows(database) == []


def damage(path, nth):
    """Spoil the checksum of the nth record."""
    data, member = bytearray(path.read_bytes()), list(whole_members(path))[nth]
    data[member.end - 8] ^= 1
    path.write_bytes(data)


def left_open(database, name):
    """As a process that died leaves it."""
    with database.write() as connection:
        connection.execute(meta.insert().values(name=OPEN_FILE, value=name))


def test_parts_are_all_bytes_of_a_file_and_go_on_behind_what_is_damaged(ring_of, folder):
    keep(ring_of(), *(response(f"{A}{number}", os.urandom(100_000)) for number in range(3)))
    path = folder / ring_names(folder)[0]
    damage(path, 2)
    with path.open("ab") as file:
        file.write(b"\x1f\x8b\x08 and what looks like one")
    parts = list(parts_of(path))
    assert [type(part).__name__ for part in parts] == ["Member", "Member", "Gap", "Member", "Gap"]
    assert [part.offset for part in parts] == [0, *(part.end for part in parts[:-1])]
    assert parts[-1].end == path.stat().st_size


def test_a_power_cut_costs_what_it_damaged_and_that_is_captured_again(ring_of, folder, database):
    keep(ring_of(), response(A, b"1"), response(B, b"2"), response(A, b"3"), response(B, b"4"))
    [name] = ring_names(folder)
    damage(folder / name, 2)
    whole = list(whole_members(folder / name))[-2].end
    os.truncate(folder / name, whole + 9)
    left_open(database, name)
    mend_ring(folder, database)
    assert (folder / name).stat().st_size == whole
    assert [member.content for member in whole_members(folder / name)][1:]
    assert rows(database) == [(A, name), (A, name)]
    keep(ring_of(2, days=1), response(B, b"2", days=1), response(A, b"1", days=1), response(B, b"4", days=1))
    assert [row for row in rows(database) if row[1] != name] == [(B, ring_names(folder)[1])] * 2


def test_a_file_is_on_the_disk_before_it_counts_as_ended(ring_of, folder, database, monkeypatch, caplog):
    ring = ring_of()
    ring.keep(response())

    def refused(descriptor):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("crawler.captures.ring.os.fsync", refused)
    ring.close()
    monkeypatch.undo()
    assert caplog.records == []  # nothing is lost by it
    with database.read() as connection:
        assert connection.scalar(meta.select().with_only_columns(meta.c.value)) == ring_names(folder)[0]
    assert keep(ring_of(2, days=1)) == []


def test_a_file_that_holds_nothing_new_is_read_once(ring_of, folder, database, monkeypatch):
    keep(ring_of(1), response(A))
    other = ring_of(2, days=1)
    with database.write() as connection:
        connection.execute(capture.delete())
    keep(other, response(A, days=1))
    first, second = ring_names(folder)
    read = []
    monkeypatch.setattr(upkeep, "rows_of", lambda path: read.append(path.name) or rows_of(path))
    with database.write() as connection:
        connection.execute(capture.delete())
    for _ in range(3):
        mend_ring(folder, database)
    assert (read, rows(database)) == ([first, second], [(A, first)])
    prune_ring(folder, database, RULES, now=START + 14.5 * DAY)
    mend_ring(folder, database)
    assert (read[2:], rows(database)) == ([second], [(A, second)])


def test_a_file_compressed_as_a_whole_is_not_taken_for_one_of_records(ring_of, folder, database):
    keep(ring_of(), *(response(f"{A}{number}") for number in range(9)))
    path = folder / ring_names(folder)[0]
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())))
    with pytest.raises(NotByRecordError, match=f"run: warcio recompress {path} NEW_FILE"):
        list(rows_of(path))


def test_a_file_of_the_rings_name_that_is_no_warc_is_left_as_it_is(ring_of, folder):
    folder.mkdir()
    junk = folder / "20250101T000000Z-run9.warc.gz"
    junk.write_bytes(b"no gzip at all")
    assert keep(ring_of(rules=RingRules(max_age=999 * DAY, max_bytes=10**9)), response()) == []
    assert junk.read_bytes() == b"no gzip at all"


# Runs the real command line; the process kills itself in the middle of writing the n-th record, or right after it.
KILLED = """
import os, signal, sys
from crawler.cli import main

nth, share = int(sys.argv.pop(1)), float(sys.argv.pop(1))
write, count = os.write, 0

def torn(descriptor, data):
    global count
    if data[:2] != b"\\x1f\\x8b":
        return write(descriptor, data)
    count += 1
    if count == nth:
        write(descriptor, data[: int(len(data) * share)])
        os.kill(os.getpid(), signal.SIGKILL)
    return write(descriptor, data)

os.write = torn
main()
"""


FEED = "https://alpha.example/feed"


@pytest.mark.parametrize(
    ("nth", "share", "again"),
    [(1, 0, []), (1, 0.5, []), (1, 1, []), (2, 0.5, []), (2, 1, [FEED]), (3, 0.99, []), (3, 1, [A])],
)
def test_a_killed_process_loses_at_most_the_record_it_was_writing(rig, site, nth, share, again):
    """What was captured right before the death, and not stored, the next run captures `again`."""
    site.routes["alpha.example/feed"] = Answer(feed(A, B))
    for name in "ab":
        site.routes[f"alpha.example/{name}"] = Answer(article_page(f"机器人{name}", f"机器人{name}走进了工厂。" * 20))
    options = ["--config", rig.config, "--data", rig.data, "--route", rig.route, "--now", START.isoformat()]
    command = [sys.executable, "-c", KILLED, str(nth), str(share), *map(str, options), "crawl"]
    assert subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == -9
    [path] = (rig.data / "captures").glob("*.warc.gz")
    whole = [member.content[:8] for member in whole_members(path)]
    assert len(whole) == (nth if share == 1 else nth - 1)
    report = rig.crawl(poll_now=True)
    assert (report.errors, book_of(report).error) == ((), "")
    assert rig.outcomes() == {"a": "kept", "b": "kept"}
    assert sorted(url for url, _ in kept(rig)) == sorted([FEED, A, B, *again])
    assert sorted(rig.query("SELECT url FROM capture")) == [(A,), (B,), (FEED,)]
    assert rig.query("SELECT * FROM meta WHERE name = 'captures_open'") == []


# -- what cannot be written -------------------------------------------------------------------------------------------


def test_a_file_where_the_folder_should_be_is_told_once_and_the_crawl_goes_on(rig, site, caplog):
    rig.data.mkdir()
    (rig.data / "captures").write_text("in the way")
    site.routes["alpha.example/feed"] = Answer(feed(A, B))
    for name in "ab":
        site.routes[f"alpha.example/{name}"] = Answer(article_page(f"机器人{name}", f"机器人{name}走进了工厂。" * 20))
    report = rig.crawl()
    assert rig.outcomes() == {"a": "kept", "b": "kept"}
    assert (report.errors, book_of(report).error) == ((), "")  # it is no source's fault
    [told] = [record.message for record in caplog.records if "captured" in record.message]
    assert told.startswith(f"nothing more is captured in this run: {rig.data / 'captures'} cannot be written")


def test_a_disk_that_fills_up_costs_the_record_and_is_told_once(ring_of, folder, monkeypatch, database):
    ring = ring_of()
    ring.keep(response(A))
    write = os.write
    monkeypatch.setattr("crawler.captures.ring.os.write", lambda descriptor, data: write(descriptor, data[:50]))
    told = keep(ring, response(B, b"2"), response(B, b"3"))
    monkeypatch.undo()
    assert len(told) == 1
    assert "only 50 of" in told[0]
    path = folder / ring_names(folder)[0]
    assert [url for _, url, _, _ in records(path)[1:]] == [A]
    assert keep(ring_of(2, days=1), response(B, b"2", days=1)) == []
    assert [url for url, _ in rows(database)] == [A, B]


def test_a_fault_of_ours_in_the_ring_costs_no_article(rig, site, monkeypatch):
    def broken(*args):
        raise ValueError("a fault of ours")

    monkeypatch.setattr("crawler.captures.ring.response_member", broken)
    site.routes["alpha.example/feed"] = Answer(feed(A))
    site.routes["alpha.example/a"] = Answer(article_page("机器人进厂"))
    report = rig.crawl()
    assert (rig.outcomes(), report.errors) == ({"a": "kept"}, ())
    assert book_of(report).error == "nothing more is captured in this run: ValueError: a fault of ours"


# -- removal ----------------------------------------------------------------------------------------------------------


def test_an_address_is_removed_with_its_redirects_and_what_refers_to_it(ring_of, folder, database):
    redirect = Redirect(url="https://alpha.example/old", status=301, location=A)
    other = "https://alpha.example/c"
    keep(ring_of(1), response(A, b"1", redirects=(redirect,)), response(B, b"1"), response(other, b"3"))
    keep(ring_of(2, days=1), response(B, b"4", days=1))
    keep(ring_of(3, days=2), response(A, b"5", days=2))
    first = folder / ring_names(folder)[0]
    before = {member.content: member.raw for member in whole_members(first)}
    assert remove_from_ring(folder, database, {A + "#top"}) == 4
    assert [[url for _, url, _, _ in records(folder / name)[1:]] for name in ring_names(folder)] == [[other], [B]]
    assert all(before[member.content] == member.raw for member in whole_members(first))
    assert [url for url, _ in rows(database)] == [B, other]
    assert remove_from_ring(folder, database, {A}) == 0


def test_what_is_removed_does_not_survive_in_a_record_that_lost_its_row_or_in_a_torn_one(ring_of, folder, database):
    ring = ring_of()
    for one in (response(A, b"1"), response(B, b"2")):
        ring.keep(one)
    path = folder / ring_names(folder)[0]
    torn = list(whole_members(path))[1].raw[:-10]
    with path.open("ab") as file:
        file.write(torn)
    with database.write() as connection:
        connection.execute(capture.delete().where(capture.c.url == A))
    assert remove_from_ring(folder, database, {A}) == 1
    assert A.encode() not in b"".join(member.content for member in whole_members(path))
    assert torn not in path.read_bytes()
    ring.close()


def test_a_chain_of_redirects_goes_with_where_it_leads(ring_of, folder, database):
    hops = [f"https://alpha.example/hop{number}" for number in range(4)]
    chain = [
        Redirect(url=url, status=302, location=target) for url, target in zip(hops, [*hops[1:], "/a"], strict=True)
    ]
    aside = Redirect(url="https://alpha.example/aside", status=302, location=B)
    keep(ring_of(1), response(A, b"1", redirects=tuple(chain[2:])), response(B, b"2", redirects=(aside,)))
    keep(ring_of(2, days=1), response("https://alpha.example/c", b"3", redirects=tuple(chain[:2])))
    assert remove_from_ring(folder, database, {A}) == 5
    left = [url for name in ring_names(folder) for _, url, _, _ in records(folder / name)[1:]]
    assert left == [aside.url, B, "https://alpha.example/c"]


@pytest.mark.parametrize("damaged", [1, 2, 3])
def test_what_cannot_be_read_is_not_left_behind(ring_of, folder, database, damaged, caplog):
    urls = ["", A, B, "https://alpha.example/c"]
    keep(ring_of(), *(response(url, url.encode()) for url in urls[1:]))
    path = folder / ring_names(folder)[0]
    damage(path, damaged)
    assert remove_from_ring(folder, database, {B}) == (damaged != 2)
    left = [url for number, url in enumerate(urls) if url and number != damaged and url != B]
    assert [url for _, url, _, _ in records(path)[1:]] == left
    assert [type(part).__name__ for part in parts_of(path)] == ["Member"] * (len(left) + 1)
    assert [url for url, _ in rows(database)] == left
    assert "bytes that could not be read were removed too" in caplog.text


def test_a_file_that_cannot_be_read_at_all_goes_with_its_rows(ring_of, folder, database):
    keep(ring_of(), response())
    path = folder / ring_names(folder)[0]
    path.write_bytes(b"\x00" * path.stat().st_size)
    assert remove_from_ring(folder, database, {A}) == 0
    assert (ring_names(folder), rows(database)) == ((), [])


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_removal_that_died_is_finished_by_the_next(ring_of, folder, database, monkeypatch, moment):
    keep(ring_of(), response(A, b"1"), response(B, b"1"), response("https://alpha.example/c", b"3"))
    rewrite = removal._rewrite

    def dies(path, unwanted):
        if moment == "after":
            rewrite(path, unwanted)
        raise KeyboardInterrupt

    monkeypatch.setattr(removal, "_rewrite", dies)
    with pytest.raises(KeyboardInterrupt):
        remove_from_ring(folder, database, {A})
    monkeypatch.undo()
    assert [url for url, _ in rows(database)] == []
    remove_from_ring(folder, database, {A})
    assert [url for url, _ in rows(database)] == ["https://alpha.example/c"]
    assert [url for _, url, _, _ in records(folder / ring_names(folder)[0])[1:]] == ["https://alpha.example/c"]


def test_a_row_goes_by_its_address_whatever_the_files_say(ring_of, folder, database):
    keep(ring_of(), response(B))
    with database.write() as connection:
        row = {"url": A, "digest": "0" * 64, "file": ring_names(folder)[0], "at": START}
        connection.execute(capture.insert().values(row))
    assert remove_from_ring(folder, database, {A}) == 0
    assert [url for url, _ in rows(database)] == [B]


def test_the_ring_can_be_read_while_it_is_written(ring_of, folder):
    ring = ring_of()
    ring.keep(response(A))
    data = (folder / ring_names(folder)[0]).read_bytes()
    found = [record.rec_headers.get_header("WARC-Target-URI") for record in ArchiveIterator(BytesIO(data))]
    assert found == [None, A]
    ring.close()
