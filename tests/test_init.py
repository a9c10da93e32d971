"""A configuration of one's own: every shipped file, whole or not at all, and nothing overwritten."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from crawler.cli import cli
from crawler.cli import init as init_room
from crawler.config.load import load_config
from crawler.config.places import shipped_config
from crawler.storage import StorageError


def call(*arguments):
    return CliRunner().invoke(cli, list(map(str, arguments)), prog_name="presswatch")


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_new_folder_holds_every_shipped_file_and_loads(tmp_path):
    target = tmp_path / "new/conf"
    result = call("init", target)
    assert result.exit_code == 0
    assert tree(target) == tree(shipped_config())
    assert "schema/search.schema.json" in tree(target)
    assert load_config(target, environ={}).folder == target
    assert list((tmp_path / "new").iterdir()) == [target]


def test_it_says_what_was_written_and_what_comes_next(tmp_path):
    target = tmp_path / "my conf"
    told = call("init", target).stdout
    sources = len(list((shipped_config() / "sources").iterdir()))
    assert f"{target}: {len(tree(target))} files written: presswatch.yaml, subscriptions.yaml, themes.yaml" in told
    assert f"sources/ ({sources} files)" in told
    assert [line.strip()[:2] for line in told.splitlines()[2:]] == ["1.", "2.", "3."]
    assert f"presswatch --config '{target}' crawl" in told


def test_its_json_names_every_file(tmp_path):
    call("init", tmp_path / "conf")
    (tmp_path / "conf/themes.yaml").unlink()
    document = json.loads(call("init", tmp_path / "conf", "--missing", "--json").stdout)
    assert document["folder"] == str(tmp_path / "conf")
    assert document["written"] == ["themes.yaml"]
    assert sorted([*document["written"], *document["kept"]]) == sorted(tree(shipped_config()))


@pytest.mark.parametrize(
    ("holds", "named"),
    [
        (["presswatch.yaml"], "there is presswatch.yaml;"),
        ([".git"], "there is .git;"),
        (list("abcdefg"), "there is a, b, c, d, e and 2 more;"),
    ],
)
def test_a_folder_that_holds_something_is_refused_and_left(tmp_path, holds, named):
    for name in holds:
        (tmp_path / name).write_text("mine")
    result = call("init", tmp_path)
    assert result.exit_code == 2
    assert named in " ".join(result.stderr.split())
    assert sorted(tree(tmp_path)) == sorted(holds)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "conf").write_text("mine")
    assert call("init", tmp_path / "conf").exit_code == 2
    assert call("init", tmp_path / "conf", "--missing").exit_code == 2
    assert (tmp_path / "conf").read_text() == "mine"


def test_missing_adds_what_is_not_there_and_touches_nothing_else(tmp_path):
    call("init", tmp_path / "conf")
    (tmp_path / "conf/presswatch.yaml").write_text("contact: me@example.org\n")
    (tmp_path / "conf/sources/qq.yaml").unlink()
    (tmp_path / "conf/schema/search.schema.json").unlink()
    (tmp_path / "conf/notes.txt").write_text("mine")
    result = call("init", tmp_path / "conf", "--missing")
    assert "2 files written" in result.stdout
    mine = {"presswatch.yaml": b"contact: me@example.org\n", "notes.txt": b"mine"}
    assert tree(tmp_path / "conf") == tree(shipped_config()) | mine


def test_missing_with_nothing_missing_says_so(tmp_path):
    call("init", tmp_path / "conf")
    assert "nothing was written" in call("init", tmp_path / "conf", "--missing").stdout


def test_a_link_that_leads_nowhere_counts_as_there(tmp_path):
    call("init", tmp_path / "conf")
    (tmp_path / "conf/themes.yaml").unlink()
    (tmp_path / "conf/themes.yaml").symlink_to("nowhere")
    call("init", tmp_path / "conf", "--missing")
    assert (tmp_path / "conf/themes.yaml").is_symlink()


def test_an_empty_folder_keeps_its_owner_and_rights(tmp_path):
    (tmp_path / "conf").mkdir(mode=0o700)
    inode = (tmp_path / "conf").stat().st_ino
    assert call("init", tmp_path / "conf").exit_code == 0
    assert (tmp_path / "conf").stat().st_ino == inode
    assert (tmp_path / "conf").stat().st_mode & 0o777 == 0o700
    assert tree(tmp_path / "conf") == tree(shipped_config())


def test_a_link_to_an_empty_folder_is_filled_behind_it(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert call("init", tmp_path / "link").exit_code == 0
    assert (tmp_path / "link").is_symlink()
    assert tree(tmp_path / "real") == tree(shipped_config())


def test_files_can_be_edited_though_the_shipped_ones_cannot(tmp_path):
    shipped = tmp_path / "shipped"
    (shipped / "sources").mkdir(parents=True)
    for name in ("presswatch.yaml", "sources/a.yaml", ".hidden"):
        (shipped / name).write_text("x")
        (shipped / name).chmod(0o444)
    copied = init_room.copy_config(shipped, tmp_path / "conf")
    assert copied.written == (Path("presswatch.yaml"), Path("sources/a.yaml"))
    assert (tmp_path / "conf/presswatch.yaml").stat().st_mode & 0o200
    assert (tmp_path / "conf").stat().st_mode & 0o777 == 0o777 & ~_umask()


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize(
    ("what", "nth", "is_there"),
    [
        ("fsync", 1, False),
        ("fsync", 20, False),
        ("rename", 1, False),
        ("fsync", 20, True),
        ("rename", 1, True),
        ("rename", 20, True),
    ],
)
def test_a_disk_that_refuses_leaves_nothing_behind(tmp_path, monkeypatch, what, nth, is_there):
    target, calls = tmp_path / "conf", iter(range(1, 1000))
    if is_there:
        target.mkdir()
    place, real = (os, os.fsync) if what == "fsync" else (Path, Path.rename)

    def refusing(subject, *more):
        if getattr(subject, "name", "") != "new.lock" and next(calls) >= nth:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(subject, *more)

    monkeypatch.setattr(place, what, refusing)
    with pytest.raises(StorageError, match="conf: the disk is full"):
        init_room.copy_config(shipped_config(), target)
    assert (list(target.iterdir()) if is_there else list(tmp_path.iterdir())) == []


KILLED = """
import itertools, os, signal, sys
from pathlib import Path
from crawler.cli import main

what, nth = sys.argv.pop(1), int(sys.argv.pop(1))
place = os if what == "fsync" else Path
real, calls = getattr(place, what), itertools.count(1)

def deadly(*arguments):
    if next(calls) == nth:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments)

setattr(place, what, deadly)
main()
"""


@pytest.mark.parametrize(("what", "nth"), [("fsync", 7), ("rename", 2)])
def test_a_killed_init_leaves_no_half_of_a_configuration_and_the_next_one_tidies_up(tmp_path, what, nth):
    target = tmp_path / "conf"
    done = subprocess.run([sys.executable, "-c", KILLED, what, str(nth), "init", str(target)], check=False)
    assert done.returncode == -9
    assert not target.exists()
    assert call("init", target).exit_code == 0
    assert tree(target) == tree(shipped_config())
    assert list(tmp_path.iterdir()) == [target]
