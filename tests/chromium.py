"""Where this machine has a Chromium, and what becomes of the tests marked `browser` where it has none.

A plugin of pytest, and apart from `browser`: all other tests need not import playwright.
"""

import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def pytest_collection_modifyitems(items):
    if find_chromium() is None:
        skip = pytest.mark.skip(reason="no Chromium on PATH")
        for item in (item for item in items if item.get_closest_marker("browser")):
            item.add_marker(skip)


def pytest_terminal_summary(terminalreporter):
    """One line that nobody overlooks: what only a browser can tell was not looked at."""
    skipped = [report for report in terminalreporter.stats.get("skipped", ()) if "browser" in report.keywords]
    if skipped and find_chromium() is None:
        told = f"NOT TESTED: {len(skipped)} browser tests, because none of {', '.join(NAMES)} is on PATH"
        terminalreporter.write_line(
            f"{told}; on Debian: apt-get install chromium fonts-wqy-microhei", red=True, bold=True
        )
