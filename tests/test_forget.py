"""What is forgotten is gone from every byte of the data folder, and is not taken in again."""

import json
import shutil
import subprocess
import sys

import pytest
from archive_rows import DAY, HOUR, NOON
from house import LONG, House
from sqlalchemy import insert, select

from crawler.books import close_run, open_run
from crawler.database import Database, sqlite_url
from crawler.intake import Intake, take_in
from crawler.items import Entry, Origin, Poll
from crawler.ledger import Ledger
from crawler.tables import article as article_table
from crawler.tables import book, endpoint, tombstone
from crawler.tombstones import buried, bury, key_hash
from pipelines.archive.verify import verify
from pipelines.copies.fingerprint import text_hash
from pipelines.digest.books import books_between
from pipelines.forget import Forgetting

TITLE, URL, BODY = "无人问津的那一篇", "https://chenfeng.example/7", LONG.format("七七四十九")
NEEDLES = {
    "title": TITLE.encode(),
    "url": b"chenfeng.example/7",
    "text": BODY[:40].encode(),
    "summary": "独一无二的摘要".encode(),
}


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    made.keep(1)
    yield made
    made.database.close()


def keep(house, **facts):
    return house.keep(7, TITLE, body=BODY, summary="独一无二的摘要", **facts)


def forget(house, query=URL, *options):
    return house.call("forget", query, "--reason", "律师函", "--yes", *options)


def named_in(house):
    """Which of the needles occur in which files of the data folder, in content or name."""
    found = set()
    for path in house.data.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        found |= {(name, path.name) for name, needle in NEEDLES.items() if needle in content + path.name.encode()}
    return found


def all_is_well(house):
    return list(verify(house.database, house.config, house.files)) == []


# -- what goes --------------------------------------------------------------------------------------------------------


def test_no_byte_of_the_data_folder_names_it_any_more(house):
    number = keep(house)
    house.rows.a_version(number, number=2, title=TITLE + "（更新）", text=BODY)
    house.change("UPDATE version SET text_hash = :hash WHERE number = 2", hash=text_hash(BODY, TITLE))
    house.archive.write_file(number)
    house.change("UPDATE book SET error = 'https://chenfeng.example/7: timed out'")
    edited = house.path_of(number)
    edited.with_name(f"{edited.name}.edited-0badcafe").write_text(BODY, "utf-8")
    (edited.parent / ".0123.tmp").write_text(BODY, "utf-8")
    house.issue()
    assert {name for name, _ in named_in(house)} == set(NEEDLES)
    result = forget(house)
    assert result.exit_code == 0, result.stderr
    assert named_in(house) == set()
    assert all_is_well(house)
    assert result.stdout == (
        "forgotten: entry 2 of chenfeng, with 2 versions, 2 files, 0 captures, 1 digests made again\n"
        "backups made before now still hold it\n"
    )


@pytest.mark.parametrize("table", ["entry", "article", "version", "sighting"])
def test_every_row_of_it_goes_and_none_of_another(house, table):
    before = house.query(f"SELECT count(*) FROM {table}")
    keep(house)
    forget(house)
    assert house.query(f"SELECT count(*) FROM {table}") == before
    assert house.query("SELECT title FROM article") == [("第1台样机亮相",)]


def test_an_error_of_its_page_is_told_without_its_address(house):
    keep(house)
    house.change(
        "UPDATE book SET error = 'https://chenfeng.example/7: timed out\nhttps://chenfeng.example/70: timed out'"
    )
    forget(house)
    assert house.query("SELECT DISTINCT error FROM book") == [
        ("(forgotten): timed out\nhttps://chenfeng.example/70: timed out",)
    ]


def test_issued_digests_are_made_again_without_it(house):
    keep(house)
    house.issue()
    folder = house.data / "digests" / "daily"
    other = folder / "2025-03-02.md"
    other.write_text("an older one, of which only the file is left", "utf-8")
    forget(house)
    for name in ("2025-03-03.md", "latest.md"):
        assert "第1台样机亮相" in (folder / name).read_text("utf-8")
    assert other.read_text("utf-8") == "an older one, of which only the file is left"
    assert house.call("digest", "--date", "2025-03-03").stdout == (folder / "latest.md").read_text("utf-8")


