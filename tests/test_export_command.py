"""presswatch export: its options, what it tells, how it ends."""

import json

import pytest
from archive_rows import StoredRows
from click.testing import CliRunner
from exports import an_archive, titles

from crawler.cli import cli
from crawler.database import Database, sqlite_url
from pipelines.export.tree import open_tree


@pytest.fixture
def command(tmp_path):
    """Calls `presswatch export` on an archive of four articles."""
    (tmp_path / "config" / "sources").mkdir(parents=True)
    source = "name: chenfeng\nkind: feed\nendpoints: [{url: 'https://chenfeng.example/feed'}]\n"
    (tmp_path / "config" / "sources" / "chenfeng.yaml").write_text(source, "utf-8")
    (tmp_path / "data").mkdir()
    database = Database.open(sqlite_url(tmp_path / "data" / "presswatch.db"))
    an_archive(StoredRows(database))
    database.close()
    places = ["--config", str(tmp_path / "config"), "--data", str(tmp_path / "data")]
    return lambda *arguments: CliRunner().invoke(cli, [*places, "export", *arguments], prog_name="presswatch")


def test_lines_go_to_stdout_and_what_they_came_to_to_stderr(command):
    result = command("--format", "jsonl", "--no-copies")
    assert titles(map(json.loads, result.stdout.splitlines())) == ["一", "二", "四"]
    assert (result.exit_code, result.stderr) == (0, "exported 3 articles\n")


def test_a_file_is_replaced_whole(command, tmp_path):
    place = tmp_path / "made" / "articles.jsonl"
    for source in ("xinchao", "chenfeng"):
        assert command("--format", "jsonl", "--source", source, "--out", str(place)).exit_code == 0
    assert titles(map(json.loads, place.read_text("utf-8").splitlines())) == ["一", "二"]
    assert list(place.parent.iterdir()) == [place]


def test_a_file_that_cannot_be_written_leaves_what_was_there(command, tmp_path, monkeypatch):
    place = tmp_path / "articles.jsonl"
    assert command("--format", "jsonl", "--out", str(place)).exit_code == 0
    before = place.read_text("utf-8")

    def refuse(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    result = command("--format", "jsonl", "--out", str(place))
    assert (result.exit_code, place.read_text("utf-8")) == (1, before)
    assert "the export cannot be written: [Errno 28] No space left on device" in result.stderr
    assert not list(tmp_path.glob(".*.tmp"))


def test_a_section_is_written_and_its_summary_is_a_document(command, tmp_path):
    result = command("--format", "hugo", "--out", str(tmp_path / "site"), "--json")
    left_out = {"withheld": 0, "expired": 0}
    assert json.loads(result.stdout) == {"articles": 4, "left_out": left_out, "changed": 4, "removed": 0}
    assert result.stderr == "exported 4 articles (4 files written, 0 removed)\n"


def test_whole_says_that_it_is_for_this_machine(command):
    result = command("--format", "jsonl", "--whole")
    assert (
        result.stderr.splitlines()[-1] == "all texts are whole, whatever their sources allow: keep them on this machine"
    )


def test_what_was_removed_is_told_also_when_nothing_is_left(command, tmp_path):
    place = ["--format", "hugo", "--out", str(tmp_path / "site")]
    command(*place)
    result = command(*place, "--since", "2030-01-01")
    assert result.stderr == "nothing that may be exported is as asked for (0 files written, 4 removed)\n"


def test_nothing_that_matches_is_told_and_no_failure(command):
    result = command("--format", "jsonl", "--since", "2030-01-01")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "nothing that may be exported is as asked for\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--format", "hugo"], "--format hugo needs a folder: --out DIR"),
        (["--format", "xml"], "'xml' is not one of 'jsonl', 'hugo'"),
        ([], "Missing option '--format'"),
        (["--format", "jsonl", "--plain"], "--plain is about front matter"),
        (["--format", "jsonl", "--json"], "name a file for them with --out"),
        (["--format", "jsonl", "--out", "."], "--out . is a folder"),
        (["--format", "jsonl", "--out", ""], "--out expects a folder, got an empty name"),
        (["--format", "jsonl", "--source", "chenfang"], "no source is named chenfang; nearest known source: chenfeng"),
        (["--format", "jsonl", "--theme", "spice"], "no theme is named spice; nearest known theme: space"),
        (["--format", "jsonl", "--origin", "seeds"], "'seeds' is not one of"),
        (["--format", "jsonl", "--since", "yesterday"], "'yesterday' does not match the format '%Y-%m-%d'"),
        (["--format", "jsonl", "--since", "2025-03-02", "--until", "2025-03-01"], "--until 2025-03-01 lies before"),
        (["--format", "hugo", "--out", "mine"], "mine is not empty and no former export"),
    ],
)
def test_bad_usage_is_told(command, tmp_path, monkeypatch, arguments, told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.md").touch()
    result = command(*arguments)
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.split())


def test_a_source_that_only_the_archive_knows_is_known(command):
    result = command("--format", "jsonl", "--source", "xinchao", "--theme", "humanoid")
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 1)


def test_another_export_to_the_folder_is_exit_code_4(command, tmp_path):
    with open_tree(tmp_path / "site"):
        result = command("--format", "hugo", "--out", str(tmp_path / "site"))
    assert (result.exit_code, result.stdout) == (4, "")
    assert "another export writes to" in result.stderr


@pytest.mark.parametrize("form", ["jsonl", "hugo"])
@pytest.mark.parametrize("inside", ["presswatch.db", "new/place"])
def test_an_export_never_goes_into_presswatchs_own_folder(command, tmp_path, form, inside):
    place = tmp_path / "data" / inside
    before = place.read_bytes() if place.is_file() else None
    result = command("--format", form, "--out", str(place))
    assert (result.exit_code, "lies in presswatch's own folder" in result.stderr) == (2, True)
    assert (place.read_bytes() if place.is_file() else None) == before


@pytest.mark.parametrize(
    ("content", "exit_code"),
    [
        pytest.param("", 0, id="an empty file"),
        pytest.param("{}\n", 2, id="other JSON"),
        pytest.param("themes: []\n", 2, id="a configuration"),
        pytest.param("\x00\xff", 2, id="no text"),
    ],
)
def test_a_file_that_is_no_former_export_is_not_replaced(command, tmp_path, content, exit_code):
    file = tmp_path / "lines.jsonl"
    file.write_text(content)
    result = command("--format", "jsonl", "--out", str(file))
    assert result.exit_code == exit_code
    assert (file.read_text() == content) == (exit_code == 2)
    again = command("--format", "jsonl", "--out", str(file))
    assert again.exit_code == exit_code
