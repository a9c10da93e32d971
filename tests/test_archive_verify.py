"""Rows and files of the archive agree, or what is wrong is told with what to do."""

import json
import os
import stat

import pytest
from archive_rows import NOON
from house import House
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert
from upkeep import (
    change_the_rows,
    edit,
    edit_and_change_the_rows,
    fill,
    forget_what_was_written,
    found,
    lose,
    put_a_folder_there,
    rebuild,
)

from crawler.lock import run_lock
from crawler.tables import copy, run
from pipelines.archive.findings import Kind
from pipelines.archive.tree import names_below
from pipelines.archive.verify import verify

NONE = " (an article that is off theme or has expired has none)"


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    fill(made)
    yield made
    made.database.close()


def test_all_is_well_after_a_run(house):
    assert house.query("SELECT outcome FROM article ORDER BY entry") == [
        ("kept",),
        ("kept",),
        ("copy",),
        ("off_theme",),
    ]
    assert found(house) == []
    result = house.call("archive", "verify")
    assert (result.exit_code, result.stdout) == (0, f"4 articles, 4 versions and 3 files{NONE}: all is well\n")


# -- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        pytest.param(lose, Kind.MISSING, id="missing"),
        pytest.param(edit, Kind.EDITED, id="edited"),
        pytest.param(change_the_rows, Kind.STALE, id="stale"),
        pytest.param(edit_and_change_the_rows, Kind.EDITED, id="edited, and stale as well"),
        pytest.param(forget_what_was_written, Kind.EDITED, id="nobody knows what was written"),
        pytest.param(put_a_folder_there, Kind.UNREADABLE, id="a folder in its place"),
    ],
)
def test_a_file_that_its_row_does_not_agree_with(house, spoil, kind):
    path = house.path_of(1)
    spoil(house, path)
    assert found(house) == [(kind, 1, path.relative_to(house.files).as_posix())]


def test_a_file_that_is_right_is_right_whatever_hash_was_noted(house):
    house.change("UPDATE article SET file_hash = 'of a process that died before it noted the next one'")
    assert found(house) == []


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        pytest.param("note.md", [Kind.UNKNOWN], id="a Markdown file"),
        pytest.param("chenfeng/2025/03/99-x.md", [Kind.UNKNOWN], id="among ours"),
        pytest.param("zz/deep/er/x.md", [Kind.UNKNOWN], id="after ours"),
        pytest.param("chenfeng/.abc.tmp", [Kind.LEFTOVER], id="what a killed writer left"),
        pytest.param("chenfeng/2025/03/03-x.md.edited-0badcafe", [Kind.KEPT_ASIDE], id="set aside"),
        pytest.param("picture.png", [], id="no Markdown"),
        pytest.param(os.fsdecode(b"\xff.md"), [Kind.UNKNOWN], id="a name that is no UTF-8"),
    ],
)
def test_a_file_that_no_row_names(house, name, kinds):
    (house.files / name).parent.mkdir(parents=True, exist_ok=True)
    (house.files / name).write_text("x", "utf-8")
    assert found(house) == [(kind, None, name) for kind in kinds]
    assert house.call("archive", "verify").exit_code == (1 if set(kinds) - {Kind.KEPT_ASIDE} else 0)
    assert house.call("archive", "verify", "--json").exit_code in {0, 1}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_told_and_not_called_missing(house):
    path = house.path_of(1)
    path.chmod(0)
    assert [kind for kind, _, _ in found(house)] == [Kind.UNREADABLE]
    path.chmod(stat.S_IRUSR)
    path.parent.chmod(0)
    assert {kind for kind, _, _ in found(house)} == {Kind.UNREADABLE}
    path.parent.chmod(stat.S_IRWXU)


def test_a_folder_that_cannot_be_listed_is_told(house, monkeypatch):
    scandir, closed = os.scandir, house.files / "xinchao"

    def refuse(path):
        if str(path).startswith(str(closed)):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert found(house) == [(Kind.UNREADABLE, None, "xinchao")]
    assert rebuild(house).faults == [f"{closed} cannot be read: Permission denied"]


NAMES = st.lists(
    st.lists(
        st.text("ab.-/中🚀", min_size=1, max_size=3).map(lambda name: name.strip("/.") or "a"), min_size=1, max_size=3
    ),
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(paths=NAMES)
def test_files_come_in_the_order_of_their_names_bytes(tmp_path_factory, paths):
    folder = tmp_path_factory.mktemp("tree")
    for path in ("/".join(parts) for parts in paths):
        target = folder / path
        if not target.exists() and not any(parent.is_file() for parent in target.parents):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text("")
    names = list(names_below(folder))
    assert names == sorted(names, key=str.encode)
    assert sorted(names) == sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


# -- rows -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "kind", "told"),
    [
        pytest.param(
            "UPDATE version SET text_hash = 'x' WHERE entry = 4", Kind.VERSION, "text_hash of version 1 is x", id="hash"
        ),
        pytest.param("UPDATE version SET text = 'x' WHERE entry = 4", Kind.VERSION, "its text has", id="text"),
        pytest.param("UPDATE version SET text = '' WHERE entry = 4", Kind.VERSION, "its text has", id="text lost"),
        pytest.param(
            "DELETE FROM version WHERE entry = 4", Kind.VERSION, "the article has no version", id="version lost"
        ),
        pytest.param(
            "UPDATE article SET representative = 3 WHERE entry = 4",
            Kind.COPY,
            "nothing marks it as a copy",
            id="no mark",
        ),
        pytest.param(
            "INSERT INTO copy VALUES (4, 1, 'same_text', 1, '2025-03-03')",
            Kind.COPY,
            "has no representative",
            id="mark",
        ),
        pytest.param(
            "UPDATE copy SET original = 2 WHERE entry = 3",
            Kind.COPY,
            "a copy of entry 2, and entry 1",
            id="two originals",
        ),
    ],
)
def test_rows_that_do_not_agree(house, statement, kind, told):
    house.change(statement)
    [item] = [one for one in verify(house.database, house.config, house.files) if one.kind is not Kind.STALE]
    assert item.kind is kind
    assert told in item.detail


def test_a_copy_of_a_copy_is_told(house):
    with house.database.write() as connection:
        connection.execute(insert(copy).values(entry=4, original=3, level="same_text", measure=1, found=NOON))
        connection.exec_driver_sql("UPDATE article SET representative = 3 WHERE entry = 4")
    [item] = verify(house.database, house.config, house.files)
    assert (item.kind, item.entry) == (Kind.COPY, 4)
    assert item.detail == "its representative, entry 3, is itself a copy"


def test_a_row_that_refers_to_nothing_is_told_by_the_databases_own_check(house):
    connection = house.database.engine.raw_connection()
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("UPDATE copy SET original = 99")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.close()
    assert [(kind, path) for kind, _, path in found(house)] == [(Kind.DATABASE, "")]
    result = house.call("archive", "verify")
    assert (
        "database: row 3 of copy refers to a row of article that is not there; restore the last backup" in result.stdout
    )


def test_a_damaged_database_is_told_and_nothing_else_of_it(house):
    house.database.scrub()
    house.database.close()
    file = house.data / "presswatch.db"
    [[root]] = house.query("SELECT rootpage FROM sqlite_master WHERE name = 'version'")
    house.database.close()
    with file.open("r+b") as opened:
        opened.seek((root - 1) * 4096)
        opened.write(b"\xff" * 4096)
    result = house.call("archive", "verify")
    assert result.exit_code == 1
    assert {line.partition(":")[0] for line in result.stdout.splitlines()[:-1]} == {"database"}


# -- the commands -----------------------------------------------------------------------------------------------------


def test_verify_tells_each_finding_with_what_to_do(house):
    path = house.path_of(1)
    path.unlink()
    result = house.call("archive", "verify")
    assert result.exit_code == 1
    assert result.stdout == (
        f"missing: archive/{path.relative_to(house.files)} entry 1: the row names it, and it is not there; "
        f"presswatch archive rebuild writes it again\n4 articles, 4 versions and 3 files{NONE}: 1 missing\n"
    )
    assert result.stderr == ""
    document = json.loads(house.call("--json", "archive", "verify").stdout)
    assert (document["faults"], document["counted"]) == (1, {"missing": 1})
    assert document["checked"] == {"articles": 4, "versions": 4, "files": 3, "running": None}
    assert document["findings"][0]["advice"] == "presswatch archive rebuild writes it again"


def test_verify_says_when_a_run_is_under_way(house):
    house.path_of(1).unlink()
    with house.database.write() as connection:
        connection.execute(insert(run).values(command="crawl", process=1, started=NOON))
    assert "has not ended: what it is writing may be told as missing" in house.call("archive", "verify").stderr


def test_verify_changes_nothing_and_needs_no_lock(house):
    house.path_of(1).unlink()
    before = {path: path.read_bytes() for path in house.data.rglob("*") if path.is_file()}
    with run_lock(house.data):
        assert house.call("archive", "verify").exit_code == 1
    after = {path: path.read_bytes() for path in house.data.rglob("*") if path.is_file()}
    assert after.keys() - before.keys() <= {house.data / "run.lock"}
    assert all(after[path] == content for path, content in before.items() if path.suffix == ".md")


@pytest.mark.parametrize(
    "command",
    [
        ["archive", "rebuild"],
        ["archive", "prune"],
        ["forget", "url:chenfeng.example/1", "--yes", "--reason", "x"],
        ["migrate"],
        ["seeds", "import", "."],
        ["import", __file__],
    ],
)
def test_commands_that_write_wait_for_no_other_run(house, command):
    with run_lock(house.data):
        result = house.call(*command)
    assert result.exit_code == 4
    assert result.stderr == f"Error: another run holds {house.data}/run.lock; wait for it to end\n"


@pytest.mark.parametrize("command", ["verify", "rebuild", "prune"])
def test_the_group_names_its_commands_and_each_needs_a_database(tmp_path, house, command):
    assert f"\n  {command} " in house.call("archive", "--help").stdout
    result = house.call("archive", command, "--data", str(tmp_path / "none"))
    assert result.exit_code == 2
    assert "holds no presswatch.db" in result.stderr
    assert not (tmp_path / "none").exists()