def test_titles_and_addresses_are_found_as_the_digest_spells_them(house):
    house.keep(8, "a_b *c* [d]", url="https://chenfeng.example/x(1)")
    house.issue()
    assert "1 files, 0 captures, 1 digests" in forget(house, "2").stdout
    assert "x%281%29" not in (house.data / "digests" / "daily" / "latest.md").read_text("utf-8")


def test_a_digest_that_no_subscription_makes_is_removed_and_a_persons_file_is_not(house):
    keep(house)
    house.rows.a_digest(cut_to=NOON, subscription="weekly")
    for name in ("weekly/2025-03-03.md", "weekly/latest.md", "daily/notes.md"):
        (house.data / "digests" / name).parent.mkdir(parents=True, exist_ok=True)
        (house.data / "digests" / name).write_text(f"* {TITLE}", "utf-8")
    result = forget(house)
    assert "digests/weekly/2025-03-03.md is removed: no subscription makes it again" in result.stdout
    assert "digests/daily/notes.md names it and is none of our digests: see to it yourself" in result.stdout
    assert [path.name for path in (house.data / "digests").rglob("*.md")] == ["notes.md"]


def test_an_article_off_theme_and_one_that_was_let_go_are_forgotten_too(house):
    keep(house, verdicts=())
    assert forget(house).exit_code == 0
    house.change("UPDATE article SET path = '', filed = 0, expired = kept_at WHERE entry = 1")
    house.change("UPDATE version SET text = '', markdown = '' WHERE entry = 1")
    assert forget(house, "1").exit_code == 0
    assert house.query("SELECT * FROM entry") == []


def test_the_index_hears_of_it_first_and_the_captures_by_every_address(house):
    number = keep(house, original_url="https://mp.weixin.qq.com/s/abcdefghijk")
    heard = {}

    def unindex(connection, entry_id):
        heard["indexed"] = connection.scalar(select(article_table.c.title).where(article_table.c.entry == entry_id))

    def uncapture(addresses):
        heard["captured"] = set(addresses)
        return 3

    forgetting = Forgetting(house.database, house.data, house.config, unindex=unindex, uncapture=uncapture)
    done = forgetting.article(number, reason="x", now=lambda: NOON, process=1)
    assert done.captures == 3
    assert heard == {
        "indexed": TITLE,
        "captured": {URL, "https://mp.weixin.qq.com/s/abcdefghijk", "https://chenfeng.example/feed"},
    }


# -- its group --------------------------------------------------------------------------------------------------------


def test_the_first_copy_stands_for_the_group_from_then_on(house):
    number = keep(house)
    heir, other = (house.keep(n, TITLE, body=BODY, source="xinchao") for n in (8, 9))
    named = house.path_of(other).read_text("utf-8")
    assert "url:chenfeng.example/7" in named
    result = forget(house)
    assert f"copies of it stay, forget them too if they are meant: entries {heir}, {other}" in result.stdout
    assert house.query("SELECT entry, representative FROM article WHERE entry IN (3, 4)") == [
        (heir, None),
        (other, heir),
    ]
    assert house.query("SELECT entry, original FROM copy") == [(other, heir)]
    assert 'copy_of: "url:xinchao.example/8"' in house.path_of(other).read_text("utf-8")
    assert all_is_well(house)
    assert number not in {entry for [entry] in house.query("SELECT id FROM entry")}


def test_a_copy_leaves_its_group_as_it_is(house):
    original = keep(house)
    house.keep(8, TITLE, body=BODY, source="xinchao")
    result = forget(house, "https://xinchao.example/8")
    assert f"copies of it stay, forget them too if they are meant: entries {original}" in result.stdout
    assert all_is_well(house)


@pytest.mark.parametrize("gone", [2, 3], ids=["the one that was kept first", "the seed that stands for it"])
def test_two_of_one_text_that_were_both_kept(house, gone):
    first = keep(house)
    house.change("UPDATE article SET text_hash = 'x' WHERE entry = 2")
    seed = house.keep(8, TITLE, body=BODY)
    house.change("UPDATE article SET origin = 'seed' WHERE entry = :id", id=seed)
    house.change("INSERT INTO copy VALUES (:first, :seed, 'same_text', 1, '2025-03-03')", first=first, seed=seed)
    same = "text_hash = (SELECT text_hash FROM article WHERE entry = :seed)"
    house.change(f"UPDATE article SET representative = :seed, {same} WHERE entry = :first", seed=seed, first=first)
    house.archive.write_file(first)
    house.archive.write_file(seed)
    assert forget(house, str(gone)).exit_code == 0
    assert all_is_well(house)


