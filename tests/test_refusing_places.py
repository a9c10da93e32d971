"""Real processes that meet folders they may not write, full disks, and files that somebody edited."""

import errno
import os
import re
import subprocess
import sys

import pytest
from backups import NAMES, call, contents, live
from bad_weather import FILE_STEPS, files_fail_at
from rig import START, Answer, article_page, feed
from sqlalchemy import select

from crawler.database import Database, sqlite_url
from crawler.failure_table import Failure
from crawler.tables import article
from pipelines.archive.facts import latest_version
from pipelines.archive.versions import Reading, add_version
from pipelines.digest.render import Format

# The superuser may write everywhere; without its capabilities it is its files' owner and nothing more.
UNPRIVILEGED = """
import ctypes, os, sys
if os.geteuid() == 0:
    header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None).capset(header, none) != 0:
        raise OSError("the capabilities cannot be given up")
from crawler.cli import main
main()
"""

# From its n-th file on, the process finds the disk full.
FULL_DISK = """
import errno, itertools, os, sys
from crawler.cli import main

nth, count, really = int(sys.argv.pop(1)), itertools.count(1), os.fsync

def fsync(descriptor):
    if next(count) >= nth:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    really(descriptor)

os.fsync = fsync
main()
"""

pytestmark = pytest.mark.skipif(
    os.geteuid() == 0 and sys.platform != "linux", reason="only Linux's superuser can give up its capabilities"
)


@pytest.fixture
def three(rig, site):
    """Three articles that are still to be crawled."""
    site.routes["alpha.example/feed"] = Answer(feed(*[f"https://alpha.example/{name}" for name in NAMES]))
    for name in NAMES:
        page = article_page(f"机器人{name}", f"机器人{name}今天走进了工厂，工程师记录它的动作。" * 12)
        site.routes[f"alpha.example/{name}"] = Answer(page)
    return rig


@pytest.fixture
def locked():
    """Takes the right to write from paths until the test is over."""
    modes = {}

    def lock(*paths):
        for path in paths:
            modes[path] = path.stat().st_mode
            path.chmod(0o555 if path.is_dir() else 0o444)

    yield lock
    for path, mode in modes.items():
        path.chmod(mode)


def process(rig, script, *arguments):
    """Run `script`, which calls presswatch with `arguments`; its exit code and what it wrote to stderr."""
    options = {"--config": rig.config, "--data": rig.data, "--now": START.isoformat(), "--route": rig.route}
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    given = [str(part) for pair in options.items() for part in pair if pair[0] not in arguments]
    command = [sys.executable, "-c", script, *map(str, arguments), *given]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr.splitlines()


# -- folders that may only be read -------------------------------------------------------------------------------------


def test_a_data_folder_that_may_only_be_read_is_told_before_anything_is_asked(lived_then_locked, site):
    rig = lived_then_locked("")
    code, lines = process(rig, UNPRIVILEGED, "crawl", "--all")
    # Which of the two it is depends on SQLite's version.
    found = "it can only be read|it cannot be opened"
    assert (code, len(lines), site.hits) == (1, 1, [])
    assert re.match(f"Error: {rig.data}/presswatch.db: ({found}) \\(SQLITE_[A-Z_]+\\): [a-z]", lines[0])


def test_a_new_data_folder_that_may_only_be_read_is_told(three, locked, site):
    three.data.mkdir()
    locked(three.data)
    code, lines = process(three, UNPRIVILEGED, "crawl")
    told = f"Error: {three.data}/run.lock cannot be written: Permission denied; name another folder with --data"
    assert (code, lines, site.hits) == (1, [told], [])


def test_a_database_that_may_only_be_read_is_told_and_still_explains(lived_then_locked, site):
    rig = lived_then_locked("presswatch.db")
    code, lines = process(rig, UNPRIVILEGED, "crawl", "--all")
    remedy = "let this user write to the file and its folder, or name others with --data"
    told = f"Error: {rig.data}/presswatch.db: it can only be read (SQLITE_READONLY): {remedy}"
    assert (code, lines, site.hits) == (1, [told], [])
    assert process(rig, UNPRIVILEGED, "explain", "机器人one") == (0, [])


