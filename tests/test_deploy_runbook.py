"""The runbook: every command in it exists, with every option it is given, and its drill has been gone through."""

import re
import shlex
import subprocess

import pytest
import yaml
from click.testing import CliRunner
from command_lines import fault_in
from deployment import DEPLOY, blocks, pod_of, read, section
from house import House

from crawler.cli import COMMANDS, cli
from crawler.lock import run_lock

RUNBOOK = read("RUNBOOK.md")
# Parts of a command line that stand before `presswatch` and do not make it an argument of something else.
LEADS = ("crawler", "--", "CMD")


def spans(text):
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", text)]


def segments(line):
    """The commands of a line of a shell, each as its words."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words = []
    for word in lexer:
        if set(word) <= set("();<>|&"):
            yield words
            words = []
        else:
            words.append(word)
    yield words


def calls(line):
    """What `presswatch` is called with in a line of a shell; how it comes to run is left out."""
    for words in segments(line):
        for place, word in enumerate(words):
            is_program = word.endswith("/bin/presswatch") or word == "presswatch"
            is_called = place == 0 or word.startswith("/") or words[place - 1] in LEADS
            if is_program and is_called and len(words) > place + 1:
                yield words[place + 1 :]
        if "-c" in words[:-1]:
            yield from calls(words[words.index("-c") + 1])


def called():
    lines = [*blocks(RUNBOOK), *(span for span in spans(RUNBOOK) if span.startswith("presswatch "))]
    for file in [*DEPLOY.glob("*.service"), DEPLOY / "crontab.example"]:
        lines += [line.partition("=")[2] or line for line in file.read_text().splitlines() if "bin/presswatch" in line]
    lines += [pod_of("kubernetes-backup.yaml")["containers"][0]["command"][-1]]
    for file in DEPLOY.glob("*.yaml"):
        listed = re.findall(r"\[(?:presswatch, )?(--config, [^\]]+)\]", file.read_text())
        lines += [f"presswatch {entry.replace(',', '')}" for entry in listed]
    lines += [" ".join(re.findall(r'"([^"]+)"', line)) for line in read("Dockerfile").splitlines() if "CMD [" in line]
    return sorted({shlex.join(words) for line in lines for words in calls(line)})


@pytest.mark.parametrize("line", called())
def test_every_command_exists(line):
    assert fault_in(shlex.split(line)) == ""


def test_they_are_found_at_all():
    found = called()
    assert len(found) > 25
    for line in ("schedule --check", "--config /etc/presswatch --data /var/lib/presswatch schedule", "archive prune"):
        assert line in found
    assert "backup /var/backups/presswatch/new.tar.gz" in found, "compose's, in the quotes of a shell"
    assert "--data /var/lib/presswatch/restored restore /var/backups/presswatch/day-1.tar.gz" in found


@pytest.mark.parametrize("line", ["craul", "crawl --then-digset", "--configs x crawl", "archive verifie"])
def test_one_that_does_not_exist_is_told(line):
    assert fault_in(shlex.split(line))


def test_nothing_that_operators_call_is_left_out():
    """Each command of daily upkeep stands in the runbook."""
    told = {word for line in called() for word in shlex.split(line)}
    upkeep = {"crawl", "digest", "backup", "restore", "migrate", "forget", "archive", "explain", "extract", "search"}
    upkeep |= {"schedule", "status", "doctor", "init"}
    assert upkeep <= told
    assert upkeep <= COMMANDS.keys()


@pytest.mark.parametrize("target", re.findall(r"\]\(#([a-z-]+)\)", RUNBOOK))
def test_every_link_leads_to_a_heading(target):
    headings = re.findall(r"^#+ (.+)$", RUNBOOK, re.MULTILINE)
    assert target in [re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings]


def test_all_that_may_be_at_work_is_stopped():
    units = {path.name for path in DEPLOY.glob("presswatch*.*") if path.suffix in (".service", ".timer")}
    told = section(RUNBOOK, "Stop, and start again")
    [stop] = [line for line in blocks(told) if line.startswith("systemctl stop")]
    assert {*stop.split()[2:]} == units - {"presswatch-mail@.service"}
    for manifest in ("kubernetes-cronjob.yaml", "kubernetes-backup.yaml"):
        assert f"patch cronjob {yaml.safe_load(read(manifest))['metadata']['name']} " in told
    for heading in ("the database is damaged", "Update, and back", "Move to another machine"):
        assert "(#stop-and-start-again)" in section(RUNBOOK, heading)


def test_what_waits_for_the_run_under_way_waits_for_our_lock(tmp_path):
    [wait] = [line for line in blocks(RUNBOOK) if "flock" in line]
    line = shlex.split(wait)[-1].replace("/var/lib/presswatch", str(tmp_path)).replace("flock ", "flock --nonblock ")
    with run_lock(tmp_path):
        assert subprocess.run(["sh", "-c", line], check=False).returncode == 1
    assert subprocess.run(["sh", "-c", line], check=False).returncode == 0


def test_the_drill_is_gone_through(tmp_path):
    """The commands of the runbook in their order, on a backup of this machine."""
    house = House(tmp_path / "house")
    house.keep(1)
    house.issue()
    house.database.close()
    backup, drill = tmp_path / "day-1.tar.gz", tmp_path / "drill"
    assert house.call("backup", str(backup)).exit_code == 0
    steps = blocks(section(RUNBOOK, "Backup, and the drill"))
    assert len(steps) == 4
    assert steps[-1] == "presswatch-sh -c 'rm -r /var/lib/presswatch/drill'"
    for step in steps[:-1]:
        here = step.replace("/var/backups/presswatch/day-1.tar.gz", str(backup))
        [words] = calls(here.replace("/var/lib/presswatch/drill", str(drill)))
        config = ["--config", str(house.folder / "config")]
        done = CliRunner().invoke(cli, [*config, *words], prog_name="presswatch")
        assert done.exit_code == 0, done.output
    assert (drill / "presswatch.db").exists()
