"""presswatch seeds import: every seed of a folder in one command, and the corpus is one."""

import errno
import json
import os
import shutil
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from shared import SHARED, needs_shared

from crawler.cli import cli
from crawler.config.places import shipped_config
from crawler.lock import run_lock

FIXTURES = Path(__file__).parent / "fixtures" / "seeds"
NAMES = ("hugo-en.md", "hugo.md", "mirror.txt", "portal-full.txt", "portal.txt")
NOW = "2025-03-03T08:00:00+08:00"


@pytest.fixture
def call(tmp_path):
    """Calls a command with the shipped configuration and a data folder of its own."""

    def call(*arguments):
        places = ["--config", shipped_config(), "--data", tmp_path / "data", "--now", NOW]
        return CliRunner().invoke(cli, [*map(str, places), *map(str, arguments)], prog_name="presswatch")

    return call


@pytest.fixture
def folder(tmp_path):
    """The three shapes, a hidden file and a folder beside them."""
    copied = tmp_path / "seeds"
    copied.mkdir()
    for name in NAMES:
        shutil.copy(FIXTURES / name, copied)
    (copied / ".hidden").write_text("nobody reads this")
    (copied / "more").mkdir()
    return copied


def files_of(data):
    return sorted(path.relative_to(data / "archive").as_posix() for path in (data / "archive").rglob("*.md"))


def test_a_folder_of_seeds_is_imported_once(call, folder, tmp_path):
    first = call("seeds", "import", folder)
    assert (first.exit_code, first.stderr) == (0, "")
    lines = first.stdout.splitlines()
    assert len(lines) == len(NAMES) == len(files_of(tmp_path / "data"))
    assert all(line.startswith("stored  ") for line in lines)
    assert [line.rpartition("archive/")[2] in files_of(tmp_path / "data") for line in lines] == [True] * len(lines)
    again = call("seeds", "import", folder)
    assert [line.partition("  ")[0] for line in again.stdout.splitlines()] == ["unchanged"] * len(lines)
    assert call("archive", "verify").exit_code == 0


def test_a_file_that_is_no_seed_is_told_and_the_rest_goes_on(call, folder):
    (folder / "aaa.txt").write_text("只是一段没有任何标记的文字。")
    (folder / "zzz.md").write_text("---\ntitle: 没有结尾的头")
    result = call("seeds", "import", folder)
    assert result.exit_code == 2
    assert [line.partition(":")[0] for line in result.stderr.splitlines()] == ["aaa.txt", "zzz.md"]
    assert len(result.stdout.splitlines()) == len(NAMES)


def test_a_file_that_is_too_large_is_told(call, folder):
    (folder / "large.txt").write_bytes(b"x" * 11_000_000)
    result = call("seeds", "import", folder)
    assert result.exit_code == 2
    assert result.stderr == "large.txt: has 11000000 bytes, more than max_body_mb: 10\n"


def test_a_file_of_any_name_is_brought_in_and_a_bad_address_is_told(call, folder, tmp_path):
    (folder / os.fsdecode("早报\n.md".encode("gbk"))).write_text("---\ntitle: 早报\n---\n\n港口没有关灯。\n")
    (folder / os.fsdecode("晚报.md".encode("gbk"))).write_text("---\ntitle: 晚报")
    (folder / "aaa.md").write_text("---\ntitle: 港口\n---\n\n港口。\n\n[qq](https://news.example:99999/x)\n")
    result = call("seeds", "import", folder)
    assert result.exit_code == 2
    told = ["aaa.md: the address of the original", r"\xcd\xed\xb1\xa8.md"]
    assert [line.startswith(start) for line, start in zip(result.stderr.splitlines(), told, strict=True)] == [True] * 2
    assert len(result.stdout.splitlines()) == len(NAMES) + 1
    assert "stored  早报  archive/seed/undated/" in result.stdout
    document = json.loads(call("--json", "explain", "早报").stdout)
    assert document["article"]["announced_by"] == r"seeds:\xd4\xe7\xb1\xa8\n.md"


def test_a_place_that_cannot_be_written_is_told_and_the_rest_goes_on(call, folder, tmp_path):
    (tmp_path / "data" / "archive").mkdir(parents=True)
    (tmp_path / "data" / "archive" / "harbour").write_text("in the way")
    first = call("seeds", "import", folder)
    assert first.exit_code == 1
    assert [line.startswith("hugo.md: ") for line in first.stderr.splitlines()] == [True]
    assert "its rows are stored, and the next run writes it" in first.stderr
    assert [line.partition("  ")[0] for line in first.stdout.splitlines()] == ["stored"] * len(NAMES)
    assert len(files_of(tmp_path / "data")) == len(NAMES) - 1
    (tmp_path / "data" / "archive" / "harbour").unlink()
    assert call("seeds", "import", folder).exit_code == 0
    assert len(files_of(tmp_path / "data")) == len(NAMES)


