"""cron and systemd: what deploy/ gives an operator is read by the programs it is for, and says the same everywhere."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from deployment import (
    DEPLOY,
    PLACES,
    PROGRAM,
    SERVICES,
    blocks,
    crontab_lines,
    exposure,
    read,
    unit_values,
    verify_units,
)
from house import House

from crawler.cli import PRIVATE
from crawler.config.load import load_config
from crawler.crontab import cron_trigger

CRAWL = [PROGRAM, *PLACES, "crawl", "--if-idle", "--then-digest"]
UNITS = sorted(path.name for path in DEPLOY.glob("*.service")) + sorted(path.name for path in DEPLOY.glob("*.timer"))
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze on PATH")


# -- cron -------------------------------------------------------------------------------------------------------------


def test_the_one_line_of_cron_runs_three_times_an_hour_and_mails():
    [(times, command), _], settings = crontab_lines(read("crontab.example"))
    trigger, start = cron_trigger(times, UTC), datetime(2026, 1, 1, tzinfo=UTC)
    first = trigger.get_next_fire_time(None, start)
    assert trigger.get_next_fire_time(first, first + timedelta(seconds=1)) - first == timedelta(minutes=20)
    assert shlex.split(command) == CRAWL
    assert settings == {"MAILTO": "you@example.com"}


def test_every_command_of_cron_stands_on_one_line_with_absolute_paths():
    jobs, _ = crontab_lines(read("crontab.example"))
    for times, command in jobs:
        cron_trigger(times, UTC)
        words = shlex.split(command)
        assert not [word for word in words if "/" in word and not word.startswith(("/", "+", "$"))]
        assert Path(PROGRAM).is_absolute()
        assert PROGRAM in words


def test_a_percent_sign_of_cron_is_escaped():
    compose = [line for line in blocks(read("RUNBOOK.md")) if line[0].isdigit()]
    for line in [*read("crontab.example").splitlines(), *compose]:
        assert "%" not in line.replace(r"\%", ""), "cron takes what follows a bare % for input"


def test_the_backup_line_leaves_one_file_per_day_of_the_week(tmp_path):
    """Run by the shell as cron does, twice, with the paths of this machine."""
    house, backups, program = House(tmp_path / "house"), tmp_path / "backups", tmp_path / "presswatch"
    house.keep(1)
    house.database.close()
    backups.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m crawler.cli "$@"\n')
    program.chmod(0o755)
    [_, (_, command)], _ = crontab_lines(read("crontab.example"))
    here = {
        PROGRAM: program,
        "/etc/presswatch": house.folder / "config",
        "/var/lib/presswatch": house.data,
        "/var/backups/presswatch": backups,
    }
    for there, place in here.items():
        assert there in command
        command = command.replace(there, str(place))
    environment = {**os.environ, "PYTHONPATH": str(DEPLOY.parent)}
    for _ in range(2):
        done = subprocess.run(
            ["/bin/sh", "-c", command], check=False, cwd="/", env=environment, capture_output=True, text=True
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    [file] = backups.iterdir()
    assert file.name in [f"day-{day}.tar.gz" for day in range(1, 8)]
    with tarfile.open(file) as tar:
        assert "presswatch.db" in tar.getnames()


# -- systemd ----------------------------------------------------------------------------------------------------------


@needs_systemd
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path):
    assert verify_units({name: read(name) for name in UNITS}, tmp_path) == []


@needs_systemd
def test_a_secret_is_handed_over_by_taking_a_mark_away(tmp_path):
    unit = read("presswatch.service")
    assert "\n#LoadCredential=" in unit
    assert verify_units({"presswatch.service": unit.replace("\n#Load", "\nLoad")}, tmp_path) == []


def test_a_password_is_one_file_for_units_cron_and_the_alias(tmp_path):
    [alias] = [line for line in blocks(read("RUNBOOK.md")) if line.startswith("alias presswatch='sudo")]
    environ = dict(word.split("=", 1) for word in shlex.split(shlex.split(alias)[1].split("=", 1)[1]) if "=" in word)
    file = environ["REDIS_PASSWORD_FILE"]
    assert [line.split()[-1] for line in blocks(read("RUNBOOK.md")) if "/dev/null" in line and "install" in line] == [
        file
    ]
    assert f"\n#REDIS_PASSWORD_FILE={file}\n" in read("crontab.example")
    for service in SERVICES:
        assert f"\n#LoadCredential=redis_password:{file}\n" in read(f"{service}.service")
    [shown] = re.findall(r"`(redis_url: redis://:\$\S+)`", read("RUNBOOK.md"))
    (tmp_path / "presswatch.yaml").write_text(shown)
    (tmp_path / "password").write_text("swordfish\n")
    config = load_config(tmp_path, environ={**environ, "REDIS_PASSWORD_FILE": str(tmp_path / "password")})
    assert ":swordfish@" in config.settings.redis_url


@needs_systemd
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("Restart=on-failure", "Restrat=on-failure"),
        ("WatchdogSec=5min", "WatchdogSec=soon"),
        (PROGRAM, "presswatch"),
        ("SystemCallFilter=@system-service", "SystemCallFilter=@presswatch"),
    ],
)
def test_systemd_tells_a_unit_that_is_broken(tmp_path, right, wrong):
    unit = read("presswatch.service")
    assert right in unit
    assert verify_units({"presswatch.service": unit.replace(right, wrong)}, tmp_path) != []


@needs_systemd
@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reaches_little_of_the_machine(tmp_path, service):
    assert exposure(read(f"{service}.service"), tmp_path) <= 2


@needs_systemd
def test_one_that_is_not_hardened_reaches_much_of_it(tmp_path):
    assert exposure(f"[Service]\nUser=presswatch\nExecStart={PROGRAM}\n", tmp_path) > 8


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_no_root_and_starts_absolute_paths(service):
    unit = read(f"{service}.service")
    assert unit_values(unit, "User") == ["presswatch"]
    assert all(command.startswith("/") for command in unit_values(unit, "ExecStart"))
    assert unit_values(unit, "StateDirectory") == [Path(PLACES[-1]).name]
    assert unit_values(unit, "UMask") == [f"{PRIVATE:04o}"]


def test_the_units_run_what_cron_runs():
    [crawl] = unit_values(read("presswatch-crawl.service"), "ExecStart")
    assert shlex.split(crawl) == CRAWL
    [schedule] = unit_values(read("presswatch.service"), "ExecStart")
    assert shlex.split(schedule) == [PROGRAM, *PLACES, "schedule"]
    [_, (_, backup)], _ = crontab_lines(read("crontab.example"))
    steps = [shlex.split(step) for step in backup.split(" && ")]
    remove, pack, move = unit_values(read("presswatch-backup.service"), "ExecStart")
    assert shlex.split(remove)[1:] == steps[0][1:]
    assert shlex.split(pack) == steps[1]
    assert move.replace("$$", "$").replace("%%", "%") == f"/bin/sh -c 'exec {backup.split(' && ')[2]}'"


def test_the_three_services_are_hardened_alike():
    def hardening(service):
        lines = read(f"{service}.service").partition("NoNewPrivileges=")[2].partition("[Install]")[0].splitlines()
        return {line for line in lines if line and "Address" not in line and "PrivateNetwork" not in line}

    assert len({frozenset(hardening(service)) for service in SERVICES}) == 1


def test_a_stop_waits_for_the_page_under_way(config):
    """A page takes at most `safety.timeout`, and the text and the file after it far less than that again."""
    longest = config.settings.safety.timeout.total_seconds()
    for service in ("presswatch", "presswatch-crawl"):
        [stop] = unit_values(read(f"{service}.service"), "TimeoutStopSec")
        assert int(stop.removesuffix("min")) * 60 >= 3 * longest
