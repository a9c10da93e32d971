"""Disks that are full and databases that refuse, at each writing step: told in order, nothing lost, nothing twice."""

import errno
import json
import sqlite3
from contextlib import closing

import pytest
from backups import call
from bad_weather import DATABASE_STEPS, FILE_STEPS, at_every_connect, database_fails_at, files_fail_at
from rig import Answer, article_page, feed

from crawler.cli.crawl import ExitCode, exit_code, tell
from crawler.database import StorageError
from crawler.storage import StorageFault

NAMES = ("one", "two", "three")
PENDING = "; what is pending stays for the next one"


@pytest.fixture
def three(rig, site):
    rig.source(politeness={"delay": "0s"})
    site.routes["alpha.example/feed"] = Answer(feed(*[f"https://alpha.example/{name}" for name in NAMES]))
    for name in NAMES:
        page = article_page(f"机器人{name}", f"机器人{name}今天走进了工厂，工程师记录它的动作。" * 12)
        site.routes[f"alpha.example/{name}"] = Answer(page)
    return rig


@pytest.fixture
def told(capsys):
    """What an operator under cron reads of a report on stderr, below its first line."""

    def lines(report):
        capsys.readouterr()
        tell(report, to_person=False, nothing_watched=False)
        head, *faults = capsys.readouterr().err.splitlines()
        assert head.startswith(f"presswatch run {report.number}, ")
        assert all(line.startswith("  ") for line in faults)
        return [line[2:] for line in faults]

    return lines


def assert_all_is_well_after_the_next_run(rig, site):
    """Whatever the weather was: the next run in a good one finishes, and nothing is lost or there twice."""
    report = rig.crawl(poll_now=True)
    assert (report.errors, report.stopped, report.balances, report.closed) == ((), "", True, True)
    assert exit_code(report, strict=True) is ExitCode.COMPLETED
    assert rig.outcomes() == dict.fromkeys(NAMES, "kept")
    assert rig.query("SELECT count(*), sum(filed), sum(attempts) FROM article JOIN entry ON id = entry") == [(3, 3, 0)]
    assert [str(path) for path in rig.files()] == sorted(path for [path] in rig.query("SELECT path FROM article"))
    assert len(list((rig.data / "archive").rglob("*.*"))) == 3
    assert max(site.hits.count(f"alpha.example/{name}") for name in NAMES) <= 2
    assert rig.query("SELECT sum(found), sum(kept) FROM book") == [(3, 3)]
    assert rig.query("SELECT count(*) FROM run WHERE ended IS NULL") == [(0,)]
    assert rig.query("SELECT count(*) FROM host WHERE lease_token != ''") == [(0,)]


# -- a full disk -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", DATABASE_STEPS)
def test_a_database_that_is_full_at_any_step_ends_the_run_in_order(three, site, told, caplog, step):
    asked = []
    report = three.crawl(prepare=database_fails_at(DATABASE_STEPS[step], then=lambda: asked.extend(site.hits)))
    cause = f"{three.data}/presswatch.db: the disk is full (SQLITE_FULL): free some space"
    assert told(report) == [f"the run ended early: {cause}{PENDING}, which also closes the books of this one"]
    assert (exit_code(report, strict=False), caplog.records) == (ExitCode.INTERNAL, [])
    assert len(site.hits) - len(asked) <= 1, "more than the page under way was asked for after the disk was full"
    if step != "declaring endpoints":
        assert set(three.outcomes().values()) <= {None, "kept"}
    assert_all_is_well_after_the_next_run(three, site)


@pytest.mark.parametrize("step", FILE_STEPS)
def test_an_archive_file_that_finds_the_disk_full_ends_the_run_in_order(three, site, told, caplog, monkeypatch, step):
    with files_fail_at(step, monkeypatch) as refused:
        report = three.crawl()
    [line] = told(report)
    assert line.startswith(f"the run ended early: {three.data}/archive/alpha/")
    full = (
        "the disk is full (No space left on device): free some space; its rows are stored, and the next run writes it"
    )
    assert line.endswith(f".md: {full}{PENDING}")
    assert (exit_code(report, strict=False), report.closed, caplog.records) == (ExitCode.INTERNAL, True, [])
    # The page under way is read to its end; the next is not asked for.
    assert three.outcomes() in [{"one": "kept", "two": two, "three": None} for two in (None, "kept")]
    assert "alpha.example/three" not in site.hits
    assert len(refused) <= 2 + step.startswith("fsync")  # of the run's capture file, when it ends
    assert three.query("SELECT sum(filed) FROM article") == [(0,)]
    assert not list(three.data.rglob("*.tmp"))
    assert_all_is_well_after_the_next_run(three, site)


