"""Where there is no Chromium the tests that need one are skipped, and one loud line says so."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest

@pytest.mark.browser
@pytest.mark.parametrize("number", range(3))
def test_shown(number): assert False

def test_other(): pass
"""


def run_tests(folder, *options):
    """Three browser tests, which fail if they run, and another one; where PATH holds nothing but `folder`."""
    (folder / "test_it.py").write_text(TESTS)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = browser\n")
    command = [sys.executable, "-m", "pytest", "-p", "chromium", "-p", "no:cacheprovider", *options, "test_it.py"]
    environment = {**os.environ, "PATH": str(folder), "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
    return done.stdout.splitlines()


@pytest.mark.parametrize("workers", ["0", "2"])
def test_one_line_says_what_was_not_tested(tmp_path, workers):
    *_, closing = lines = run_tests(tmp_path, f"--numprocesses={workers}")
    [loud] = [line for line in lines if line.startswith("NOT TESTED: 3 browser tests")]
    assert "chromium, chromium-browser, google-chrome" in loud
    assert "1 passed, 3 skipped" in closing


def test_where_there_is_one_they_run(tmp_path):
    (tmp_path / "google-chrome").touch(mode=0o755)
    *lines, closing = run_tests(tmp_path)
    assert "3 failed, 1 passed" in closing
    assert not [line for line in lines if "NOT TESTED" in line]


def test_these_tests_live_by_the_same_rule(pytestconfig):
    assert pytestconfig.pluginmanager.has_plugin("chromium")
