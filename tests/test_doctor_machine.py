"""The doctor's look at the machine: Python, SQLite, clock, zones, fonts, folders, disks."""

import os
import stat
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from config_faults import THEMES, fill

from crawler.config.places import Place, shipped_config
from crawler.doctor import folders
from crawler.doctor.folders import (
    check_config,
    check_data,
    check_disk_kind,
    check_passwords,
    check_room,
    check_size,
    kind_of_disk,
    newest_file_time,
)
from crawler.doctor.machine import (
    answer_of,
    check_clock,
    check_fonts,
    check_python,
    check_simulated,
    check_sqlite,
    check_zones,
)
from crawler.doctor.model import Grade

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
AS_USER = "run presswatch as user 4711, "
NOT_AS_ROOT = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")


def grades(findings):
    return [finding.grade.value for finding in findings]


@pytest.mark.parametrize(
    ("version", "grade"),
    [((3, 10, 9), "fault"), ((3, 11, 0), "ok"), ((3, 13, 7), "ok"), ((3, 14, 0), "fault"), ((4, 0, 0), "fault")],
)
def test_python_of_a_supported_version(version, grade):
    assert check_python(version).grade == grade


def test_the_pythons_that_are_supported_are_those_of_the_package():
    assert 'requires-python = ">=3.11,<3.14"' in (shipped_config().parent / "pyproject.toml").read_text("utf-8")


def test_sqlite_needs_full_text_search():
    assert check_sqlite().grade is Grade.OK
    lacking = check_sqlite(lambda: False)
    assert (lacking.grade, "FTS5" in lacking.found) == (Grade.FAULT, True)


# -- time -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("machine", "stored", "written", "said", "expected"),
    [
        (NOW, None, None, None, ["ok"]),
        (NOW, NOW - HOUR, NOW - HOUR, "yes\n", ["ok"]),
        (NOW, NOW + 4 * MINUTE, NOW + 4 * MINUTE, None, ["ok"]),  # two machines on one folder
        (NOW, NOW + 6 * MINUTE, None, None, ["fault"]),
        (NOW, None, NOW + 6 * MINUTE, None, ["fault"]),
        (datetime(2024, 12, 31, tzinfo=UTC), None, None, None, ["fault"]),
        (NOW, None, None, "no\n", ["ok", "warning"]),
        (NOW, None, None, "", ["ok"]),
    ],
)
def test_the_clock_is_believed_unless_something_is_later(machine, stored, written, said, expected):
    assert grades(check_clock(machine, machine, stored, written, lambda command: said)) == expected


def test_a_given_time_is_held_against_the_ledger_and_not_against_the_files():
    past = NOW - 400 * 24 * HOUR
    assert grades(check_clock(NOW, past, past - HOUR, NOW - HOUR, lambda command: None)) == ["ok"]
    assert grades(check_clock(NOW, past, past + HOUR, None, lambda command: None)) == ["fault"]


def test_a_simulated_run_that_lies_ahead_is_told():
    assert grades(check_simulated(NOW, NOW - HOUR)) == []
    assert grades(check_simulated(NOW, NOW + HOUR)) == ["warning"]


def test_zones_that_are_known_by_recent_rules_are_ok():
    assert check_zones(["Asia/Shanghai", "America/Los_Angeles"]).grade is Grade.OK


def test_a_zone_nobody_knows_is_a_fault_that_names_it():
    found = check_zones(["Asia/Shanghai", "Mars/Olympus"])
    assert (found.grade, "Mars/Olympus" in found.found, "Shanghai" in found.found) == (Grade.FAULT, True, False)


def test_a_machine_without_zone_data_is_told():
    def nothing(name):
        raise ZoneInfoNotFoundError(name)

    assert check_zones([], nothing).grade is Grade.FAULT


@pytest.mark.parametrize("paraguay", ["America/Santiago", None])
def test_outdated_zone_data_is_told(paraguay):
    """Until 2024 Paraguay went back to UTC-4 in winter, as Chile still does."""

    def old(name):
        if name == "America/Asuncion":
            if paraguay is None:
                raise ZoneInfoNotFoundError(name)
            return ZoneInfo(paraguay)
        return ZoneInfo(name)

    assert check_zones(["Asia/Shanghai"], old).grade is Grade.WARNING


@pytest.mark.parametrize(
    ("said", "grade", "told"),
    [
        (None, "note", "fc-list is not installed"),
        ("", "note", "no font"),
        ("Noto Sans CJK SC,思源黑体\nAR PL UMing\n", "ok", "AR PL UMing"),
    ],
)
def test_fonts_are_a_note_at_most(said, grade, told):
    found = check_fonts(lambda command: said)
    assert (found.grade, told in found.found) == (grade, True)


