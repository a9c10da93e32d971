"""Every command line in README.md and docs/ is one that presswatch knows."""

from pathlib import Path

import pytest
from command_lines import fault_in, lines_in

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_command_is_known(page):
    lines = list(lines_in(page.read_text(encoding="utf-8")))
    assert lines or page.name == "sources.md"
    assert [(line, fault_in(line)) for line in lines if fault_in(line)] == []


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("    presswatch crawl --nothing  # x", ["crawl: No such option"]),
        ("call `presswatch nothing NAME`", ["no command nothing"]),
        ("```sh\n/opt/bin/presswatch archive mend\n```", ["no command archive mend"]),
        ("`presswatch\nexport --format pdf`", ["export: Invalid value for '--format'"]),
        ("presswatch watches; `presswatch search WORDS [--since DAY]` and `cp -r config /etc/presswatch`", [""]),
    ],
)
def test_a_command_that_is_not_there_is_told(page, told):
    found = [fault_in(line) for line in lines_in(page)]
    assert len(found) == len(told)
    assert [fault.startswith(start) for fault, start in zip(found, told, strict=True)] == [True] * len(told), found
