"""presswatch status: read only, in two languages, on 80 columns, in a mail, and as one documented document."""

import io
import json
import re
from dataclasses import replace
from datetime import timedelta

import jsonschema
import pytest
from archive_rows import DAY, HOUR, NOON
from click.testing import CliRunner
from rich.cells import cell_len
from rich.console import Console
from rig import START, Answer, article_page, feed
from sqlalchemy import create_engine, text

from crawler.cli import cli
from crawler.cli.language import language_of
from crawler.cli.schemas import schema_file
from crawler.cli.shown import plain_text, show
from crawler.config.load import load_config
from crawler.config.models import Language
from crawler.database import Database, sqlite_url
from crawler.lock import run_lock
from pipelines.health.next_poll import Because
from pipelines.health.page import Part
from pipelines.health.speech import Speech, rhythm
from pipelines.health.status import status_of
from pipelines.health.status_model import Note, Problem, RunEnd, State
from pipelines.health.status_text import status_parts
from pipelines.health.status_words import WORDS

SOON, LATER = START + timedelta(minutes=10), START + timedelta(minutes=70)  # what failed fails for an hour
BOTH = pytest.mark.parametrize("language", list(Language))
BEAT = {
    "pid": 7, "host": "pi", "version": "0.5", "doing": "idle", "started": LATER.isoformat(),
    "beat": (LATER - timedelta(seconds=9)).isoformat(), "next_poll": (LATER + HOUR).isoformat(), "next_digest": None,
}  # fmt: skip


@pytest.fixture
def lived(rig, site):
    """A run over three sources: one well, one down, one disabled; an article that is kept and one that waits."""
    rig.source("beta", url="https://beta.example/feed", title="乙报")
    rig.source("gamma", url="https://gamma.example/feed", enabled=False, disabled_because="已停刊")
    site.routes |= {
        "alpha.example/feed": Answer(
            feed("https://alpha.example/a", "https://alpha.example/b"), headers={"ETag": '"1"'}
        ),
        "alpha.example/a": Answer(article_page("机器人进厂")),
        "alpha.example/b": Answer(status=503),
        "beta.example/feed": Answer(status=500),
    }
    rig.crawl()
    places = ["--config", str(rig.config), "--data", str(rig.data), "--now", SOON.isoformat()]
    assert CliRunner().invoke(cli, [*places, "digest"]).exit_code == 0
    return rig


@pytest.fixture
def call(rig):
    def call(*arguments, now=LATER, language="zh-CN"):
        places = ["--config", str(rig.config), "--data", str(rig.data), "--now", now.isoformat()]
        environ = {"PRESSWATCH_LANG": language}
        return CliRunner().invoke(cli, [*places, "status", *arguments], prog_name="presswatch", env=environ)

    return call


@pytest.fixture
def document(call):
    """What `status --json` prints, which keeps to its schema."""
    schema = json.loads(schema_file("status").read_text("utf-8"))

    def document(*arguments, **options):
        result = call(*arguments, "--json", **options)
        assert result.exit_code == 0, result.output
        found = json.loads(result.stdout)
        jsonschema.validate(found, schema)
        assert set(found) == set(schema["properties"])
        return found

    return document


# -- after a crawl ----------------------------------------------------------------------------------------------------


def test_in_english_a_run_is_told(lived, call):
    told = call(language="en").stdout
    lines = told.splitlines()
    assert lines[0] == "1 source needs you (2025-03-03 09:10)"
    assert lines[1].startswith("last run: number 1, 2025-03-03 08:00, 70 min ago, completed in ")
    assert re.search(r"\n  State +Source +Kind +Kept +New +Waits +Next +Why then +Proof\n  failing +beta ", told)
    assert "beta fails since 2025-03-03 08:00, 1 poll in a row: https://beta.example/feed: the server has an" in told
    assert "1 source is disabled" in told
    assert "Longest waiting, of 1" in told
    assert "of the last 24 hours, 1 runs: they balance" in told
    assert "carried in 0 + found 2 = ended 1 + carried out 1" in told


