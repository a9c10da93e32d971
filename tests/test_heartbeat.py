"""The daemon's sign of life: written whole, judged by age and origin."""

import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from crawler.cli import cli
from crawler.schedule.heartbeat import FILE, Beat, read_beat, why_unwell, write_beat

NOW = datetime(2025, 3, 3, 8, 0, tzinfo=UTC)
HERE = "press-1"
BEAT = Beat(
    pid=os.getpid(), host=HERE, version="0.1.0", started=NOW - timedelta(days=3), beat=NOW, doing="idle",
    next_poll=NOW + timedelta(minutes=7), next_digest=None, ended=False,
)  # fmt: skip


def a_dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


CASES = {
    "fresh": (BEAT, ""),
    "two minutes old": (replace(BEAT, beat=NOW - timedelta(minutes=2)), ""),
    "the clock was set back a little": (replace(BEAT, beat=NOW + timedelta(seconds=40)), ""),
    "none": (None, "no daemon is known"),
    "ended": (replace(BEAT, ended=True), "ended in order at 2025-03-03 08:00:00+00:00"),
    "four minutes old": (replace(BEAT, beat=NOW - timedelta(minutes=4), doing="crawl"), "since 2025-03-03 07:56:00"),
    "of the future": (replace(BEAT, beat=NOW + timedelta(hours=1)), "no sign of life since"),
    "another machine's": (replace(BEAT, host="press-2"), "on press-2 works in"),
    "its process is gone": (replace(BEAT, pid=a_dead_process()), "is gone"),
}


@pytest.mark.parametrize(("beat", "told"), CASES.values(), ids=CASES)
def test_the_judgement_and_its_reason(tmp_path, beat, told):
    why = why_unwell(beat, tmp_path, host=HERE, now=NOW)
    assert (told in why and "\n" not in why) if told else why == ""


def test_what_is_written_is_read_again_and_nothing_else_is_left(tmp_path):
    write_beat(tmp_path, BEAT)
    write_beat(tmp_path, replace(BEAT, doing="crawl"))
    assert read_beat(tmp_path) == replace(BEAT, doing="crawl")
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", "7", '{"pid": 1}', "null", "\xff"])
def test_a_file_that_cannot_be_read_is_none(tmp_path, content):
    (tmp_path / FILE).write_bytes(content.encode("latin-1"))
    assert read_beat(tmp_path) is None


@pytest.mark.parametrize(
    "changed", [{"beat": "yesterday"}, {"beat": 12}, {"beat": "2025-03-03T08:00:00"}, {"pid": "?"}]
)
def test_a_beat_without_what_it_is_judged_by_is_none(tmp_path, changed):
    write_beat(tmp_path, BEAT)
    said = json.loads((tmp_path / FILE).read_text())
    (tmp_path / FILE).write_text(json.dumps(said | {"more": 1}))
    assert read_beat(tmp_path) == BEAT
    (tmp_path / FILE).write_text(json.dumps(said | changed))
    assert read_beat(tmp_path) is None


def check(data, *options):
    return CliRunner().invoke(cli, ["--data", str(data), "schedule", "--check", *options], prog_name="presswatch")


def test_the_command_says_in_a_line_whether_the_daemon_lives(tmp_path):
    answer = check(tmp_path)
    assert (answer.exit_code, answer.stderr.count("\n")) == (1, 1)
    write_beat(tmp_path, replace(BEAT, host=socket.gethostname(), beat=datetime.now(UTC)))
    answer = check(tmp_path)
    assert (answer.exit_code, answer.stdout) == (0, f"the daemon with process id {os.getpid()} is alive: idle\n")
    facts = json.loads((tmp_path / FILE).read_text())
    assert json.loads(check(tmp_path, "--json").stdout) == facts
    write_beat(
        tmp_path, replace(read_beat(tmp_path), beat=datetime.fromisoformat(facts["beat"]) - timedelta(minutes=9))
    )
    assert check(tmp_path).exit_code == 1


def test_a_folder_that_was_named_wrong_is_bad_usage(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    assert check(file).exit_code == 2


def test_the_check_imports_next_to_nothing(tmp_path):
    program = (
        "import sys; sys.argv = ['presswatch', '--data', sys.argv[1], 'schedule', '--check']\n"
        "from crawler.cli import cli\n"
        "try: cli(standalone_mode=False)\n"
        "except Exception: pass\n"
        "print(sorted({'scrapy', 'pydantic', 'sqlalchemy', 'apscheduler', 'rich', 'yaml'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