def test_a_program_that_is_missing_or_fails_answers_nothing(tmp_path, monkeypatch):
    for name, text in (("good", "echo hello"), ("bad", "echo hello; exit 1"), ("slow", "exec sleep 60")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert [answer_of([name]) for name in ("good", "bad", "none-such")] == ["hello\n", None, None]
    assert answer_of(["slow"]) is None


# -- folders ----------------------------------------------------------------------------------------------------------


def test_the_config_folder_is_told_with_its_rule_and_what_is_shipped(tmp_path):
    fill(tmp_path, {"themes.yaml": THEMES})
    [found] = check_config(Place(tmp_path, "--config"))
    assert found.found.startswith(f"{tmp_path}, by --config; presswatch.yaml, subscriptions.yaml shipped, from ")


def test_to_live_by_the_shipped_config_is_a_note():
    [found] = check_config(Place(shipped_config(), "the shipped config"))
    assert (found.grade, "presswatch init DIR" in found.todo) == (Grade.NOTE, True)


def test_a_config_that_everybody_may_write_is_told(tmp_path):
    tmp_path.chmod(0o777)
    assert grades(check_config(Place(tmp_path, "--config"))) == ["ok", "warning"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("redis_url: redis://:geheim@h/0\n", [1]),
        ("timezone: UTC\ndatabase: 'postgresql://x:geheim@h/d'\nredis_url: redis://:y@h\n", [2, 3]),
        ("# redis_url: redis://:geheim@h/0\n", []),
        ("redis_url: redis://:${SECRET}@h/0\n", []),
        ("redis_url: redis://h:6379/0\ncontact: me@example.org\n", []),
        ("contact: https://example.org/@me:home\n", []),
        ("contact: https://example.org:8443/@me\n", []),
    ],
)
def test_a_password_that_stands_in_the_configuration_is_told_by_its_line(tmp_path, text, lines):
    fill(tmp_path, {"presswatch.yaml": text, "sources/a.yaml": "name: a\n"})
    found = list(check_passwords(tmp_path))
    place = tmp_path / "presswatch.yaml"
    assert [finding.found for finding in found] == [f"a password stands in {place}:{line}" for line in lines]


def test_the_shipped_configuration_spells_out_no_password():
    assert list(check_passwords(shipped_config())) == []


def test_a_data_folder_that_is_not_there_yet_is_a_note(tmp_path):
    [found] = check_data(Place(tmp_path / "a/b", "--data"))
    assert (found.grade, str(tmp_path / "a/b") in found.found, "--data" in found.found) == (Grade.NOTE, True, True)
    assert not (tmp_path / "a").exists()


def test_a_file_where_the_data_folder_belongs_is_a_fault(tmp_path):
    (tmp_path / "data").write_text("x")
    assert grades(check_data(Place(tmp_path / "data", "./data"))) == ["fault"]


@NOT_AS_ROOT
@pytest.mark.parametrize("folder", [".", "below"])
def test_a_data_folder_that_cannot_be_written_is_a_fault(tmp_path, folder):
    tmp_path.chmod(0o500)
    try:
        assert grades(check_data(Place(tmp_path / folder, "--data"))) == ["fault"]
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    ("folder_mode", "database_mode", "expected"),
    [
        (0o700, 0o644, ["ok"]),
        (0o755, 0o600, ["ok"]),
        (0o750, 0o604, ["ok"]),
        (0o755, 0o604, ["ok", "warning"]),
        (0o755, 0o644, ["ok", "warning", "note"]),
        (0o750, 0o640, ["ok", "note"]),
        (0o777, 0o600, ["ok", "warning"]),
    ],
)
def test_who_else_may_read_and_write(tmp_path, folder_mode, database_mode, expected):
    (tmp_path / "presswatch.db").write_text("x")
    (tmp_path / "presswatch.db").chmod(database_mode)
    tmp_path.chmod(folder_mode)
    assert grades(check_data(Place(tmp_path, "--data"))) == expected


def test_what_is_open_to_others_is_named_with_what_closes_it_and_left_as_it_is(tmp_path):
    tmp_path.chmod(0o755)
    for name in ("presswatch.db", "presswatch.db-wal", "run.lock"):
        (tmp_path / name).touch(mode=0o600)
    for name in ("archive", "captures", "digests"):
        (tmp_path / name).mkdir(mode=0o700)
    for name in ("archive", "digests", "presswatch.db-wal"):
        (tmp_path / name).chmod(0o705)
    [_, finding] = check_data(Place(tmp_path, "--data"))
    assert finding.found == f"every user of this machine may read archive, presswatch.db-wal in {tmp_path}"
    assert finding.todo == f"chmod -R o= {tmp_path}/archive {tmp_path}/presswatch.db-wal"
    assert stat.S_IMODE((tmp_path / "archive").stat().st_mode) == 0o705
    (tmp_path / "digests").chmod(0o700)  # nothing is there to be shown, and the folder is closed as well
    [_, finding] = check_data(Place(tmp_path, "--data"))
    assert finding.todo == f"chmod -R o= {tmp_path}"


