"""SECURITY.md names tests that are there, says each promise with one, and invents no address."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
PROMISES = PAGE.partition("## What is promised")[2].partition("## ")[0]


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(tests/[^`]+)`", PAGE))))
def test_a_test_that_is_named_exists_and_tests(name):
    assert "def test_" in (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("promise", re.findall(r"^- (.+?)(?=^- |\Z)", PROMISES, re.MULTILINE | re.DOTALL))
def test_every_promise_has_a_test(promise):
    assert re.search(r"\(`tests/test_\w+\.py`", promise)


def test_no_address_is_invented():
    assert not re.search(r"[\w.]+@[\w.]+|https?://", PAGE)