def test_in_chinese_too(lived, call):
    told = call().stdout
    assert told.startswith("1 个来源需要你处理（2025-03-03 09:10）\n最近的运行：第 1 次，")
    assert "最近 24 小时，1 次运行：账目平\n" in told
    assert "转入 0 + 新见 2 = 结果 1 + 转出 1" in told


def test_the_document_keeps_to_its_schema(lived, document):
    found = document()
    assert [(one["name"], one["state"]) for one in found["sources"]] == [
        ("beta", "failing"), ("alpha", "unproven"), ("gamma", "disabled"),
    ]  # fmt: skip
    assert (found["is_well"], found["problems"], found["need_you"]) == (False, ["failing"], 1)
    assert found["sources"][1]["last_kept"].startswith("2025-03-03T00:00:0")
    assert found["oldest_pending"][0]["url"] == "https://alpha.example/b"
    assert (found["detail"], found["daemon"]) == (None, None)


def test_of_one_source_all_is_told(lived, call, document):
    found = document("alpha")
    assert [one["name"] for one in found["sources"]] == ["alpha"]
    detail = found["detail"]
    [endpoint] = detail["endpoints"]
    assert (endpoint["etag"], endpoint["last_outcome"], endpoint["reader"]) == (True, "new", "feed")
    assert [(one["url"][-1], one["outcome"]) for one in detail["entries"]] == [("b", ""), ("a", "kept")]
    assert detail["runs"][0]["counts"]["found"] == 2
    told = call("alpha", language="en").stdout
    assert "asked conditionally by ETag" in told
    assert re.search(r"1 +\d+m +kept +机器人消息1 +on theme: robots\n", told)
    assert "rights: excerpt; terms of use: no address is given; nobody has read them yet" in told
    assert "beta" not in told


def test_of_a_disabled_source_the_reason_is_told(lived, call, document):
    assert "gamma 已停用：已停刊" in call("gamma").stdout
    assert document("gamma")["detail"]["endpoints"][0]["next_poll"] is None


def test_errors_of_a_sources_runs_are_told(lived, call, document):
    assert document("beta")["detail"]["runs"][0]["errors"] == [
        "https://beta.example/feed: the server has an error: HTTP 500"
    ]
    assert "第 1 次运行，2025-03-03 08:00：https://beta.example/feed：服务器出错（HTTP 500）" in call("beta").stdout


def test_a_source_that_is_not_known_is_bad_usage(lived, call):
    result = call("alhpa")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no source is named alhpa; did you mean alpha?" in result.stderr


def test_check_tells_a_monitor_of_what_lasts_until_it_is_well(lived, site, call):
    assert (call("--check", now=SOON).exit_code, call("--check").exit_code) == (0, 1)
    assert "beta fails since" in call(now=SOON, language="en").stdout
    assert (call().exit_code, call("--check", "--json").exit_code) == (0, 1)
    lived.crawl(poll_now=True)
    assert call("--check", now=SOON).exit_code == 1
    site.routes["beta.example/feed"] = Answer(feed())
    lived.crawl(poll_now=True)
    assert call("--check").exit_code == 0


# -- read only --------------------------------------------------------------------------------------------------------


def test_where_nothing_is_it_makes_nothing(rig, call):
    result = call()
    assert (result.exit_code, result.stdout) == (2, "")
    assert "holds no presswatch.db" in result.stderr
    assert not rig.data.exists()


def test_it_is_told_while_a_run_goes_on_and_writes(lived, call):
    other = Database(sqlite_url(lived.data / "presswatch.db"))
    with run_lock(lived.data), other.write() as connection:
        connection.execute(text("UPDATE run SET ended = NULL"))
        assert call().exit_code == 0
    assert "尚未结束：仍在运行，或进程已死" in call().stdout
    other.close()


def test_it_changes_nothing(lived, call):
    def state():
        files = [path for path in lived.data.rglob("*") if path.is_file() and not path.name.endswith(("-shm", "-wal"))]
        return {path: path.read_bytes() for path in files}

    before = state()
    for arguments in ([], ["alpha"], ["--json"]):
        assert call(*arguments).exit_code == 0
    assert state() == before