def test_of_a_seed_it_says_where_it_also_stands(house):
    number = keep(house)
    house.change("UPDATE article SET origin = 'seed'")
    house.change("UPDATE entry SET origin = 'seed'")
    with house.database.write() as connection:
        connection.execute(insert(endpoint).values(id=9, source="chenfeng", url=f"seeds:{TITLE}.txt", host=""))
    house.change("UPDATE entry SET endpoint = 9 WHERE id = :id", id=number)
    house.change("UPDATE sighting SET endpoint = 9 WHERE key = 'url:chenfeng.example/7'")
    assert "it is a seed: delete the file it was imported from as well" in forget(house).stdout
    assert named_in(house) == set()


# -- what waits -------------------------------------------------------------------------------------------------------


def test_the_books_join_when_what_waits_is_forgotten(house):
    ledger = Ledger(house.database)
    with house.database.write() as connection:
        crawl = open_run(connection, command="crawl", process=1, now=NOON, sources=["chenfeng"])
    [state] = ledger.declare_endpoints([("chenfeng", "https://chenfeng.example/feed")]).values()
    poll = Poll(
        entries=tuple(
            Entry(key=f"url:chenfeng.example/{n}", url=f"https://chenfeng.example/{n}", title=TITLE) for n in (7, 8)
        )
    )
    ledger.record_poll(crawl, state, poll, now=NOON, next_due=NOON + HOUR, max_age=7 * DAY)
    close(house, crawl)
    assert forget(house).exit_code == 0
    with house.database.write() as connection:
        later = open_run(connection, command="crawl", process=1, now=NOON + 2 * DAY, sources=["chenfeng"])
    close(house, later)
    with house.database.read() as connection:
        books = books_between(connection, house.config, NOON, NOON + 3 * DAY)
    assert books.imbalances == ()
    [line] = [line for line in books.lines if line.source == "chenfeng"]
    assert (line.found, line.outcomes["refused"], line.carried_out) == (2, 1, 1)
    assert house.query("SELECT command, error FROM run WHERE command = 'forget'") == [("forget", "")]
    assert not {name for name, _ in named_in(house)} & {"url"}


def close(house, run):
    with house.database.write() as connection:
        close_run(connection, run, NOON + HOUR)


# -- not again --------------------------------------------------------------------------------------------------------


@pytest.fixture
def forgotten(house):
    keep(house, original_url="https://mp.weixin.qq.com/s/abcdefghijk")
    assert forget(house).exit_code == 0
    return house


@pytest.mark.parametrize("key", ["url:chenfeng.example/7", "wechat:abcdefghijk"])
def test_an_announcement_of_it_is_known_and_leaves_nothing(forgotten, key):
    house, ledger = forgotten, Ledger(forgotten.database)
    with house.database.write() as connection:
        run = open_run(connection, command="crawl", process=1, now=NOON, sources=["chenfeng"])
    [state] = ledger.declare_endpoints([("chenfeng", "https://chenfeng.example/feed")]).values()
    poll = Poll(entries=(Entry(key=key, url=URL, title=TITLE), Entry(key="url:chenfeng.example/9", url=URL + "9")))
    result = ledger.record_poll(run, state, poll, now=NOON, next_due=NOON + HOUR, max_age=7 * DAY)
    assert (result.found, result.known) == (1, 1)
    assert house.query("SELECT key FROM sighting WHERE key = :key", key=key) == []
    assert house.query("SELECT key FROM entry WHERE key = :key", key=key) == []


