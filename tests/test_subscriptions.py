"""Several subscriptions of one installation: each its own themes, hour, zone and folder."""

from datetime import timedelta

import pytest
from archive_rows import NOON
from click.testing import CliRunner
from rig import START, Answer, article_page, feed

from crawler.cli import cli
from crawler.config.load import load_config
from crawler.config.models import Subscription
from crawler.config.places import shipped_config
from crawler.database import Database, StorageError
from pipelines.digest.all_due import issue_all_due

DAILY = {"name": "daily"}
CHIPS = {"name": "chips", "title": "芯片", "themes": ["chips"], "at": "07:30", "timezone": "America/Los_Angeles"}
THEMES = [
    {"name": "robots", "title": "机器人", "words": {"plain": ["机器人"]}},
    {"name": "chips", "title": "芯片", "words": {"plain": ["芯片"]}},
]


@pytest.fixture
def two(rig, site):
    """A rig with a general and a narrow subscription, and one article for each theme."""
    rig.write("themes.yaml", {"themes": THEMES})
    rig.write("subscriptions.yaml", {"subscriptions": [DAILY, CHIPS]})
    rig.source(politeness={"delay": "0s"})
    site.routes["alpha.example/feed"] = Answer(feed("https://alpha.example/r", "https://alpha.example/c", title=""))
    for path, title in {"r": "机器人进厂", "c": "芯片流片"}.items():
        page = article_page(title, f"{title}的消息今天传开了，工程师们在旁边记录它的每一个动作。" * 6)
        site.routes[f"alpha.example/{path}"] = Answer(page)
    return rig


def call(rig, *arguments, now=START):
    places = ["--config", rig.config, "--data", rig.data, "--now", now.isoformat(), "--route", rig.route]
    result = CliRunner().invoke(cli, [*map(str, places), *arguments], prog_name="presswatch")
    assert result.exit_code == 0, result.stderr
    return result.stdout


def files(rig):
    digests = rig.data / "digests"
    return sorted(str(path.relative_to(digests)) for path in digests.rglob("2025-*.md"))


def told(text):
    return {title for title in ("机器人进厂", "芯片流片") if title in text}


def test_after_a_crawl_each_has_its_digest_of_its_own_day_and_themes(two):
    call(two, "crawl", "--then-digest")
    assert files(two) == ["chips/2025-03-02.md", "daily/2025-03-03.md"]  # in California it is still yesterday
    assert told((two.data / "digests" / "chips" / "latest.md").read_text("utf-8")) == {"芯片流片"}
    assert told((two.data / "digests" / "daily" / "latest.md").read_text("utf-8")) == {"机器人进厂", "芯片流片"}


def test_digest_issues_all_and_shows_the_first(two):
    call(two, "crawl")
    assert told(call(two, "digest")) == {"机器人进厂", "芯片流片"}
    assert files(two) == ["chips/2025-03-02.md", "daily/2025-03-03.md"]


def test_a_named_one_is_issued_and_shown_alone(two):
    call(two, "crawl")
    shown = call(two, "digest", "--subscription", "chips")
    assert (told(shown), shown.splitlines()[0]) == ({"芯片流片"}, "# 芯片 2025-03-02")
    assert files(two) == ["chips/2025-03-02.md"]


@pytest.mark.parametrize("asked", [["--preview"], ["--date", "2025-03-02"]], ids=["preview", "date"])
def test_a_named_one_is_shown_by_every_option(two, asked):
    call(two, "crawl", "--then-digest")
    assert "# 芯片 2025-03-02" in call(two, "digest", "--subscription", "chips", *asked)


def test_each_is_cut_at_its_own_hour(two):
    """07:30 in California is 22:30 in Shanghai, and from the second Sunday of March an hour earlier."""
    call(two, "crawl", "--then-digest")
    cuts = "SELECT subscription, date, cut_to FROM digest WHERE id > 2 ORDER BY id"
    for day in range(7):
        for hour in (14, 15, 16, 24):
            call(two, "digest", now=START + timedelta(days=day, hours=hour, minutes=31))
    found = [(name, date, str(cut)[5:16]) for name, date, cut in two.query(cuts)]
    assert ("daily", "2025-03-04", "03-04 00:00") in found
    assert ("chips", "2025-03-03", "03-03 15:30") in found
    assert ("chips", "2025-03-09", "03-09 14:30") in found
    assert len(found) == len({(name, date) for name, date, _ in found})


def test_one_that_cannot_be_written_keeps_no_other_from_being_issued(database, config, rows, tmp_path):
    rows.an_article(1)
    both = config.model_copy(update={"subscriptions": (*config.subscriptions, Subscription(name="other"))})
    folder = tmp_path / "digests"
    folder.mkdir()
    (folder / "daily").write_text("a file where the folder should be")
    with pytest.raises(StorageError, match=r"daily/2025-03-03\.md cannot be written"):
        issue_all_due(database, both, NOON, folder)
    assert (folder / "other" / "2025-03-03.md").is_file()
    (folder / "daily").unlink()
    assert issue_all_due(database, both, NOON, folder) == {}
    assert (folder / "daily" / "2025-03-03.md").is_file()


def test_a_database_that_another_holds_is_told_once(database, config, rows, tmp_path):
    both = config.model_copy(update={"subscriptions": (*config.subscriptions, Subscription(name="other"))})
    impatient = Database(database.engine.url, busy_seconds=0.05)
    with database.write(), pytest.raises(StorageError) as raised:
        issue_all_due(impatient, both, NOON, tmp_path / "digests")
    impatient.close()
    assert len(str(raised.value).splitlines()) == 1


def test_the_shipped_ones_are_a_general_and_a_narrow_one():
    config = load_config(shipped_config(), environ={})
    general, narrow = config.subscriptions
    assert (general.themes, general.sources) == ("all", "all")
    assert len(narrow.themes) == 2
    assert narrow.title
    assert (narrow.at, narrow.timezone) != (general.at, general.timezone or config.settings.timezone)
