"""Two simulated days against the newsroom's own account of them."""

import json
import re
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from crawler.cli import cli
from crawler.cli.demo import DAYS, START
from crawler.config.load import load_config
from crawler.database import Database, sqlite_url
from crawler.newsroom import Newsroom
from pipelines.digest.issue import latest

END = START + timedelta(days=DAYS)


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """The demo's document, once for all tests of this file."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    result = CliRunner().invoke(cli, ["demo", "--json", "--data", str(folder)], prog_name="presswatch")
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    return {**json.loads(result.stdout), "folder": folder}


PRESS = Newsroom(seed=7, start=START, days=DAYS)


@pytest.fixture(scope="module")
def truth(lived):
    """What the lists that are watched announced; the press has others."""
    sources = load_config(lived["folder"] / "config", environ={}).enabled_sources
    lists = [endpoint.url for source in sources for endpoint in source.endpoints]
    return PRESS.announced(lists, END)


@pytest.fixture(scope="module")
def rows(lived):
    with closing(sqlite3.connect(lived["folder"] / "data" / "presswatch.db")) as connection:
        connection.row_factory = sqlite3.Row
        query = """SELECT entry.*, twin.key AS copy_of, article.text_hash AS text_hash,
                   kept_at <= (SELECT max(cut_to) FROM digest WHERE subscription = 'daily') AS is_due
                   FROM entry LEFT JOIN article ON article.entry = entry.id
                   LEFT JOIN entry AS twin ON twin.id = article.representative"""
        return {row["key"]: row for row in connection.execute(query)}


@pytest.fixture(scope="module")
def digest(lived):
    """The last digest's model."""
    config = load_config(lived["folder"] / "config", environ={})
    data = lived["folder"] / "data"
    database = Database.open(sqlite_url(data / "presswatch.db"))
    yield latest(database, config, config.subscriptions[0], data / "digests").digest
    database.close()


def test_every_publication_was_found_once_and_nothing_else(rows, truth):
    assert sorted(rows) == sorted(publication.key for publication in truth)


def test_every_enabled_source_brought_something(lived, rows):
    sources = load_config(lived["folder"] / "config", environ={}).enabled_sources
    assert {row["source"] for row in rows.values()} == {source.name for source in sources}


def test_every_entry_has_its_outcome_and_the_books_balance(lived, rows):
    assert Counter(row["outcome"] for row in rows.values()) == {
        name: count for name, count in lived["counted"].items() if name != "found"
    }
    assert (lived["balanced"], lived["errors"]) == (True, [])


def test_reprints_are_folded_under_the_piece_they_copy(rows, truth):
    def stands_for(key):
        return rows[key]["copy_of"] or key  # the first that was fetched, original or not

    copies = [one for one in truth if one.copy_of and rows[one.key]["outcome"] in {"kept", "copy"}]
    same = [one for one in copies if not {"spun", "edited"} & {*one.traits}]
    assert len(same) >= 12
    changed = [one for one in copies if one not in same]
    assert [one.title for one in changed if rows[one.key]["text_hash"] == rows[one.copy_of]["text_hash"]] == []
    assert [one.title for one in same if stands_for(one.key) != stands_for(one.copy_of)] == []


def test_what_was_read_is_judged_as_the_press_means_it(rows, truth):
    read = [one for one in truth if rows[one.key]["outcome"] in {"kept", "copy", "off_theme"}]
    assert len(read) > 30
    assert [one.title for one in read if (rows[one.key]["outcome"] == "off_theme") != (one.theme == "off")] == []


@pytest.mark.parametrize(
    ("trait", "outcome"),
    [
        ("gone", "gone"),
        ("print", "refused"),
        ("none_body", "no_text"),
        ("no_backup", "refused"),
        ("server_error", "kept"),
    ],
)
def test_faults_end_as_they_must(rows, truth, trait, outcome):
    struck = [one.key for one in truth if trait in one.traits and rows[one.key]["outcome"] != "stale"]
    assert struck
    assert {rows[key]["outcome"] for key in struck} == {outcome}


