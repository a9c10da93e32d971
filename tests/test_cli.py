"""The command line: its frame is light, its options stand anywhere, its errors are told in words."""

import errno
import json
import logging
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from archive_rows import NOON, StoredRows
from click.testing import CliRunner

from crawler.cli import COMMANDS, cli, main
from crawler.cli.app import App, with_app
from crawler.cli.checks import check_route, check_time
from crawler.cli.logs import JsonLines, log_uncaught, set_up_logs
from crawler.cli.options import Given
from crawler.clock import RealClock, ShiftedClock, VirtualClock
from crawler.database import Database, sqlite_url

HEAVY = ["pydantic", "sqlalchemy", "scrapy", "crawler.cli.app", "crawler.config", "pipelines", "rich", "yaml"]
NOW = "2025-03-03T12:00:00+08:00"


@pytest.fixture
def places(tmp_path):
    """Options that name a config folder of one source and an empty data folder."""
    sources = tmp_path / "config" / "sources"
    sources.mkdir(parents=True)
    source = "name: chenfeng\ntitle: 晨风科技\nkind: feed\nendpoints: [{url: 'https://chenfeng.example/feed'}]\n"
    (sources / "chenfeng.yaml").write_text(source, "utf-8")
    return ["--config", str(tmp_path / "config"), "--data", str(tmp_path / "data")]


@pytest.fixture
def rows(places, tmp_path):
    (tmp_path / "data").mkdir()
    database = Database.open(sqlite_url(tmp_path / "data" / "presswatch.db"))
    yield StoredRows(database)
    database.close()