def test_a_disk_that_is_full_ends_the_import_in_words(call, folder, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pipelines.archive.store.write_atomically", full)
    result = call("seeds", "import", folder)
    assert (result.exit_code, result.stdout, "Traceback" in result.output) == (1, "", False)
    assert "the disk is full" in result.stderr


def test_the_document_names_every_file(call, folder):
    (folder / "zzz.txt").write_text("")
    document = json.loads(call("--json", "seeds", "import", folder).stdout)
    assert [item["file"] for item in document["files"]] == [*NAMES, "zzz.txt"]
    assert document["files"][-1]["result"] == "refused"
    assert document["files"][-1]["fault"]


def test_an_empty_folder_and_one_that_is_not_there_are_told(call, tmp_path):
    (tmp_path / "empty").mkdir()
    empty = call("seeds", "import", tmp_path / "empty")
    assert (empty.exit_code, "holds no file; name the folder" in empty.stderr) == (2, True)
    assert call("seeds", "import", tmp_path / "none").exit_code == 2


def test_an_import_needs_the_run_lock(call, folder, tmp_path):
    with run_lock(tmp_path / "data"):
        assert call("seeds", "import", folder).exit_code == 4
    assert files_of(tmp_path / "data") == []


def test_seeds_are_found_by_search_and_marked(call, folder):
    call("seeds", "import", folder)
    title = call("seeds", "import", folder).stdout.splitlines()[0].split("  ")[1]
    result = call("search", f'"{title}"', "--origin", "seed")
    assert "共 1 篇" in result.stdout
    assert " · 种子 · " in result.stdout


def test_the_demo_brings_seeds_in_first(folder, tmp_path):
    result = CliRunner().invoke(cli, ["demo", "--json", "--seeds", str(folder), "--data", str(tmp_path / "demo")])
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert (document["balanced"], document["errors"]) == (True, [])
    archived = files_of(tmp_path / "demo" / "data")
    assert sum("/undated/" in path for path in archived) >= 2


@needs_shared("seeds")
def test_the_real_seeds_are_exported_as_they_came(call, tmp_path):
    assert call("seeds", "import", SHARED / "seeds").exit_code == 0
    assert call("export", "--format", "hugo", "--plain", "--out", tmp_path / "site").exit_code == 0
    for number, source in (("000", "qq"), ("003", "iyiou")):
        [original] = (SHARED / "seeds").glob(f"{number}_*")
        [exported] = (tmp_path / "site" / source).rglob("*.md")
        assert parts_of(exported) == parts_of(original)


def parts_of(path):
    """Front matter to the letter, and the body without its white space."""
    _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    assert yaml.safe_load(front)["title"]
    return front, "".join(body.split())


@pytest.mark.parametrize("name", ["a?b", "a%20b", "a#b", "a b"])
def test_a_data_folder_of_any_name_holds_its_own_database(tmp_path, name):
    (tmp_path / "seeds").mkdir()
    shutil.copy(FIXTURES / "hugo.md", tmp_path / "seeds")
    places = ["--config", str(shipped_config()), "--data", str(tmp_path / name)]
    for command in (["seeds", "import", str(tmp_path / "seeds")], ["archive", "verify"]):
        assert CliRunner().invoke(cli, [*places, *command]).exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["seeds", name])
    assert (tmp_path / name / "presswatch.db").stat().st_size > 0


def test_a_database_of_no_bytes_is_not_taken_for_an_empty_archive(call, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "presswatch.db").touch()
    result = call("search", "机器人")
    assert (result.exit_code, "holds no presswatch.db" in result.stderr) == (2, True)


@pytest.mark.parametrize("words", [["-机器人"], ['-"机器人"'], ["－机器人"]])
def test_a_word_is_excluded_without_quotes_for_the_shell_too(call, folder, words):
    call("seeds", "import", folder)
    everything = call("search", "的", "--json", "--limit", "100")
    without = call("search", "的", *words, "--json", "--limit", "100")
    assert without.exit_code == 0, without.stderr
    assert json.loads(without.stdout)["total"] <= json.loads(everything.stdout)["total"]


def test_the_demo_says_how_many_seeds_it_stored(folder, tmp_path):
    result = CliRunner().invoke(cli, ["demo", "--seeds", str(folder), "--data", str(tmp_path / "demo")])
    assert f"Of {len(NAMES)} seed files {len(NAMES)} were stored first" in " ".join(result.stdout.split())