@AS_ROOT
@pytest.mark.parametrize(
    ("owner", "uid", "entries", "expected", "says"),
    [
        pytest.param(4711, 4711, {"run.lock": 4711}, ["ok"], "", id="all is his"),
        pytest.param(4711, 4711, {"run.lock": 0}, ["ok", "warning"], "chown -R 4711 ", id="a crawl as root"),
        pytest.param(0, 4711, {"run.lock": 4711, "lost+found": 0}, ["ok"], "", id="a volume of Kubernetes"),
        pytest.param(0, 4711, {"a": 4711, "run.lock": 0}, ["ok", "warning"], "chown -R 4711 ", id="root crawled"),
        pytest.param(0, 4711, {"run.lock": 0}, ["ok", "warning"], "chown -R 4711 ", id="all is root's"),
        pytest.param(4711, 4712, {"run.lock": 4711}, ["ok", "note"], AS_USER, id="another user's"),
        pytest.param(4711, 0, {"run.lock": 4711}, ["ok", "note"], AS_USER, id="root looks at it"),
        pytest.param(4711, 0, {"run.lock": 0}, ["ok", "note", "warning"], "chown -R 4711 ", id="after his crawl"),
        pytest.param(0, 0, {"run.lock": 4711}, ["ok"], "", id="root looks at a volume"),
    ],
)  # fmt: skip
def test_whom_the_data_belongs_to(tmp_path, owner, uid, entries, expected, says):
    for name, user in entries.items():
        (tmp_path / name).touch()
        os.chown(tmp_path / name, user, -1)
    os.chown(tmp_path, owner, -1)
    found = list(check_data(Place(tmp_path, "--data"), uid=uid))
    assert grades(found) == expected
    assert found[-1].todo.startswith(says)


MOUNTS = """\
overlay / overlay rw 0 0
/dev/sda1 /srv ext4 rw 0 0
nas:/press /srv/my\\040press nfs4 rw 0 0
tmpfs /tmpfs tmpfs rw 0 0
/dev/sdb1 /twice ext4 rw 0 0
nas:/twice /twice cifs rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "kind", "grade"),
    [
        ("/srv/data", "ext4", "ok"),
        ("/srvx/data", "overlay", "warning"),
        ("/srv/my press/data", "nfs4", "note"),
        ("/srv/my pressure", "ext4", "ok"),
        ("/tmpfs", "tmpfs", "warning"),
        ("/twice/data", "cifs", "note"),
    ],
)
def test_the_kind_of_disk_is_that_of_the_nearest_mount(tmp_path, folder, kind, grade):
    folder = type(tmp_path)(folder)
    assert kind_of_disk(folder, MOUNTS) == kind
    assert check_disk_kind(folder, MOUNTS).grade == grade


def test_where_nobody_tells_the_mounts_nothing_is_said(tmp_path):
    assert check_disk_kind(tmp_path, "") is None


@pytest.mark.parametrize(
    ("free_mb", "least", "grade"),
    [(499, 500, "fault"), (500, 500, "warning"), (999, 500, "warning"), (1000, 500, "ok"), (0, 0, "ok")],
)
def test_room_is_held_against_min_free_mb(tmp_path, free_mb, least, grade):
    found = check_room(tmp_path / "not/yet", least, free_mb * 1_000_000)
    assert (found.grade, f"{free_mb} MB" in found.found) == (grade, True)


def test_room_is_asked_of_the_disk_itself(tmp_path):
    assert check_room(tmp_path, 0).grade is Grade.OK
    assert check_room(tmp_path, 10**12).grade is Grade.FAULT


def test_sizes_are_those_of_all_files(tmp_path):
    fill(tmp_path, {"archive/a/b.md": "x" * 1_500_000, "captures/c.gz": "x" * 200_000, "other": "x" * 900_000})
    (tmp_path / "presswatch.db").write_bytes(b"x" * 3_000_000)
    told = "database 3.0 MB, archive 1.5 MB, captures 0.2 MB, digests 0.0 MB"
    assert check_size(tmp_path, tmp_path / "presswatch.db").found == told


def test_counting_a_large_folder_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "_PATIENCE", -1)
    fill(tmp_path, {"archive/a/b": "", "archive/c/d": ""})
    assert "archive more than 0.0 MB" in check_size(tmp_path, None).found


def test_the_newest_file_time_is_that_of_the_named_files(tmp_path):
    fill(tmp_path, {"a": "", "b": "", "c": ""})
    for name, seconds in (("a", 10), ("b", 30), ("c", 50)):
        os.utime(tmp_path / name, (seconds, seconds))
    assert newest_file_time(tmp_path, ("a", "b", "none")) == 30
    assert newest_file_time(tmp_path, ("none",)) is None


def test_nothing_is_made_and_no_right_changed_by_looking(tmp_path):
    before = stat.S_IMODE(tmp_path.stat().st_mode)
    list(check_data(Place(tmp_path, "--data")))
    check_size(tmp_path, tmp_path / "presswatch.db")
    assert (list(tmp_path.iterdir()), stat.S_IMODE(tmp_path.stat().st_mode)) == ([], before)