@pytest.fixture(autouse=True)
def quiet_root(monkeypatch):
    """What a command does to logging and to the interpreter's hook ends with the test."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def call(*arguments):
    return CliRunner().invoke(cli, list(arguments), prog_name="presswatch")


# -- the frame --------------------------------------------------------------------------------------------------------


def test_help_names_every_command_and_imports_none():
    code = (
        "import sys; from click.testing import CliRunner; from crawler.cli import cli\n"
        "result = CliRunner().invoke(cli, ['--help'], prog_name='presswatch'); print(result.output)\n"
        f"print('imported:', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "imported: []" in run.stdout
    assert all(f"\n  {name} " in run.stdout for name in COMMANDS)


def test_help_takes_less_than_six_times_the_interpreters_own_start():
    def seconds(*command):
        started = time.perf_counter()
        subprocess.run([sys.executable, *command], stdout=subprocess.DEVNULL, check=True)
        return time.perf_counter() - started

    help_of_it = ("-c", "import sys; from crawler.cli import main; sys.argv = ['presswatch', '--help']; main()")
    pairs = [(seconds("-c", "pass"), seconds(*help_of_it)) for _ in range(10)]
    fastest_start, fastest_help = (min(column) for column in zip(*pairs, strict=True))
    assert fastest_help / fastest_start < 6


@pytest.mark.parametrize("name", ["digest", "search", "export", "explain", "backup", "restore", "migrate"])
def test_a_commands_help_is_its_own(name):
    result = call(name, "--help")
    assert result.exit_code == 0
    assert "--route" in result.output


def test_the_version_is_told():
    assert call("--version").output.startswith("presswatch 0.")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["digset"], "no command is named digset; did you mean digest?"),
        (["archive", "verfy"], "no command is named verfy; did you mean verify?"),
        (["zz"], f"no command is named zz; there are {len(COMMANDS)}, the nearest: "),
        (["--zz"], "No such option"),
    ],
)
def test_an_unknown_command_is_bad_usage(arguments, told):
    result = call(*arguments)
    assert result.exit_code == 2
    assert told in result.stderr


# -- options ----------------------------------------------------------------------------------------------------------


@click.command()
@with_app
def probe(app):
    """Show what the options came to."""
    click.echo(f"{app.json} {app.verbose} {app.route} {app.clock.now().isoformat()} {app.data}")


@pytest.fixture
def probed(monkeypatch, places, tmp_path):
    """Calls a command `probe` with options before and after its name."""
    monkeypatch.setattr(cli, "get_command", lambda context, name: probe if name == "probe" else None)
    return lambda before, after: call(*places, *before, "probe", *after)


OPTIONS = ["--json", "-v", "--route", "http://127.0.0.1:8800", "--now", NOW]


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("place", range(3), ids=["before the group", "between", "after the command"])
@pytest.mark.parametrize("command", [["archive", "verify"], ["seeds", "import"]], ids=" ".join)
def test_global_options_stand_between_a_group_and_its_command_too(places, tmp_path, command, place):
    (tmp_path / "a.md").write_text("no seed", "utf-8")
    words = [*command[:place], *places, "--json", *command[place:]]
    result = call(*words, *([str(tmp_path)] if command[0] == "seeds" else []))
    assert isinstance(json.loads(result.stdout), dict), result.stderr
    assert (tmp_path / "data" / "presswatch.db").exists()


def test_the_option_that_stands_latest_wins(places, rows, tmp_path):
    elsewhere = ["--data", str(tmp_path / "none")]
    assert call(*places, *elsewhere, "archive", *places, "verify").exit_code == 0
    assert call(*places, "archive", *places, "verify", *elsewhere).exit_code == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(OPTIONS, [], id="before"),
        pytest.param([], OPTIONS, id="after"),
        pytest.param(OPTIONS[:2], OPTIONS[2:], id="mixed"),
        pytest.param([*OPTIONS, "--now", "2020-01-01"], ["--now", NOW], id="after wins"),
    ],
)
def test_global_options_stand_before_or_after_the_command(probed, before, after, tmp_path):
    result = probed(before, after)
    assert result.output == f"True True http://127.0.0.1:8800 2025-03-03T04:00:00+00:00 {tmp_path / 'data'}\n"


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--now", "yesterday"),
        ("--now", "2025-13-01"),
        ("--route", "https://127.0.0.1:8800"),
        ("--route", "http://127.0.0.1"),
        ("--route", "http://127.0.0.1:port"),
        ("--route", "http://news.example:80"),
        ("--route", "http://127.0.0.1.news.example:80"),
        ("--route", "http://user@127.0.0.1:80"),
        ("--route", "http://127.0.0.1:80/path"),
        ("--route", "http://[::1"),
    ],
)
def test_an_option_that_cannot_be_meant_is_bad_usage(probed, option, value):
    result = probed([], [option, value])
    assert result.exit_code == 2
    assert f"{option} expects" in result.stderr
    assert value in result.stderr


@pytest.mark.parametrize("url", ["http://127.0.0.1:8800", "http://[::1]:8800", "http://localhost:8800"])
def test_a_route_is_a_server_on_loopback(url):
    assert check_route(url + "/") == url


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("2025-03-03T04:00:00Z", NOON, id="UTC"),
        pytest.param(NOW, NOON, id="another zone"),
        pytest.param("2025-03-03T12:00", NOON, id="the config's zone when it has none"),
    ],
)
def test_now_starts_a_virtual_clock(text, moment, places, tmp_path):
    assert an_app(places, now=text, route="http://127.0.0.1:1").clock.now() == moment


def an_app(places, **given):
    return App(Given(config=places[1], data=places[3], **given), environ={}, cwd=Path("/"))


@pytest.mark.parametrize(
    ("given", "kind"),
    [({}, ShiftedClock), ({"route": "http://127.0.0.1:1"}, VirtualClock)],
    ids=["live hosts keep their pace", "a local server needs none"],
)
def test_only_a_local_server_is_asked_on_a_virtual_clock(places, given, kind):
    assert isinstance(an_app(places, now=NOW, **given).clock, kind)


def test_without_now_the_clock_is_the_real_one(places):
    assert isinstance(an_app(places).clock, RealClock)
    assert check_time(None) is None


# -- errors -----------------------------------------------------------------------------------------------------------


def test_a_faulty_config_is_told_without_a_traceback(places, tmp_path):
    (tmp_path / "config" / "themes.yaml").write_text("themes: 5\n")
    result = call(*places, "digest")
    assert result.exit_code == 2
    assert "themes.yaml" in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_a_file_that_is_no_database_is_told_without_a_traceback(places, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "presswatch.db").write_text("no database at all " * 100)
    result = call(*places, "digest")
    assert result.exit_code == 1
    assert "presswatch.db" in result.stderr
    assert "Traceback" not in result.stderr


@click.command()
@with_app
def opening(app):
    """What crawl does first."""
    assert app.database


def test_a_data_folder_that_cannot_be_made_is_told(places, tmp_path):
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(opening, [*places[:3], str(tmp_path / "file" / "data")])
    assert result.exit_code == 1
    assert "cannot be made" in result.stderr


@pytest.mark.parametrize("made", [False, True], ids=["no folder", "an empty folder"])
def test_a_command_that_only_reads_makes_no_database(places, tmp_path, made):
    data = tmp_path / "data"
    if made:
        data.mkdir()
    result = call(*places, "explain", "x")
    assert result.exit_code == 2
    assert f"the data folder {data} holds no presswatch.db: run presswatch crawl first" in result.stderr
    assert list(tmp_path.rglob("presswatch.db*")) == []
    assert data.exists() is made


@pytest.mark.parametrize("option", ["--config", "--data"])
@pytest.mark.parametrize("value", ["", " "])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_folder_without_a_name_is_bad_usage_and_not_the_default(probed, option, value, after):
    result = probed([], [option, value]) if after else probed([option, value], [])
    assert result.exit_code == 2
    assert f"{option} expects a folder, got an empty name" in result.stderr


# -- logs -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("verbose", "lines"), [(False, ["warning"]), (True, ["info", "warning"])])
def test_logs_are_json_lines_on_stderr_when_nobody_looks(capsys, verbose, lines):
    set_up_logs(verbose=verbose)
    logging.getLogger("a").info("读到 %s", 1)
    logging.getLogger("a").warning("读到 %s", 2)
    captured = capsys.readouterr()
    assert [json.loads(line)["level"] for line in captured.err.splitlines()] == lines
    assert captured.out == ""


def test_logs_are_plain_lines_on_a_terminal(capsys, monkeypatch):
    set_up_logs(verbose=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    logging.getLogger("a").warning("读到")
    assert capsys.readouterr().err.endswith(" WARNING a: 读到\n")


def test_setting_up_twice_logs_once(capsys):
    set_up_logs(verbose=False)
    set_up_logs(verbose=False)
    logging.getLogger("a").warning("once")
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_an_exception_nobody_expected_is_logged_with_its_traceback(capsys):
    set_up_logs(verbose=False)
    error = KeyError("gone")
    log_uncaught(KeyError, error, error.__traceback__)
    line = json.loads(capsys.readouterr().err)
    assert (line["level"], line["message"]) == ("critical", "internal failure: KeyError: 'gone'")
    assert "KeyError: 'gone'" in line["traceback"]


def test_an_internal_failure_ends_with_1_and_one_logged_line(places, rows):
    code = "import crawler.cli.explain as module; module.look_up = None; module.explain()"
    command = [sys.executable, "-c", code, *places, "x"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "not callable" in json.loads(run.stderr)["message"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here plays a full disk")
@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("arguments", [["--help"], ["status"]], ids=["help", "status"])
def test_output_that_the_disk_refuses_is_one_plain_line(places, rows, arguments, unbuffered):
    command = [sys.executable, "-m", "crawler.cli", *places, *arguments]
    with Path("/dev/full").open("w") as full:
        environ = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
        run = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=environ)
    told = "Error: the output cannot be written: No space left on device\n"
    assert (run.returncode, run.stderr) == (1, told)


def test_another_file_that_the_disk_refuses_is_an_internal_failure(monkeypatch):
    def refused(**_):
        raise OSError(errno.ENOSPC, "No space left on device", "another")

    monkeypatch.setattr("crawler.cli.cli", refused)
    with pytest.raises(OSError, match="another"):
        main()


def test_a_logged_line_has_the_time_in_utc():
    record = logging.LogRecord("a", logging.INFO, "", 0, "text", None, None)
    record.created = NOON.timestamp()
    assert json.loads(JsonLines().format(record))["time"] == datetime(2025, 3, 3, 4, tzinfo=UTC).isoformat(
        timespec="milliseconds"
    )


# -- digest and explain -----------------------------------------------------------------------------------------------


def test_digest_issues_what_is_due_and_prints_it(places, rows, tmp_path):
    rows.an_article(1)
    result = call(*places, "--now", NOW, "digest")
    assert result.exit_code == 0, result.stderr
    assert "新一代人形机器人亮相" in result.stdout
    assert (tmp_path / "data" / "digests" / "daily" / "2025-03-03.md").read_text("utf-8") == result.stdout
    assert call(*places, "--now", NOW, "digest").stdout == result.stdout


def test_digest_as_json_is_one_document(places, rows):
    rows.an_article(1)
    document = json.loads(call(*places, "--now", NOW, "digest", "--json").stdout)
    assert document["date"] == "2025-03-03"
    assert document["sections"][0]["lines"][0]["source"] == "晨风科技"


def test_digest_preview_stores_nothing(places, rows, tmp_path):
    assert "（预览）" in call(*places, "--now", NOW, "digest", "--preview").stdout
    assert not (tmp_path / "data" / "digests").exists()


def test_digest_of_a_date_is_issued_again(places, rows):
    first = call(*places, "--now", NOW, "digest").stdout
    assert call(*places, "digest", "--date", "2025-03-03").stdout == first


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(["--subscription", "dayly"], "did you mean daily?", id="subscription"),
        pytest.param(["--date", "2025-03-04"], "did you mean 2025-03-03?", id="date"),
        pytest.param(["--date", "2025-03-04", "--preview"], "either --date or --preview", id="date of a preview"),
    ],
)
def test_digest_names_the_nearest_known(places, rows, arguments, told):
    call(*places, "--now", NOW, "digest")
    result = call(*places, "--now", NOW, "digest", *arguments)
    assert result.exit_code == 2
    assert told in result.stderr
    assert result.stdout == ""


def test_explain_tells_an_article_and_as_json_its_facts(places, rows):
    number = rows.an_article(1)
    assert call(*places, "explain", "https://chenfeng.example/1").stdout.startswith("新一代人形机器人亮相\n")
    assert json.loads(call(*places, "--json", "explain", "新一代").stdout)["article"]["entry"] == number


def test_explain_lists_the_articles_that_fit(places, rows):
    rows.an_article(1, "人形一号")
    rows.an_article(2, "人形二号", source="xinchao")
    assert "人形一号" in call(*places, "explain", "人形").stdout
    assert len(json.loads(call(*places, "explain", "人形", "--json").stdout)["candidates"]) == 2


def test_explain_of_what_is_not_known_says_what_to_try(places, rows):
    result = call(*places, "explain", "没有的")
    assert result.exit_code == 2
    assert "nothing is known of 没有的; try its whole URL" in result.stderr


def test_a_closed_stdout_is_no_fault(tmp_path):
    program = f"{sys.executable} -m crawler.cli --data {tmp_path} --version >&-"
    ran = subprocess.run(["/bin/sh", "-c", program], check=False, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