def test_an_archive_that_may_only_be_read_keeps_no_article_from_being_stored(three, locked):
    (three.data / "archive").mkdir(parents=True)
    locked(three.data / "archive")
    code, lines = process(three, UNPRIVILEGED, "crawl")
    told = [
        line for line in lines if line.startswith(f"  internal failure: {Failure.DISK}: {three.data}/archive/alpha/")
    ]
    refused = "it cannot be written there (Permission denied): put right what is in the way"
    assert (code, len(told)) == (1, 3)
    assert all(line.endswith(f"{refused}; its rows are stored, and the next run writes it") for line in told)
    assert three.outcomes() == dict.fromkeys(NAMES, "kept")
    assert three.query("SELECT sum(filed), sum(attempts) FROM article JOIN entry ON id = entry") == [(0, 0)]
    (three.data / "archive").chmod(0o755)
    assert process(three, UNPRIVILEGED, "crawl") == (0, [])
    assert len(three.files()) == 3
    assert three.query("SELECT sum(filed) FROM article") == [(3,)]


def test_a_digest_folder_that_may_only_be_read_is_told_and_the_digest_made_later(three, locked):
    (three.data / "digests").mkdir(parents=True)
    locked(three.data / "digests")
    code, lines = process(three, UNPRIVILEGED, "crawl", "--then-digest")
    path = f"{three.data}/digests/daily/2025-03-03.md"
    kept = "its cut is stored, and the next call makes its files again"
    assert (code, lines) == (1, [f"Error: the digest {path} cannot be written: Permission denied; {kept}"])
    (three.data / "digests").chmod(0o755)
    assert process(three, UNPRIVILEGED, "crawl", "--then-digest") == (0, [])
    names = {f"{name}.{form}" for name in ("2025-03-03", "latest") for form in Format}
    assert set(contents(three.data / "digests")) == {f"daily/{name}" for name in names}


def test_a_backup_and_a_restore_into_folders_that_may_only_be_read_are_told(rig, site, locked, tmp_path):
    live(rig, site)
    place = tmp_path / "place"
    place.mkdir()
    call(rig, "backup", tmp_path / "good.tgz")
    locked(place)
    code, [line] = process(rig, UNPRIVILEGED, "backup", place / "b.tgz")
    refused = "it cannot be written there (Permission denied): put right what is in the way"
    assert (code, line) == (1, f"Error: {place}/b.tgz: {refused}; no backup was written")
    code, [line] = process(rig, UNPRIVILEGED, "restore", tmp_path / "good.tgz", "--data", place / "new")
    assert (code, line) == (1, f"Error: {place}/new: {refused}; nothing was restored")


def test_an_article_that_may_not_be_read_makes_no_backup(rig, site, locked, tmp_path):
    live(rig, site)
    path = rig.data / "archive" / rig.files()[0]
    path.chmod(0)
    code, [line] = process(rig, UNPRIVILEGED, "backup", tmp_path / "b.tgz")
    told = f"Error: {path}: it cannot be read (Permission denied): let this user read it; no backup was written"
    assert (code, line, (tmp_path / "b.tgz").exists()) == (1, told, False)


@pytest.fixture
def lived_then_locked(rig, site, locked):
    """An installation that was crawled, one of whose paths may then only be read."""

    def make(name):
        live(rig, site)
        site.hits.clear()
        locked(rig.data / name)
        return rig

    return make


# -- full disks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nth", [1, 2, 3, 5, 6, 11])
def test_a_process_that_finds_the_disk_full_ends_in_order_and_the_next_one_finishes(three, nth):
    code, [head, line] = process(three, FULL_DISK, nth, "crawl", "--then-digest")
    assert (code, head.endswith(": it ended early")) == (1, True)
    assert line.startswith(f"  the run ended early: {three.data}/archive/alpha/")
    pending = "its rows are stored, and the next run writes it; what is pending stays for the next one"
    assert line.endswith(f": the disk is full (No space left on device): free some space; {pending}")
    assert not (three.data / "digests").exists()
    report = three.crawl(poll_now=True)
    assert (report.errors, report.stopped, report.balances) == ((), "", True)
    assert three.outcomes() == dict.fromkeys(NAMES, "kept")
    assert len(contents(three.data / "archive")) == 3


