"""What a killed backup or restore leaves is a full copy: the next call for the same place removes it, and no more."""

import subprocess
import sys

import pytest
from backups import call, contents, live
from rig import START

from crawler.backup.scratch import scratch_folder

KILLED_AT = """
import os, signal, sys
from importlib import import_module
from crawler.cli import main

module, name = sys.argv.pop(1).split(":")

def die(*arguments, **options):
    os.kill(os.getpid(), signal.SIGKILL)

setattr(import_module(module), name, die)
main()
"""


@pytest.fixture
def lived(rig, site):
    live(rig, site)
    return rig


@pytest.fixture
def file(tmp_path):
    return tmp_path / "presswatch.tgz"


def killed_at(rig, place, *arguments, data):
    """presswatch in a process of its own that kills itself when it comes to `place`."""
    options = ["--config", rig.config, "--data", data, "--now", START.isoformat(), *arguments]
    run = subprocess.run([sys.executable, "-c", KILLED_AT, place, *map(str, options)], check=False, timeout=60)
    assert run.returncode == -9


def hidden(folder):
    return [path for path in folder.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("place", ["crawler.backup.make:_manifest", "crawler.backup.make:_put_in_place"])
def test_what_a_killed_backup_left_goes_with_the_next_one_of_its_name(lived, file, tmp_path, place):
    killed_at(lived, place, "backup", file, data=lived.data)
    [left] = hidden(tmp_path)
    assert any(name.endswith("presswatch.db") for name in contents(left))
    assert call(lived, "backup", tmp_path / "another.tgz").exit_code == 0
    assert hidden(tmp_path) == [left]
    result = call(lived, "backup", file)
    assert (result.exit_code, result.stderr, hidden(tmp_path)) == (0, "", [])


def test_what_a_killed_restore_left_goes_with_the_next_one(lived, file, tmp_path):
    call(lived, "backup", file)
    new = tmp_path / "deep" / "new"
    killed_at(lived, "crawler.backup.restore:_put_in_place", "restore", file, data=new)
    assert len(hidden(tmp_path)) == 1
    assert call(lived, "restore", file, data=new).exit_code == 0
    assert hidden(tmp_path) == []


def test_what_a_killed_restore_left_beside_a_database_elsewhere_goes_too(lived, file, tmp_path):
    call(lived, "backup", file)
    ledger = tmp_path / "ledger" / "press.db"
    ledger.parent.mkdir()
    lived.write("presswatch.yaml", {"min_free_mb": 0, "database": f"sqlite:///{ledger}"})
    killed_at(lived, "shutil:copyfile", "restore", file, data=tmp_path / "new")
    assert (len(hidden(tmp_path)), len(hidden(ledger.parent))) == (1, 1)
    assert call(lived, "restore", file, data=tmp_path / "new").exit_code == 0
    assert (hidden(tmp_path), list(ledger.parent.iterdir())) == ([], [ledger])


def test_one_that_is_at_work_is_left_alone(lived, file, tmp_path):
    with scratch_folder(tmp_path, f".{file.name}.backup-") as at_work:
        (at_work / "backup").write_text("half")
        assert call(lived, "backup", file).exit_code == 0
        assert (at_work / "backup").read_text() == "half"
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("name", [".presswatch.tgz.backup-of2024xx", ".presswatch.tgz.backup-abcdefgh.old"])
def test_a_folder_that_is_none_of_ours_is_left_alone(lived, file, tmp_path, name):
    (tmp_path / name).mkdir()
    (tmp_path / name / "mine").write_text("mine")
    assert call(lived, "backup", file).exit_code == 0
    assert contents(tmp_path / name) == {"mine": b"mine"}


def test_what_cannot_be_removed_is_named_and_stops_nothing(lived, file, tmp_path, monkeypatch, caplog):
    killed_at(lived, "crawler.backup.make:_manifest", "backup", file, data=lived.data)
    [left] = hidden(tmp_path)

    def refuse(folder):
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr("crawler.backup.scratch._remove", refuse)
    with pytest.raises(PermissionError), scratch_folder(tmp_path, f".{file.name}.backup-"):
        assert [record.getMessage() for record in caplog.records] == [
            f"{left}, which a killed process left, cannot be removed: [Errno 13] Permission denied: '{left}'; remove it"
        ]


def test_where_the_disk_is_full_no_folder_stays(tmp_path, monkeypatch):
    def refuse(path, *arguments):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(type(tmp_path), "open", refuse)
    with pytest.raises(OSError, match="No space left"), scratch_folder(tmp_path, ".x-"):
        pass
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("flags", [[], ["--with-captures"]])
@pytest.mark.parametrize("place", ["archive", "archive/alpha", "digests", "captures", "linked"])
def test_a_backup_does_not_lie_in_what_it_holds(lived, tmp_path, place, flags):
    (tmp_path / "data" / "captures").mkdir(exist_ok=True)
    (tmp_path / "data" / "linked").symlink_to(tmp_path / "data" / "archive")
    target = lived.data / place / "me.tgz"
    result = call(lived, "backup", target, *flags)
    if place == "captures" and not flags:
        assert result.exit_code == 0
        return
    folder = lived.data / ("archive" if place == "linked" else place.partition("/")[0])
    assert (result.exit_code, target.exists()) == (2, False)
    assert f"{target} lies in {folder}, and would hold itself; name a file that lies elsewhere" in result.stderr
