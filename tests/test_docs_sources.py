"""docs/sources.md names every key of a source file, no other, and shows each by an example that is valid."""

import re
from pathlib import Path

import pytest
import yaml

from crawler.config.models import ArticleRules, Endpoint, EntryRules, Expectation, Pages, Politeness, Source, Terms
from crawler.config.sites import expanded, faults_of_endpoints

PAGE = (Path(__file__).parent.parent / "docs" / "sources.md").read_text(encoding="utf-8")
FEED = {"name": "x", "kind": "feed", "endpoints": [{"url": "https://x.example/feed"}]}
# Heading → the model it tells of, and what that needs beside the key that is shown.
MODELS = {
    "A source": (Source, FEED),
    "An endpoint": (Endpoint, {"url": "https://x.example/feed"}),
    "Entries": (EntryRules, {"items": "li"}),
    "Pages": (Pages, {}),
    "Articles": (ArticleRules, {}),
    "Politeness": (Politeness, {}),
    "Expect": (Expectation, {}),
    "Terms": (Terms, {}),
}
ROW = re.compile(r"^\| `(\w+)` \| (.+) \| `(.+)` \|$", re.MULTILINE)


def rows_of(heading):
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return ROW.findall(section)


ROWS = [(heading, key, example) for heading in MODELS for key, _, example in rows_of(heading)]


@pytest.mark.parametrize("heading", MODELS)
def test_the_keys_are_those_of_the_model_in_any_order(heading):
    model, _ = MODELS[heading]
    assert sorted(key for key, _, _ in rows_of(heading)) == sorted(model.model_fields)


@pytest.mark.parametrize(("heading", "key", "example"), ROWS, ids=[f"{heading}.{key}" for heading, key, _ in ROWS])
def test_each_example_sets_its_key_and_is_valid(heading, key, example):
    model, base = MODELS[heading]
    shown = yaml.safe_load(example)
    assert list(shown) == [key]
    assert key in model.model_validate({**base, **shown}).model_fields_set


@pytest.mark.parametrize("example", re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
def test_each_file_that_is_shown_is_a_source(example):
    source = expanded(Source.model_validate(yaml.safe_load(example)))
    assert list(faults_of_endpoints(source)) == []