def test_a_database_that_has_really_no_page_left_ends_the_run_in_order(three, site, told, caplog):
    """SQLite's own SQLITE_FULL: a database that may not grow."""
    three.crawl(prepare=database_fails_at(DATABASE_STEPS["storing an article"]))
    site.hits.clear()
    [(pages,)] = three.query("PRAGMA page_count")
    site.routes["alpha.example/one"] = Answer(article_page("机器人one", "机器人走进了工厂，工程师记录。" * 4000))
    report = three.crawl(prepare=at_every_connect(f"PRAGMA max_page_count={pages}"))
    assert told(report)[0].startswith(
        f"the run ended early: {three.data}/presswatch.db: the disk is full (SQLITE_FULL): free some space{PENDING}"
    )
    assert (exit_code(report, strict=False), caplog.records) == (ExitCode.INTERNAL, [])
    assert_all_is_well_after_the_next_run(three, site)


def test_files_that_find_the_disk_full_while_what_was_left_is_written_end_the_run_before_it_asks(
    three, site, monkeypatch
):
    with files_fail_at("write", monkeypatch):
        three.crawl()
        site.hits.clear()
        report = three.crawl(poll_now=True)
    assert (site.hits, report.due, report.closed) == ([], 0, True)
    assert "the disk is full" in report.halted
    assert_all_is_well_after_the_next_run(three, site)


def test_a_run_that_ends_early_still_prints_one_document_and_issues_no_digest(three, monkeypatch):
    with files_fail_at("write", monkeypatch):
        result = call(three, "crawl", "--json", "--then-digest")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["totals"]["found"], len(result.stderr.splitlines())) == (1, 3, 2)
    assert three.query("SELECT count(*) FROM digest") == [(0,)]
    assert call(three, "crawl", "--then-digest").exit_code == 0
    assert three.query("SELECT count(*) FROM digest") == [(1,)]


# -- a database that refuses -------------------------------------------------------------------------------------------