def test_a_file_that_brings_it_is_not_taken_in(forgotten):
    with forgotten.database.write() as connection:
        run = open_run(connection, command="seeds import", process=1, now=NOON, sources=["chenfeng"])
        intake = Intake(run=run, origin=Origin.SEED, place="seeds:x")
        item = Entry(key="url:chenfeng.example/7", url=URL)
        assert take_in(connection, intake, "chenfeng", item, NOON) is None
        assert connection.scalar(select(book.c.known).where(book.c.run == run, book.c.source == "chenfeng")) == 1


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"final_key": "url:chenfeng.example/7"}, id="by where it led"),
        pytest.param({"original_url": "https://mp.weixin.qq.com/s/abcdefghijk"}, id="by its first publication"),
    ],
)
def test_another_announcement_that_leads_to_it_is_refused(forgotten, facts):
    house = forgotten
    other = house.keep(99, TITLE, body=BODY, summary="独一无二的摘要", authors=["某人"], **facts)
    assert house.query("SELECT outcome, reason FROM entry WHERE id = :id", id=other) == [
        ("refused", "forgotten on 2025-03-04: 律师函")
    ]
    assert house.query("SELECT count(*) FROM article") == [(1,)]
    house.database.scrub()
    assert {name for name, _ in named_in(house)} == set()


def test_explain_says_when_and_why_and_nothing_else(forgotten):
    for query in (
        URL,
        "http://www.chenfeng.example/7/?utm_source=x",
        "url:chenfeng.example/7",
        "https://mp.weixin.qq.com/s/abcdefghijk",
    ):
        result = forgotten.call("explain", query)
        assert (result.exit_code, result.stdout) == (0, "已于 2025-03-04 12:00:00 按要求遗忘：律师函\n")
    document = json.loads(forgotten.call("explain", URL, "--json").stdout)
    assert document == {"forgotten": document["forgotten"], "reason": "律师函"}
    assert document["forgotten"].startswith("2025-03-04T04:00:00")
    assert forgotten.call("explain", TITLE).exit_code == 2


def test_a_tombstone_holds_hashes_alone_and_the_first_one_stays(house):
    with house.database.write() as connection:
        bury(connection, ["a"], reason="first", now=NOON)
        bury(connection, ["a", "b"], reason="second", now=NOON + DAY)
        rows = connection.execute(select(tombstone.c.key_hash, tombstone.c.reason).order_by(tombstone.c.reason)).all()
        found = buried(connection, ["b", "c", *map(str, range(1000))])
    assert [tuple(row) for row in rows] == [(key_hash("a"), "first"), (key_hash("b"), "second")]
    assert list(found) == ["b"]


# -- interrupted ------------------------------------------------------------------------------------------------------

KILLED_AT = """
import contextlib, os, signal, sys
from pathlib import Path
from crawler.cli import main
from crawler.database import Database

left = int(sys.argv.pop(1))

def event():
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

write = Database.write

@contextlib.contextmanager
def counted_write(self):
    with write(self) as connection:
        yield connection
        event()
    event()

def counted(function):
    def call(*arguments, **options):
        result = function(*arguments, **options)
        event()
        return result
    return call

Database.write, Database.scrub = counted_write, counted(Database.scrub)
Path.unlink, Path.replace = counted(Path.unlink), counted(Path.replace)
main()
"""


