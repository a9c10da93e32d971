"""The demo's parts, on four of its sources: what is told when a fault does not come out, seeds, Ctrl-C."""

import asyncio
import json
import os
import re
import shlex
import signal
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from command_lines import fault_in

from crawler.cli import cli
from crawler.cli import demo as command
from crawler.cli.two_days.account import Account
from crawler.cli.two_days.articles import article_faults
from crawler.cli.two_days.days import DAYS, START, Days, write_config
from crawler.cli.two_days.fates import fates_of, folded_under_seeds
from crawler.cli.two_days.lists import list_faults, silent_sources, unchanged_lists
from crawler.cli.two_days.shown import show_faults
from crawler.database import Database, sqlite_url
from crawler.newsroom import Newsroom, load_press

NAMES = {"chenfeng", "xinchao", "wxcang", "lanhe"}
PRESS = load_press()


def a_few(config):
    return config.model_copy(update={"sources": tuple(item for item in config.sources if item.name in NAMES)})


def account_of(folder, seed=7, seeds=None, days=DAYS):
    config = a_few(write_config(folder / "config"))
    newsroom = Newsroom(seed=seed, start=START, days=days, press=PRESS)
    lived = asyncio.run(Days(config=config, data=folder / "data", newsroom=newsroom, days=days, seeds=seeds).live())
    database = Database.open(sqlite_url(folder / "data" / "presswatch.db"))
    account = Account(newsroom=newsroom, press=PRESS, config=config, lived=lived, fates=fates_of(database))
    folded = folded_under_seeds(database)
    database.close()
    return account, folded


def told_of(account):
    faults = (unchanged_lists, article_faults, list_faults, silent_sources)
    return [told for each in faults for told in each(account)]


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    return account_of(tmp_path_factory.mktemp("few"))[0]


def wrong(account):
    return {told.fault for told in told_of(account) if not told.is_right}


def of_trait(account, trait):
    return next(one.key for one in account.newsroom.truth if trait in one.traits)


def test_all_is_well_with_a_few_sources(account):
    assert wrong(account) == set()
    assert {"unchanged", "captcha", "reprint", "deleted_later", "silent", "feed_down"} <= {
        told.fault for told in told_of(account)
    }


def asked(account, until):
    """What was asked of the press and how it answered, up to the last hour of another's days."""
    hits = [hit for hit in account.lived.hits if hit.at < until.lived.end]
    return Counter((hit.host, hit.path, hit.query, hit.status) for hit in hits)


def test_the_same_seed_lives_the_same_days(account, tmp_path):
    again, _ = account_of(tmp_path, days=1)
    assert len(again.lived.digests) == 2
    assert [one.markdown for one in again.lived.digests] == [one.markdown for one in account.lived.digests[:2]]
    assert asked(again, again) == asked(account, again)
    other = Newsroom(seed=8, start=START, days=DAYS, press=PRESS)
    assert [one.at for one in other.truth] != [one.at for one in account.newsroom.truth]


@pytest.mark.parametrize("trait", ["captcha", "deleted_later", "print", "server_error"])
@pytest.mark.parametrize("change", [{"outcome": "failed"}, {"outcome": None}, None])
def test_an_entry_that_ended_otherwise_is_told(account, trait, change):
    key = of_trait(account, trait)
    fates = {**account.fates, key: replace(account.fates[key], **change)} if change else dict(account.fates)
    if change is None:
        del fates[key]
    assert trait in wrong(replace(account, fates=fates))


def test_a_deletion_that_no_digest_tells_is_told(account):
    quiet = [replace(one, digest=replace(one.digest, changed=())) for one in account.lived.digests]
    assert wrong(replace(account, lived=replace(account.lived, digests=tuple(quiet)))) == {"deleted_later"}


@pytest.mark.parametrize("digest", [{"silent": ()}, {"silent": None}])
def test_a_silence_that_is_told_or_kept_wrongly_is_told(account, digest):
    last = account.lived.digests[-1]
    silent = digest["silent"]
    if silent is None:
        silent = (*last.digest.silent, replace(last.digest.silent[0], source="晨风科技"))
    changed = replace(last, digest=replace(last.digest, silent=silent))
    lived = replace(account.lived, digests=(*account.lived.digests[:-1], changed))
    assert wrong(replace(account, lived=lived)) == {"silent"}