def test_a_database_that_another_process_holds_ends_the_run_in_order(three, site, told, caplog):
    three.patience = 0.2
    held = []

    def hold(request):
        other = sqlite3.connect(three.data / "presswatch.db", isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        held.append(other)
        return page

    page = site.routes["alpha.example/two"]
    site.routes["alpha.example/two"] = hold
    report = three.crawl()
    cause = (
        f"{three.data}/presswatch.db: another process has held the database for 0.2 s (SQLITE_BUSY): "
        "end that process, or wait for it to end"
    )
    assert told(report) == [f"the run ended early: {cause}{PENDING}, which also closes the books of this one"]
    assert (exit_code(report, strict=False), caplog.records) == (ExitCode.INTERNAL, [])
    held[0].close()
    site.routes["alpha.example/two"] = page
    assert_all_is_well_after_the_next_run(three, site)


def test_a_database_that_is_held_from_the_beginning_is_told_and_nothing_is_asked(three, site):
    three.crawl()
    three.patience = 0.1
    site.hits.clear()
    with closing(sqlite3.connect(three.data / "presswatch.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match=r"another process has held the database for 0\.1 s \(SQLITE_BUSY\)"):
            three.crawl(poll_now=True)
    assert site.hits == []
    assert_all_is_well_after_the_next_run(three, site)


def test_a_database_that_can_only_be_read_ends_the_run_in_order(three, site, told, caplog):
    report = three.crawl(
        prepare=lambda database: database_turns(database, site, "alpha.example/two", "PRAGMA query_only=ON")
    )
    assert report.halted == (
        f"{three.data}/presswatch.db: it can only be read (SQLITE_READONLY): "
        "let this user write to the file and its folder, or name others with --data"
    )
    assert (len(told(report)), exit_code(report, strict=False), caplog.records) == (1, ExitCode.INTERNAL, [])
    assert_all_is_well_after_the_next_run(three, site)


def database_turns(database, site, where, pragma):
    """Execute the PRAGMA before every transaction that begins after the page at `where` was asked for."""
    from sqlalchemy import event  # noqa: PLC0415

    def before(connection, cursor, statement, *more):
        if statement.startswith("BEGIN") and where in site.hits:
            cursor.execute(pragma)

    event.listen(database.engine, "before_cursor_execute", before)


def test_a_database_that_is_damaged_in_mid_run_is_told_and_left_as_it_is(three, site, told, caplog):
    path, opened = three.data / "presswatch.db", []

    def damage(line):
        """After the first article was stored."""
        if "机器人one" in line:
            opened[0].engine.dispose()  # what is read next is read from the disk
            content = path.read_bytes()
            path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))

    report = three.crawl(prepare=opened.append, watch=damage)
    cause = (
        f"{path}: the database is damaged (SQLITE_CORRUPT): keep a copy of the file, then use presswatch restore FILE"
    )
    assert told(report) == [f"the run ended early: {cause}{PENDING}, which also closes the books of this one"]
    assert (exit_code(report, strict=False), caplog.records) == (ExitCode.INTERNAL, [])
    before = path.read_bytes()
    with pytest.raises(StorageError, match=r"the database is damaged \(SQLITE_CORRUPT\)"):
        three.crawl()
    assert path.read_bytes() == before
    assert len(three.files()) == 1


def test_hosts_that_still_wait_for_their_visit_are_not_asked_after_the_disk_was_full(three, site):
    three.write("presswatch.yaml", {"min_free_mb": 0, "hosts_at_once": 1})
    for name in ("beta", "gamma"):
        three.source(name, f"https://{name}.example/feed")
    three.crawl(prepare=database_fails_at(DATABASE_STEPS["storing an article"]))
    assert {hit.partition("/")[0] for hit in site.hits} == {"alpha.example"}


# -- places that refuse ------------------------------------------------------------------------------------------------


def test_a_place_in_the_archive_that_refuses_keeps_no_other_file_from_being_written(three, site, told, caplog):
    """A file stands where a source's folder must be; the files of another source are written all the same."""
    three.source("beta", "https://beta.example/feed")
    site.routes["beta.example/feed"] = Answer(feed("https://beta.example/four"))
    site.routes["beta.example/four"] = Answer(article_page("机器人four", "第四台机器人今天也来了，它会自己充电。" * 12))
    (three.data / "archive").mkdir(parents=True)
    (three.data / "archive" / "alpha").write_text("in the way")
    report = three.crawl()
    assert (report.stopped, len(report.errors), exit_code(report, strict=False)) == ("", 3, ExitCode.INTERNAL)
    refused = "it cannot be written there (Not a directory): put right what is in the way"
    assert all(refused in error and error.endswith("and the next run writes it") for error in report.errors)
    assert [path.parts[0] for path in three.files()] == ["beta"]
    assert set(three.outcomes().values()) == {"kept"}
    assert caplog.records == []
    (three.data / "archive" / "alpha").unlink()
    assert three.crawl().errors == ()
    assert len(three.files()) == 4


@pytest.mark.parametrize(
    ("code", "fault", "ends"),
    [
        (errno.ENOSPC, StorageFault.FULL, True),
        (errno.EDQUOT, StorageFault.FULL, True),
        (errno.EROFS, StorageFault.READ_ONLY, True),
        (errno.EIO, StorageFault.DEVICE, True),
        (errno.EACCES, StorageFault.PLACE, False),
        (errno.EISDIR, StorageFault.PLACE, False),
        (errno.ENAMETOOLONG, StorageFault.PLACE, False),
    ],
)
def test_a_fault_of_the_whole_disk_ends_the_run_and_one_of_a_place_does_not(three, monkeypatch, code, fault, ends):
    with files_fail_at("open", monkeypatch, code=code):
        report = three.crawl()
    assert fault.value[0] in (report.halted or report.errors[0])
    assert (bool(report.halted), report.balances) == (ends, True)
    assert (three.outcomes()["three"] is None) == ends