def test_a_database_of_another_version_is_left_as_it_is(lived, call):
    engine = create_engine(sqlite_url(lived.data / "presswatch.db"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    engine.dispose()
    result = call()
    assert (result.exit_code, result.stdout) == (1, "")
    assert "is at schema 0001" in result.stderr
    assert "presswatch migrate" in result.stderr


# -- the daemon -------------------------------------------------------------------------------------------------------


def test_the_daemons_heartbeat_is_told(lived, call, document):
    (lived.data / "schedule.json").write_text(json.dumps(BEAT))
    assert document()["daemon"]["is_silent"] is False
    told = call(language="en").stdout
    assert "daemon: process 7 on pi, version 0.5, last sign of life 9 s ago; idle; next poll 2025-03-03 10:10" in told


@pytest.mark.parametrize(
    ("changed", "is_silent"),
    [
        pytest.param({"beat": (LATER - HOUR).isoformat()}, True, id="an hour old"),
        pytest.param({"beat": (LATER - HOUR).isoformat(), "ended": True}, False, id="ended in order"),
        pytest.param({"more": {}}, False, id="of a newer version"),
    ],
)
def test_a_daemon_without_a_sign_of_life_is_a_problem(lived, document, changed, is_silent):
    (lived.data / "schedule.json").write_text(json.dumps({**BEAT, **changed}))
    found = document()
    assert found["daemon"]["is_silent"] is is_silent
    assert ("silent_daemon" in found["problems"]) is is_silent


# -- how it looks -----------------------------------------------------------------------------------------------------


def parts_of(rig, language, name="", **changed):
    database = Database(sqlite_url(rig.data / "presswatch.db"))

    config = load_config(rig.config, environ={})
    with database.read() as connection:
        found = replace(status_of(connection, config, LATER, name=name), **changed)
    database.close()
    return status_parts(found, Speech(language=language, now=LATER, zone=config.settings.zone))


@BOTH
@pytest.mark.parametrize("name", ["", "alpha", "beta"])
def test_on_a_terminal_of_80_columns_nothing_is_wider(lived, language, name):
    out = io.StringIO()
    show(parts_of(lived, language, name), Console(file=out, force_terminal=True, width=80, color_system=None))
    lines = out.getvalue().splitlines()
    assert len(lines) > 10
    assert max(map(cell_len, lines)) <= 80


@BOTH
@pytest.mark.parametrize("width", [50, 60, 80])
def test_a_narrow_terminal_goes_without_columns_and_breaks_no_word(lived, language, width):
    out = io.StringIO()
    parts = parts_of(lived, language)
    for part in parts:
        show([replace(part, lines=())], Console(file=out, force_terminal=True, width=width, color_system=None))
    told = out.getvalue()
    assert max(map(cell_len, told.splitlines())) <= width
    speech = Speech(language=language, now=LATER, zone=NOON.tzinfo)
    for key in ("state.failing", "state.unproven", "col.source", "col.pending", "col.next", "end_word.completed"):
        assert speech(key) in told
    assert (f" {speech('col.proof')}" in told) is (width == 80)


def test_no_word_is_broken_while_another_column_has_room():
    rows = (("failing", "waits for long by now", "12 (3d)", "backed off", "#12 2026-11-02"),)
    out = io.StringIO()
    part = Part(columns=("State", "What", "Waits", "Why then", "Proof"), rows=rows)
    show([part], Console(file=out, force_terminal=True, width=45, color_system=None))
    words = out.getvalue().split()
    assert [word for cell in rows[0] for word in cell.split() if word not in words] == []


def test_in_a_mail_columns_stand_under_each_other_also_with_han():
    rows = (("失败", "晨风", "7"), ("ok", "a", "1234"))
    told = plain_text([Part(title="来源", columns=("State", "Source", "N"), rows=rows, numbers=frozenset({2}))])
    assert told.splitlines() == ["来源", "  State  Source     N", "  失败   晨风       7", "  ok     a       1234"]


def test_off_a_terminal_no_line_is_broken_and_none_is_drawn(lived):
    out = io.StringIO()
    show(parts_of(lived, Language.EN), Console(file=out, width=20))
    assert "beta fails since 2025-03-03 08:00, 1 poll in a row: https://beta.example/feed: the server" in out.getvalue()
    assert not re.search("[─│━]", out.getvalue())


@pytest.mark.parametrize("is_terminal", [True, False])
def test_no_text_from_outside_reaches_the_terminal(is_terminal):
    out = io.StringIO()
    forged = "a\x1b]0;x\x07\n[red]b[/red]"
    part = Part(title=forged, columns=("x",), rows=((forged,),), lines=(forged,))
    show([part], Console(file=out, force_terminal=is_terminal, width=80, color_system=None))
    told = out.getvalue()
    assert "\x1b]" not in told
    assert told.count("[red]b[/red]") == 3


def test_many_of_a_kind_are_cut_short_in_the_text_alone():
    speech = Speech(language=Language.EN, now=NOON, zone=NOON.tzinfo)
    lines = [str(number) for number in range(13)]
    assert speech.some(lines) == (*lines[:10], "and 3 more")
    assert speech.some(lines[:10]) == tuple(lines[:10])


@pytest.mark.parametrize(
    ("length", "told"),
    [
        (timedelta(seconds=-5), "0 s"),
        (timedelta(seconds=90), "90 s"),
        (timedelta(minutes=2), "2 min"),
        (timedelta(minutes=119), "119 min"),
        (timedelta(hours=47), "47 h"),
        (2 * DAY, "2 d"),
    ],
)
def test_a_span_is_as_exact_as_a_glance_needs_it(length, told):
    assert Speech(language=Language.EN, now=NOON, zone=NOON.tzinfo).span(length) == told


def test_a_rhythm_is_spelt_as_in_the_config():
    assert [rhythm(seconds) for seconds in (0, 90, 1800, 7200, 86400, 129600)] == [
        "0s",
        "90s",
        "30m",
        "2h",
        "1d",
        "36h",
    ]


# -- words ------------------------------------------------------------------------------------------------------------


def test_both_languages_have_the_same_words_with_the_same_blanks():
    blanks = {
        language: {key: sorted(re.findall(r"{(\w+)", told)) for key, told in words.items()}
        for language, words in WORDS.items()
    }
    assert set(WORDS) == set(Language)
    assert blanks[Language.EN] == blanks[Language.ZH_CN]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("state", State), ("end", RunEnd), ("end_word", RunEnd), ("note", Note), ("because", Because), ("why", Because),
        ("problem", set(Problem) - {Problem.FAILING, Problem.SILENT}),
    ],
)  # fmt: skip
def test_there_is_a_word_for_every_value(kind, values):
    assert [value for value in values if f"{kind}.{value.value}" not in WORDS[Language.EN]] == []


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh-CN"),
        ({"LANG": "zh_TW.UTF-8"}, "zh-CN"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LC_MESSAGES": "de_DE", "LANG": "zh_CN"}, "en"),
        ({"LC_ALL": "zh_CN", "LC_MESSAGES": "en_US", "LANG": "en_US"}, "zh-CN"),
        ({"LC_ALL": "", "LANG": "zh_CN"}, "zh-CN"),
        ({"PRESSWATCH_LANG": "en", "LC_ALL": "zh_CN"}, "en"),
        ({"PRESSWATCH_LANG": "zh-CN", "LANG": "en_US"}, "zh-CN"),
    ],
)
def test_the_language_is_that_of_the_locale_unless_told_otherwise(environ, language):
    assert language_of(environ).value == language


@pytest.mark.parametrize("asked", ["fr", "de_DE.UTF-8"])
def test_a_language_presswatch_does_not_speak_is_bad_usage(monkeypatch, asked):
    monkeypatch.setenv("PRESSWATCH_LANG", asked)
    result = CliRunner().invoke(cli, ["status"], prog_name="presswatch")
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"PRESSWATCH_LANG expects zh-CN or en, got {asked}" in result.stderr