def test_a_copy_that_was_not_folded_is_told(account):
    copy = next(key for key, fate in account.fates.items() if fate.outcome == "copy")
    for outcome in ("copy", "kept"):  # as what the newsroom did not change was read otherwise
        fates = {**account.fates, copy: replace(account.fates[copy], stands_under=None, outcome=outcome)}
        assert wrong(replace(account, fates=fates)) == {"reprint"}


def test_a_copy_of_what_was_too_old_to_be_fetched_is_no_line(account):
    copies = [one for one in account.newsroom.truth if one.key in account.fates and one.copy_of in account.fates]
    fates = {**account.fates, **{one.copy_of: replace(account.fates[one.copy_of], outcome="stale") for one in copies}}
    told = [*article_faults(replace(account, fates=fates))]
    assert "reprint" in {one.fault for one in article_faults(account)}
    assert "reprint" not in {one.fault for one in told}


def test_a_list_whose_failure_was_not_told_and_requests_nobody_counted_are_told(account):
    reports = tuple(
        replace(report, books=tuple(replace(book, error="", requests=0) for book in report.books))
        for report in account.lived.reports
    )
    assert wrong(replace(account, lived=replace(account.lived, reports=reports))) == {"feed_down", "unchanged"}


def of_lists(account, **lived):
    changed = replace(account, lived=replace(account.lived, **lived))
    return [(told.ended, told.is_right) for told in list_faults(changed)]


def test_one_failed_poll_of_several_that_is_not_told_is_told(account):
    failed = [report for report in account.lived.reports if any("/feed: " in book.error for book in report.books)]
    assert len(failed) > 1
    quiet = replace(failed[0], books=tuple(replace(book, error="") for book in failed[0].books))
    reports = tuple(quiet if report is failed[0] else report for report in account.lived.reports)
    assert of_lists(account, reports=reports) == [(f"1 of {len(failed)} failed polls not told in the books", False)]


def test_a_list_that_was_not_asked_while_it_was_down_is_told(account):
    hits = tuple(hit for hit in account.lived.hits if hit.fault != "feed_down")
    assert of_lists(account, hits=hits) == [("never asked for while it was so", False)]


def test_a_list_that_does_not_get_well_is_told_unless_the_digest_says_so(account):
    down = max(hit.at for hit in account.lived.hits if hit.fault == "feed_down")
    hits = tuple(hit for hit in account.lived.hits if hit.at <= down or hit.host != "www.xinchao.example")
    assert of_lists(account, hits=hits) == [("not told", False)]


def seed_of(article):
    text = "\n\n".join(article.blocks)
    return f'---\ntitle: "{article.title}"\ncategories:\n  - "seed"\n---\n\n{text}\n'


def test_a_seed_comes_first_and_its_crawled_twin_folds_under_it(tmp_path):
    (tmp_path / "seeds").mkdir()
    article = next(one for one in PRESS.articles if one.id == "space-reusable-test")
    (tmp_path / "seeds" / "one.md").write_text(seed_of(article), encoding="utf-8")
    account, folded = account_of(tmp_path / "demo", seeds=tmp_path / "seeds", days=1)
    assert [item.result for item in account.lived.seeds] == ["stored"]
    assert folded >= 1


def call(*arguments):
    return CliRunner().invoke(cli, ["demo", *map(str, arguments)], prog_name="presswatch")


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "holds no file"),
        ({".hidden": b"x"}, "holds no file"),
        ({"a.bin": bytes(range(256)), "b.txt": b""}, "seed article"),
    ],
)
def test_a_folder_without_a_seed_is_one_clear_message(tmp_path, files, told):
    (tmp_path / "seeds").mkdir()
    for name, text in files.items():
        (tmp_path / "seeds" / name).write_bytes(text)
    result = call("--seeds", tmp_path / "seeds", "--data", tmp_path / "data")
    assert (result.exit_code, result.stderr.count("\n"), result.stdout) == (2, 1, "")
    assert told in result.stderr
    assert "leave --seeds out" in result.stderr
    assert not (tmp_path / "data").exists()


def test_a_folder_that_is_not_there_is_told(tmp_path):
    result = call("--seeds", tmp_path / "seeds")
    assert result.exit_code == 2
    assert f"'{tmp_path / 'seeds'}' does not exist" in result.stderr


