"""The digest as a document others build on, and the options by which a format is printed."""

import json
from datetime import datetime

import pytest
from archive_rows import DAY, HOUR, NOON, build
from house import House
from jsonschema import Draft202012Validator

from crawler.cli.schemas import schema_file
from pipelines.digest.render import render_json

VALIDATOR = Draft202012Validator(
    json.loads(schema_file("digest").read_text("utf-8")), format_checker=Draft202012Validator.FORMAT_CHECKER
)


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    made.rows.a_run(ended=NOON, books={"chenfeng": {"polls": 1}})
    yield made
    made.database.close()


def test_a_full_and_an_empty_day_are_as_the_schema_says(database, config, rows):
    VALIDATOR.validate(json.loads(render_json(build(database, config))))
    original = rows.an_article(1, original_url="https://origin.example/1")
    rows.an_article(2, copy_of=original)
    rows.an_article(3, published=None, deleted_at=NOON)
    rows.an_entry(title="不让抓的", outcome="refused", ended=NOON, seen=NOON - HOUR)
    for ago in (10, 9, 8, 7):
        rows.an_entry(source="xinchao", seen=NOON - ago * DAY - HOUR)
    books = {"found": 3, "kept": 1, "polls": 2, "polls_failed": 1, "error": "https://chenfeng.example/feed: HTTP 503"}
    rows.a_run(ended=NOON, interrupted=True, books={"chenfeng": books, "xinchao": {"polls": 1}})
    document = json.loads(render_json(build(database, config)))
    VALIDATOR.validate(document)
    assert (len(document["failing"]), len(document["silent"]), len(document["refused"])) == (1, 1, 1)
    assert next(iter(document)) == "balances"
    assert document["balances"] is False


@pytest.mark.parametrize("change", [{"date": 3}, {"sections": [{}]}, {"language": "xx"}, {"books": None}])
def test_what_is_no_digest_is_not_as_the_schema_says(database, config, change):
    document = json.loads(render_json(build(database, config))) | change
    assert not VALIDATOR.is_valid(document)


def test_times_name_their_zone(database, config):
    document = json.loads(render_json(build(database, config)))
    for name in ("cut_from", "cut_to", "issued"):
        assert datetime.fromisoformat(document[name]).tzinfo is not None


@pytest.mark.parametrize("form", ["md", "html", "json"])
@pytest.mark.parametrize("options", [[], ["--date", "2025-03-03"]], ids=["latest", "date"])
def test_the_file_of_the_format_is_what_is_printed(house, form, options):
    house.keep(1)
    house.issue(NOON)
    printed = house.call("digest", "--format", form, *options, now=NOON)
    assert (printed.exit_code, printed.stderr) == (0, "")
    for name in ("2025-03-03", "latest"):
        assert (house.data / "digests" / "daily" / f"{name}.{form}").read_text("utf-8") == printed.stdout


def test_json_is_the_format_of_that_name(house):
    house.keep(1)
    house.issue(NOON)
    assert house.call("digest", "--json").stdout == house.call("digest", "--format", "json").stdout
    assert house.call("digest", "--json", "--format", "json").exit_code == 0


def test_a_preview_is_printed_in_every_format_and_stored_in_none(house):
    house.keep(1)
    for form in ("md", "html"):
        assert "（预览）" in house.call("digest", "--preview", "--format", form).stdout
    assert json.loads(house.call("digest", "--preview", "--format", "json").stdout)["preview"] is True
    assert not (house.data / "digests").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        pytest.param(["--json", "--format", "html"], "give either --json or --format html", id="two formats"),
        pytest.param(["--format", "pdf"], "'pdf' is not one of 'md', 'html', 'json'", id="no format"),
        pytest.param(["--date", "2025-13-01"], "'2025-13-01' is no day of the calendar", id="no month"),
        pytest.param(["--date", "2025-02-30"], "write it as YYYY-MM-DD", id="no day"),
        pytest.param(["--date", "20250303"], "write it as YYYY-MM-DD", id="no hyphens"),
        pytest.param(["--date", "latest"], "write it as YYYY-MM-DD", id="a word"),
    ],
)
def test_what_cannot_be_meant_is_bad_usage(house, options, told):
    result = house.call("digest", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr
