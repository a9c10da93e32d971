"""The Makefile and .ci/run: what they would run, told by make and bash themselves."""

import os
import re
import shlex
import subprocess

import pytest
from deployment import CHECKOUT

MAKEFILE = (CHECKOUT / "Makefile").read_text(encoding="utf-8")


def dry_make(*arguments):
    """The lines that make would run."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", "--no-print-directory", "-n", *arguments]
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_help_tells_every_target():
    [phony] = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    told = [shlex.split(line)[1].split()[1] for line in dry_make("help")]
    assert ["help", *told] == [*dict.fromkeys(["help", *told])]
    assert sorted(["help", *told]) == sorted(phony.split())


@pytest.mark.parametrize("seeds", ["../shared/seeds", "my seeds", "/tmp/a (copy)"])
def test_demo_takes_a_folder_of_any_name(seeds):
    assert shlex.split(dry_make("demo", f"SEEDS={seeds}")[-1])[-3:] == ["demo", "--seeds", seeds]


def test_demo_alone_brings_no_seeds():
    assert shlex.split(dry_make("demo")[-1])[-1] == "demo"


def test_both_locks_are_written_in_one_go():
    written = [shlex.split(line)[-1] for line in dry_make("lock")]
    assert written == ["requirements.lock", "deploy/requirements.lock", "tests/fuzz/requirements.lock"]


def test_every_recipe_is_sound_shell():
    for target in ("help", "demo", "test", "test-long", "check", "screenshots", "lock", "clean"):
        subprocess.run(["sh", "-n"], input="\n".join(dry_make(target)), text=True, check=True)


# -- .ci/run ----------------------------------------------------------------------------------------------------------

TOLD = "echo {name} $* >> {log}"


def run_ci(folder, **programs):
    """Run .ci/run where there is nothing but a few tools and `programs`, by name and what they do; what they were
    called with, and what was said."""
    log = folder / "log"
    log.touch()
    tools = ("bash", "dirname", "env", "timeout")
    for name in tools:
        (folder / name).symlink_to(subprocess.check_output(["which", name], text=True).strip())
    for name, does in programs.items():
        program = folder / name.replace("_", "-")
        program.write_text(f"#!/usr/bin/env bash\n{TOLD.format(name=program.name, log=log)}\n{does}\n")
        program.chmod(0o755)
    script = CHECKOUT / ".ci" / "run"
    done = subprocess.run(["bash", script], env={"PATH": str(folder)}, check=False, capture_output=True, text=True)
    return log.read_text().splitlines(), done


ROOT, USER = "echo 0", "echo 1000"
TESTS = "echo 900 passed"


def test_the_browser_is_installed_where_it_may_be(tmp_path):
    called, done = run_ci(tmp_path, id=ROOT, apt_get="echo much to read", make=TESTS)
    assert [line.split()[0:3:2] for line in called[1:3]] == [["apt-get", "update"], ["apt-get", "install"]]
    assert {"chromium", "fonts-wqy-microhei"} <= set(called[2].split())
    assert called[-1] == "make test"
    assert (done.returncode, done.stdout, done.stderr) == (0, "900 passed\n", "")


def test_a_browser_that_cannot_be_had_stops_nothing(tmp_path):
    called, done = run_ci(tmp_path, id=ROOT, apt_get="echo no route >&2; exit 100", make=TESTS)
    assert called[-1] == "make test"
    assert (done.returncode, done.stdout, done.stderr) == (0, "900 passed\n", "chromium could not be installed\n")


@pytest.mark.parametrize(
    "machine",
    [{"id": USER, "apt_get": ""}, {"id": ROOT}, {"id": ROOT, "apt_get": "", "google_chrome": ""}],
    ids=["no root", "no apt", "has one"],
)
def test_nothing_is_installed_where_it_may_not_or_need_not(tmp_path, machine):
    called, done = run_ci(tmp_path, **machine, make=TESTS)
    assert [line for line in called if line.startswith("apt-get")] == []
    assert done.stdout == "900 passed\n"


def test_what_the_tests_came_to_is_the_exit_code(tmp_path):
    _, done = run_ci(tmp_path, id=USER, make="exit 2")
    assert done.returncode == 2
