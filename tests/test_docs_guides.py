"""The sources that the guide for source authors shows are valid, and the words the reader's guide explains are all."""

import re
from pathlib import Path

import pytest
import yaml

from crawler.config.models import Expectation, Source
from crawler.config.sites import expanded, faults_of_endpoints
from crawler.outcomes import Outcome

DOCS = Path(__file__).parent.parent / "docs"
AUTHOR = (DOCS / "guide-source-author.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^```yaml\n(.*?)^```", AUTHOR, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("text", [text for text in SHOWN if text.startswith("name:")])
def test_a_source_that_is_shown_is_valid(text):
    source = expanded(Source.model_validate(yaml.safe_load(text)))
    assert list(faults_of_endpoints(source)) == []


def test_what_is_shown_of_expect_is_valid():
    shown = next(yaml.safe_load(text) for text in SHOWN if text.startswith("expect:"))
    assert Expectation.model_validate(shown["expect"]).new_per_day == (4, 40)


def test_the_reader_is_told_what_every_outcome_means():
    rows = re.findall(r"^\| `(\w+)` \|", (DOCS / "guide-reader.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [outcome.value for outcome in Outcome]