def killed_after(house, events):
    """Forget in a process of its own that kills itself after so many writes; whether it came so far."""
    places = ["--config", house.folder / "config", "--data", house.data, "--now", (NOON + DAY).isoformat()]
    command = [sys.executable, "-c", KILLED_AT, str(events), *map(str, places), "forget", URL, "--reason", "x", "--yes"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode in {0, -9}, run.stderr
    return run.returncode == -9


@pytest.mark.parametrize("waits", [False, True], ids=["stored", "pending"])
def test_killed_at_any_instant_the_same_command_finishes(house, tmp_path, waits):
    if waits:
        house.rows.an_entry(key="url:chenfeng.example/7", url=URL, title=TITLE)
    else:
        keep(house)
        house.keep(8, TITLE + "转", body=BODY, source="xinchao")
        house.issue()
    house.database.scrub()
    house.database.close()
    as_it_was = shutil.copytree(house.data, tmp_path / "as it was")
    events = 1
    while killed_after(house, events):
        assert forget(house).exit_code == 0
        if not waits:
            assert forget(house, "https://xinchao.example/8").exit_code == 0
        assert named_in(house) == set(), events
        assert all_is_well(house), events
        assert house.call("explain", URL).stdout.startswith("已于 ")
        house.database.close()
        shutil.rmtree(house.data)
        shutil.copytree(as_it_was, house.data)
        events += 1
    assert events > 5


def test_a_digest_that_cannot_be_written_keeps_the_article_for_another_try(house, monkeypatch):
    keep(house)
    house.issue()

    def refuse(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipelines.digest.issue.write_atomically", refuse)
    result = forget(house)
    assert result.exit_code == 1
    assert "No space left on device" in result.stderr
    assert house.query("SELECT count(*) FROM entry") == [(2,)]
    assert all_is_well(house)
    monkeypatch.undo()
    assert forget(house).exit_code == 0
    assert named_in(house) == set()


def test_a_file_that_cannot_be_removed_is_told(house, monkeypatch):
    path = house.path_of(keep(house))
    unlink = type(path).unlink

    def refuse(self, **options):
        if self == path:
            raise PermissionError(13, "Permission denied", str(path))
        unlink(self, **options)

    monkeypatch.setattr(type(path), "unlink", refuse)
    result = forget(house)
    assert result.exit_code == 1
    assert f"not all could be removed ({path}: Permission denied); see to that, and forget it again" in result.stderr
    assert all_is_well(house)


def test_somebody_who_reads_an_older_state_is_told_of(house, monkeypatch):
    monkeypatch.setattr("crawler.database._BUSY_SECONDS", 0.05)
    keep(house)
    other = Database(sqlite_url(house.data / "presswatch.db"))
    with other.read() as connection:
        connection.execute(select(article_table.c.title)).all()
        result = forget(house)
        assert result.exit_code == 0
        assert (
            "another process reads the database: until it ends, the log beside it holds what was removed"
            in result.stdout
        )
    other.close()
    assert forget(house).exit_code == 0
    assert named_in(house) == set()


# -- the command ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param([URL, "--reason", "x"], "there is no terminal to ask on: add --yes", id="nobody to ask"),
        pytest.param([URL, "--yes"], "Missing option '--reason'", id="no reason"),
        pytest.param([URL, "--yes", "--reason", " "], "--reason expects a few words", id="an empty reason"),
        pytest.param([TITLE, "--yes", "--reason", "x"], "presswatch forget 编号\n  2　无人问津", id="a title"),
        pytest.param(["样机", "--yes", "--reason", "x"], "presswatch forget 编号\n  1　第1台", id="a part of one"),
        pytest.param(
            ["没有的", "--yes", "--reason", "x"], "nothing is known of 没有的; give its whole URL", id="nothing"
        ),
        pytest.param(["99", "--yes", "--reason", "x"], "nothing is known of 99", id="no such id"),
    ],
)
def test_what_cannot_be_meant_changes_nothing_and_ends_with_2(house, arguments, told):
    keep(house)
    result = house.call("forget", *arguments)
    assert result.exit_code == 2
    assert told in result.stderr
    assert house.query("SELECT count(*) FROM entry") == [(2,)]


@pytest.mark.parametrize(("answer", "code", "left"), [("n\n", 1, 2), ("y\n", 0, 1)])
def test_on_a_terminal_it_asks(house, monkeypatch, answer, code, left):
    keep(house)
    monkeypatch.setattr("crawler.cli.forget.is_terminal", lambda: True)
    result = house.call("forget", URL, "--reason", "x", input=answer)
    assert f"Forget entry 2 of chenfeng (kept), {TITLE}, for good? [y/N]: " in result.stderr
    assert result.exit_code == code
    assert house.query("SELECT count(*) FROM entry") == [(left,)]


@pytest.mark.parametrize("query", [URL, "url:chenfeng.example/7", "2"])
def test_it_is_named_by_url_key_or_id(house, query):
    keep(house)
    document = json.loads(forget(house, query, "--json").stdout)
    assert (document["entry"], document["was_known"], document["versions"]) == (2, True, 1)
    assert [path.startswith("chenfeng/2025/03/03-") for path in document["files"]] == [True]


def test_what_was_never_seen_is_not_taken_in_either(house):
    result = forget(house, "https://nobody.example/1")
    assert result.stdout.startswith("https://nobody.example/1 was never seen; it will not be taken in\n")
    with house.database.read() as connection:
        assert "url:nobody.example/1" in buried(connection, ["url:nobody.example/1"])


def test_forgetting_twice_says_so(house):
    keep(house)
    forget(house)
    assert forget(house).stdout.startswith(f"{URL} was forgotten on 2025-03-04 already; nothing more is left of it\n")
    document = json.loads(forget(house, URL, "--json").stdout)
    assert document["already_forgotten"].startswith("2025-03-04T04:00:00")