@pytest.mark.parametrize(
    ("fault", "ended"),
    [
        ("unchanged", "not read again"),
        ("reprint", "folded under one line"),
        ("spun", "a line of its own"),
        ("edited", "a line of its own"),
        ("deleted_later", "kept, then withheld; told in the digest"),
        ("captcha", "blocked"),
        ("none_body", "no_text"),
        ("silent", "told: "),
        ("feed_down", "each failed poll told in the books; well again"),
        ("business_error", "each failed poll told in the books; well again"),
        ("firewall_501", "told among the failing sources"),
        ("print", "refused"),
        ("no_backup", "refused"),
    ],
)
def test_each_fault_really_happens_and_is_told_with_its_end(lived, fault, ended):
    told = [one for one in lived["faults"] if one["fault"] == fault]
    assert told
    assert [one for one in told if not one["ended"].startswith(ended) or not one["times"] or not one["is_right"]] == []


def test_nothing_that_went_wrong_came_out_wrong(lived):
    assert [one for one in lived["faults"] if not one["is_right"]] == []


def test_a_piece_that_was_deleted_was_told_the_day_before_and_is_told_as_deleted(lived, digest, truth):
    deleted = next(one for one in truth if "deleted_later" in one.traits)
    assert [change.title for change in digest.changed if change.is_deleted] == [deleted.title]
    first = next((lived["folder"] / "data" / "digests" / "daily").glob("2025-03-04.md")).read_text(encoding="utf-8")
    assert f"[{deleted.title}]" in first
    assert PRESS.shown(deleted).lead not in first  # made anew, the text withheld


def test_the_last_digest_shows_copies_folded_and_reworded_ones_on_lines_of_their_own(digest, rows, truth):
    lines = [line for section in digest.sections for line in section.lines]
    assert sum(len(line.copies) for line in lines) >= 4
    spun = {rows[one.key]["id"] for one in truth if "spun" in one.traits}
    assert len(spun & {line.entry for line in lines}) == 2


def test_the_last_digest_tells_who_is_silent_who_fails_and_who_was_turned_away(digest):
    books = {line.source: line.outcomes for line in digest.books.lines}
    assert [one.source for one in digest.silent] == ["兰河日报"]
    assert "腾讯热榜" in {one.source for one in digest.failing}
    assert (books["微信文章馆"]["blocked"], books["刘润"]["no_text"]) == (1, 1)
    assert digest.books.imbalances == ()


def test_over_the_digests_every_article_is_told_once_or_counted_as_old(lived, rows, truth):
    digests = sorted((lived["folder"] / "data" / "digests" / "daily").glob("2025-*.md"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in digests)
    linked = re.findall(r"^- \*\*\[(.*?)\]\(", text, re.MULTILINE)
    told = Counter(re.sub(r"\\(.)", r"\1", title) for title in linked)
    omitted = sum(int(count) for count in re.findall(r"另有 (\d+) 篇旧文入档", text))
    kept = [one for one in truth if rows[one.key]["outcome"] == "kept" and rows[one.key]["is_due"]]
    due = Counter(PRESS.shown(one, END).title for one in kept)  # a copy that was not recognised has the same
    old = {PRESS.shown(one, END).title for one in kept if rows[one.key]["backlog"]}
    assert len(digests) == DAYS + 1
    assert told <= due
    assert (due - told).total() == omitted
    assert set(due - told) <= old


def test_the_archive_of_those_days_is_made_again_byte_for_byte(lived):
    archive = lived["folder"] / "data" / "archive"
    places = ["--config", str(lived["folder"] / "config"), "--data", str(lived["folder"] / "data"), "archive"]
    before = {path: path.read_bytes() for path in archive.rglob("*.md")}
    shutil.rmtree(archive)
    assert CliRunner().invoke(cli, [*places, "rebuild"]).exit_code == 0
    assert {path: path.read_bytes() for path in archive.rglob("*.md")} == before
    assert CliRunner().invoke(cli, [*places, "verify"]).exit_code == 0


def test_a_folder_that_is_not_empty_is_not_touched(tmp_path):
    kept = tmp_path / "kept.txt"
    kept.write_text("mine")
    result = CliRunner().invoke(cli, ["demo", "--data", str(tmp_path)], prog_name="presswatch")
    assert (result.exit_code, [path.name for path in Path(tmp_path).iterdir()]) == (2, ["kept.txt"])


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    result = CliRunner().invoke(cli, ["demo", "--data", str(tmp_path / "file" / "demo")], prog_name="presswatch")
    assert (result.exit_code, "cannot be made: Not a directory" in result.stderr) == (1, True)
