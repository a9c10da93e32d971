"""The archive's files are made again from its rows, byte for byte, and what a person wrote is kept."""

import json

import pytest
from house import House
from upkeep import change_the_rows, edit, fill, forget_what_was_written, found, rebuild

from pipelines.archive.files import write_atomically
from pipelines.archive.findings import Kind
from pipelines.archive.verify import file_states


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    fill(made)
    yield made
    made.database.close()


def test_a_lost_archive_is_made_again_byte_for_byte(house):
    before = house.tree()
    for path in before:
        (house.files / path).unlink()
    assert sorted(rebuild(house).written) == sorted(before)
    assert house.tree() == before
    assert found(house) == []


def test_what_differs_is_written_and_nothing_else(house):
    before = house.tree()
    edit(house, house.path_of(2))
    change_the_rows(house, None)
    leftover = house.files / "chenfeng" / ".1234.tmp"
    leftover.write_text("half")
    unknown = house.files / "note.md"
    unknown.write_text("mine")
    done = rebuild(house)
    edited = house.path_of(2).relative_to(house.files).as_posix()
    assert done.written == [house.path_of(1).relative_to(house.files).as_posix(), edited]
    assert (done.removed, done.unknown, done.faults) == (["chenfeng/.1234.tmp"], ["note.md"], [])
    assert [(house.files / path).read_text("utf-8") for path in done.kept_aside] == ["mine"]
    assert house.tree()[edited] == before[edited]
    assert "晨风" in house.path_of(1).read_text("utf-8")
    assert unknown.read_text() == "mine"
    assert [kind for kind, _, _ in found(house)] == [Kind.KEPT_ASIDE, Kind.UNKNOWN]


def test_all_writes_every_file_and_still_keeps_what_was_edited(house):
    before = house.tree()
    house.path_of(1).write_text("mine", "utf-8")
    done = rebuild(house, everything=True)
    assert sorted(done.written) == sorted(before)
    assert {path: digest for path, digest in house.tree().items() if path in before} == before
    assert len(done.kept_aside) == 1


def test_what_nobody_knows_to_be_ours_is_not_written_over(house):
    path = house.path_of(1)
    forget_what_was_written(house, path)
    [aside] = rebuild(house).kept_aside
    assert (house.files / aside).read_text("utf-8") == "mine"
    assert path.read_text("utf-8") != "mine"


def test_a_disk_that_refuses_one_file_does_not_keep_the_others(house, monkeypatch):
    before = house.tree()
    refused = house.path_of(1)
    for path in before:
        (house.files / path).unlink()
    write = write_atomically

    def refuse(root, relative, text):
        if root / relative == refused:
            raise PermissionError(13, "Permission denied")
        return write(root, relative, text)

    monkeypatch.setattr("pipelines.archive.store.write_atomically", refuse)
    done = rebuild(house)
    assert [fault.partition(":")[0] for fault in done.faults] == [str(refused)]
    assert len(done.written) == 2
    monkeypatch.undo()
    rebuild(house)
    assert house.tree() == before


def test_batches_leave_nothing_out(house, monkeypatch):
    monkeypatch.setattr("pipelines.archive.verify._BATCH", 1)
    for path in list(house.tree()):
        (house.files / path).unlink()
    assert len(found(house)) == 3
    with house.database.read() as connection:
        assert [state.entry for state in file_states(connection, house.config, house.files, 1)] == [2]
    assert len(rebuild(house).written) == 3


def test_rebuild_says_what_it_did(house):
    edit(house, house.path_of(1))
    (house.files / "note.md").write_text("mine")
    result = house.call("archive", "rebuild")
    assert result.exit_code == 0, result.stderr
    kept, left, done = result.stdout.splitlines()
    assert kept.startswith("kept aside: archive/chenfeng/2025/03/03-")
    assert (left, done) == (
        "left alone: archive/note.md is named by no row",
        "1 files written, 0 leftovers removed",
    )
    assert json.loads(house.call("archive", "rebuild", "--all", "--json").stdout)["written"] == sorted(
        path for path in house.tree() if path.endswith(".md") and path != "note.md"
    )