@pytest.mark.parametrize("which", range(6))  # of the files, in the order in which they are written
@pytest.mark.parametrize("step", FILE_STEPS)
def test_a_digest_that_finds_the_disk_full_is_made_by_the_next_call(three, monkeypatch, step, which):
    call(three, "crawl")
    steps_of_a_file = 2 if step == "fsync of the folder" else 1
    with files_fail_at(step, monkeypatch, after=which * steps_of_a_file) as refused:
        result = call(three, "digest")
    assert result.exit_code == 1
    told = f"the digest {three.data}/digests/daily/2025-03-03.md cannot be written: No space left on device"
    assert result.stderr == f"Error: {told}; its cut is stored, and the next call makes its files again\n"
    assert len(refused) == 1
    assert not list(three.data.rglob("*.tmp"))
    good = call(three, "digest")
    assert (good.exit_code, "机器人one" in good.stdout) == (0, True)
    files = contents(three.data / "digests" / "daily")
    assert set(files) == {f"{name}.{form}" for name in ("2025-03-03", "latest") for form in Format}
    assert all(files[f"2025-03-03.{form}"] == files[f"latest.{form}"] for form in Format)
    assert files["2025-03-03.md"] == good.stdout.encode()
    assert three.query("SELECT count(*) FROM digest") == [(1,)]


# -- a file that somebody edited ---------------------------------------------------------------------------------------


def test_a_file_edited_by_hand_is_kept_under_another_name_when_it_is_written_anew(three, capsys):
    call(three, "crawl")
    path = three.data / "archive" / three.files()[0]
    written = path.read_text(encoding="utf-8")
    path.write_text(written + "\n我的批注。\n", encoding="utf-8")
    change_the_article(three)
    result = call(three, "crawl")
    kept = [found for found in path.parent.iterdir() if ".md.edited-" in found.name]
    assert [found.read_text(encoding="utf-8") for found in kept] == [written + "\n我的批注。\n"]
    relative = path.relative_to(three.data / "archive")
    assert f"{relative} was edited by hand; the edited text is kept as {kept[0].name}" in result.stderr
    assert (result.exit_code, "另一个题目" in path.read_text(encoding="utf-8")) == (0, True)
    assert call(three, "crawl").stderr == ""


def test_a_file_edited_by_hand_that_need_not_be_written_is_left_alone(three):
    call(three, "crawl")
    path = three.data / "archive" / three.files()[0]
    path.write_text("我的批注。", encoding="utf-8")
    assert call(three, "crawl", "--all").stderr == ""
    assert path.read_text(encoding="utf-8") == "我的批注。"


@pytest.mark.parametrize("step", FILE_STEPS)
def test_an_edited_text_is_kept_also_when_the_disk_is_full_just_then(three, monkeypatch, step):
    call(three, "crawl")
    path = three.data / "archive" / three.files()[0]
    path.write_text("我的批注。", encoding="utf-8")
    change_the_article(three)
    with files_fail_at(step, monkeypatch, code=errno.ENOSPC):
        assert call(three, "crawl").exit_code == 1
    assert call(three, "crawl").exit_code == 0
    assert [found.read_text(encoding="utf-8") for found in path.parent.glob("*.edited-*")] == ["我的批注。"]
    assert "另一个题目" in path.read_text(encoding="utf-8")


def change_the_article(rig):
    """A revisit of the first file's article finds another title; its file is still to be written."""
    database = Database(sqlite_url(rig.data / "presswatch.db"))
    with database.write() as connection:
        [entry_id] = connection.scalars(select(article.c.entry).order_by(article.c.path).limit(1))
        last = latest_version(connection, entry_id)
        said = {name: last[name] for name in ("markdown", "text", "text_hash")}
        new = Reading(title="另一个题目", images=(), extractor="another", **said)
        assert add_version(connection, entry_id, new, rig.clock.now())
    database.close()