def test_its_configuration_is_its_users_alone(tmp_path):
    before = os.umask(0o077)
    try:
        write_config(tmp_path / "config")
    finally:
        os.umask(before)
    assert not [path for path in (tmp_path / "config").rglob("*") if path.stat().st_mode & 0o077]


@pytest.fixture
def few(monkeypatch):
    """The command crawls the four sources."""
    write = command.write_config
    monkeypatch.setattr(command, "write_config", lambda folder: a_few(write(folder)))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_order_with_one_line_that_names_its_folder(few, monkeypatch, tmp_path, number):
    at = iter(range(100))
    monkeypatch.setattr(command, "_on", lambda bar, hours: lambda now: next(at) == 2 and os.kill(os.getpid(), number))
    result = call("--data", tmp_path / "demo")
    assert (result.exit_code, result.stderr.count("\n"), result.stdout) == (1, 1, "")
    assert f"stopped by {number.name}; its folder is {tmp_path / 'demo'}" in result.stderr
    assert (tmp_path / "demo" / "data" / "presswatch.db").exists()


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The folder of a demo, and what it ended with."""
    folder = tmp_path_factory.mktemp("shown") / "demo"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "write_config", lambda to: a_few(write_config(to)))
        return folder, call("--data", folder)


def test_the_end_shows_digest_faults_places_and_commands_that_exist(shown):
    folder, result = shown
    assert (result.exit_code, result.stderr) == (0, "")
    assert "# 每日要闻 2025-03-05" in result.stdout
    faults = result.stdout.partition("What went wrong")[2].partition("\n\n  digest")[0]
    assert "a captcha before the page" in faults
    assert "NOT AS IT SHOULD BE" not in faults
    places = [line.split() for line in result.stdout.partition("\n\n  digest")[2].splitlines()[:4]]
    assert [Path(words[-1]).exists() for words in places] == [True] * 4
    steps = [line for line in result.stdout.partition("What to try next:")[2].splitlines() if " --data " in line]
    assert len(steps) == 4
    assert [fault_in(shlex.split(step)[shlex.split(step).index("--config") :]) for step in steps] == [""] * 4
    assert "The time in this folder is 2025-03-05T08:00:00+08:00." in result.stdout
    assert f"rm -r {folder}" in result.stdout


def test_what_is_proposed_to_try_next_works_and_leaves_the_digests_as_they_are(shown):
    folder, result = shown
    told = result.stdout.partition("What to try next:")[2]
    steps = [shlex.split(line) for line in told.splitlines() if " --data " in line]
    digests = folder / "data" / "digests"
    before = {path: path.read_bytes() for path in digests.rglob("*.*")}
    ended = [CliRunner().invoke(cli, step[step.index("--config") :], prog_name="presswatch") for step in steps]
    assert [(one.exit_code, one.stderr) for one in ended] == [(0, "")] * 4
    assert {path: path.read_bytes() for path in digests.rglob("*.*")} == before
    assert ended[-1].stdout == (digests / "daily" / "latest.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(("columns", "shows_where"), [(60, False), (80, False), (120, True)])
def test_the_table_cuts_no_word_on_a_terminal_of_any_width(account, monkeypatch, capsys, columns, shows_where):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(columns))
    told = [one for one in told_of(account) if one.fault == "feed_down"]
    show_faults(told)
    words = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out.partition("of it:\n")[2]).split()
    expected = f"{told[0].what} {told[0].times}x {told[0].ended}".split()
    assert sorted(words) == sorted([*expected, told[0].url] if shows_where else expected)


def test_what_did_not_come_out_ends_with_1(account, monkeypatch, tmp_path):
    lived = command.Demo(
        folder=tmp_path,
        lived=account.lived,
        digest=account.lived.digests[-1],
        faults=tuple(replace(told, is_right=told.fault != "silent") for told in told_of(account)),
        announced=1,
        folded=0,
    )
    monkeypatch.setattr(command, "_lived", lambda *arguments: lived)
    result = call("--json", "--data", tmp_path / "demo")
    assert result.exit_code == 1
    assert "did not come out as they should: a source that fell silent" in result.stderr
    assert [told["fault"] for told in json.loads(result.stdout)["faults"] if not told["is_right"]] == ["silent"]
