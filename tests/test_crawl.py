"""presswatch crawl as its operator meets it: exit codes, the JSON document, silence under cron, the lock."""

import json

import pytest
from click.testing import CliRunner
from filelock import FileLock
from rig import START, Answer, article_page, feed

from crawler.cli import cli

COUNTERS = (
    "carried_in found kept copy off_theme stale refused blocked gone no_text failed carried_out known requests bytes"
)


@pytest.fixture
def presswatch(rig):
    def call(*arguments, route=rig.route):
        options = ["--config", rig.config, "--data", rig.data, "--now", START.isoformat(), "--route", route]
        return CliRunner().invoke(cli, [*map(str, options), *arguments], prog_name="presswatch")

    return call


@pytest.fixture
def one_article(site):
    site.routes["alpha.example/feed"] = Answer(feed("https://alpha.example/a"))
    site.routes["alpha.example/a"] = Answer(article_page("机器人进厂"))


@pytest.mark.usefixtures("one_article")
def test_the_json_document_has_the_promised_form(presswatch):
    document = json.loads(presswatch("crawl", "--json").stdout)
    assert list(document) == ["run", "started", "ended", "sources", "totals"]
    [alpha] = document["sources"]
    assert list(alpha) == ["name", *COUNTERS.split(), "error"]
    assert list(document["totals"]) == COUNTERS.split()
    assert (alpha["name"], alpha["found"], alpha["kept"], alpha["requests"], alpha["error"]) == ("alpha", 1, 1, 3, None)


def test_totals_are_there_when_no_source_is_configured(presswatch, rig):
    (rig.config / "sources" / "alpha.yaml").unlink()
    result = presswatch("crawl", "--json")
    document = json.loads(result.stdout)
    assert "no source is enabled" in result.stderr
    assert (document["sources"], document["totals"]) == ([], dict.fromkeys(COUNTERS.split(), 0))


@pytest.mark.usefixtures("one_article")
def test_a_good_run_is_silent_off_a_terminal(presswatch):
    result = presswatch("crawl")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.usefixtures("one_article")
def test_nothing_due_is_success(presswatch):
    presswatch("crawl")
    assert presswatch("crawl").exit_code == 0


def test_when_no_poll_succeeded_the_cause_is_told_and_the_code_is_3(presswatch, site):
    site.routes["alpha.example/feed"] = Answer("<html></html>")
    result = presswatch("crawl")
    assert result.exit_code == 3
    assert (
        "  alpha\n    https://alpha.example/feed: not what its kind promises: an HTML page, not a feed" in result.stderr
    )


@pytest.mark.usefixtures("one_article")
@pytest.mark.parametrize(("flags", "code"), [([], 0), (["--strict"], 3)])
def test_one_sick_source_fails_a_run_only_under_strict(presswatch, rig, flags, code):
    rig.source("beta", "https://beta.example/feed")
    result = presswatch("crawl", *flags)
    assert result.exit_code == code
    assert "  beta\n    https://beta.example/feed: no longer there: HTTP 404\n" in result.stderr


@pytest.mark.parametrize(
    ("flags", "code", "says"),
    [([], 4, "wait for it to end, or use --if-idle in cron\n"), (["--if-idle"], 0, "")],
    ids=["told", "silent"],
)
def test_two_runs_never_work_over_each_other(presswatch, rig, site, flags, code, says):
    rig.data.mkdir()
    with FileLock(rig.data / "run.lock"):
        result = presswatch("crawl", *flags)
    assert result.exit_code == code
    assert says in result.stderr
    assert bool(result.stderr) == bool(says)
    assert site.hits == []


@pytest.mark.usefixtures("one_article")
def test_a_named_source_is_polled_now_and_no_other(presswatch, rig, site):
    rig.source("beta", "https://beta.example/feed")
    presswatch("crawl", "alpha")
    presswatch("crawl", "alpha")
    assert site.hits.count("alpha.example/feed") == 2
    assert "beta.example/feed" not in site.hits


def test_all_and_a_name_contradict_each_other(presswatch, site):
    result = presswatch("crawl", "--all", "alpha")
    assert (result.exit_code, site.hits) == (2, [])
    assert "give either --all or the names of sources" in result.stderr


@pytest.mark.parametrize(
    ("name", "says"),
    [("alpa", "did you mean alpha?"), ("beta", "source beta is switched off"), ("x", "there are: alpha")],
)
def test_a_name_that_cannot_be_crawled_is_refused_before_anything_is_asked(presswatch, rig, site, name, says):
    rig.source("beta", "https://beta.example/feed", enabled=False)
    result = presswatch("crawl", name)
    assert (result.exit_code, site.hits) == (2, [])
    assert says in result.stderr


def test_a_broken_config_is_refused_before_anything_is_touched(presswatch, rig, site):
    rig.source(evry="30m")
    result = presswatch("crawl")
    assert (result.exit_code, site.hits, rig.data.exists()) == (2, [], False)
    assert "alpha.yaml" in result.stderr


@pytest.mark.usefixtures("one_article")
def test_then_digest_issues_what_is_due(presswatch, rig):
    assert presswatch("crawl", "--then-digest").exit_code == 0
    assert "机器人进厂" in (rig.data / "digests" / "daily" / "latest.md").read_text(encoding="utf-8")


def test_a_data_folder_that_is_no_folder_is_told(presswatch, rig):
    rig.data.write_text("not a folder")
    result = presswatch("crawl")
    assert result.exit_code in {1, 2}
    assert str(rig.data) in result.stderr


def test_a_database_that_is_none_is_told_and_left_as_it_is(presswatch, rig):
    rig.data.mkdir()
    database = rig.data / "presswatch.db"
    database.write_bytes(b"these are not the pages of a database" * 200)
    result = presswatch("crawl")
    assert result.exit_code == 1
    assert "presswatch.db" in result.stderr
    assert database.read_bytes().startswith(b"these are not")


@pytest.mark.usefixtures("one_article")
def test_a_digest_asked_for_at_the_time_the_run_was_given_tells_what_that_run_kept(presswatch, rig):
    """The run's pauses moved its clock on; the digest's must not lie before."""
    rig.source(politeness={"delay": "20s"})
    presswatch("crawl")
    assert "机器人进厂" in presswatch("digest").stdout


def test_a_digest_of_a_folder_without_a_database_makes_none(presswatch, rig):
    result = presswatch("digest")
    assert result.exit_code == 2
    assert str(rig.data) in result.stderr
    assert not rig.data.exists()
