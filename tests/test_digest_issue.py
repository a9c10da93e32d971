"""Digests are issued at their cuts, each once, and the cuts join."""

from datetime import UTC, datetime

import pytest
from archive_rows import HOUR, NOON
from click.testing import CliRunner
from sqlalchemy import insert

from crawler.cli import cli
from crawler.database import Database, StorageError, sqlite_url
from crawler.tables import book, run
from pipelines.digest.issue import issue_due, issued_dates, latest, preview, reissue
from pipelines.digest.render import Format


def titles(digest):
    return [line.title for section in digest.sections for line in section.lines]


def shanghai(day, hour, minute=0):
    return datetime(2025, 3, day, hour, minute, tzinfo=UTC) - 8 * HOUR


@pytest.fixture
def press(database, rows, config, tmp_path):
    """Issues, previews and repeats digests of the one subscription; `at` moves its hour."""

    class Press:
        daily = config.subscriptions[0]
        folder = tmp_path / "digests"

        def issue(self, now):
            return issue_due(database, config, self.daily, now, self.folder)

        def latest(self):
            return latest(database, config, self.daily, self.folder)

        def preview(self, now):
            return preview(database, config, self.daily, now)

        def again(self, day):
            return reissue(database, config, self.daily, day, self.folder)

        def dates(self):
            return issued_dates(database, self.daily)

    return Press()


def test_the_first_digest_is_issued_at_once_over_the_last_day(press):
    digest = press.issue(shanghai(3, 10, 30)).digest
    assert (digest.date, digest.cut_from, digest.cut_to) == ("2025-03-03", shanghai(2, 10, 30), shanghai(3, 10, 30))


@pytest.mark.parametrize("first", [shanghai(3, 6), shanghai(3, 10)], ids=["before the hour", "after the hour"])
def test_the_date_of_the_first_digest_has_no_other(press, first):
    press.issue(first)
    assert press.issue(shanghai(3, 8, 5)) is None
    assert press.issue(shanghai(4, 7, 59)) is None
    second = press.issue(shanghai(4, 8)).digest
    assert (second.date, second.cut_from, second.cut_to) == ("2025-03-04", first, shanghai(4, 8))


def test_a_cut_is_issued_once_and_lies_at_the_hour_however_late_it_is_issued(press):
    press.issue(shanghai(3, 10))
    issued = press.issue(shanghai(4, 13)).digest
    assert (issued.cut_to, issued.issued) == (shanghai(4, 8), shanghai(4, 13))
    assert press.issue(shanghai(4, 14)) is None


def test_a_day_that_was_missed_is_in_the_next_digest(press):
    press.issue(shanghai(3, 10))
    digest = press.issue(shanghai(6, 9)).digest
    assert (digest.date, digest.cut_from) == ("2025-03-06", shanghai(3, 10))
    assert press.dates() == ("2025-03-03", "2025-03-06")


def test_the_cut_is_in_the_subscriptions_zone(press):
    press.daily = press.daily.model_copy(update={"timezone": "America/New_York"})
    press.issue(datetime(2025, 3, 8, 20, tzinfo=UTC))
    digest = press.issue(datetime(2025, 3, 9, 12, tzinfo=UTC)).digest  # the clocks went forward that morning
    assert (digest.date, digest.cut_to) == ("2025-03-09", datetime(2025, 3, 9, 12, tzinfo=UTC))


def test_every_article_is_in_exactly_one_digest(press, rows):
    kept = [shanghai(3, 9) + number * 5 * HOUR for number in range(12)]
    for number, moment in enumerate(kept):
        rows.an_article(number, f"文{number}", kept_at=moment)
    issued = [press.issue(moment) for moment in (shanghai(3, 9), shanghai(4, 8), shanghai(4, 9), shanghai(6, 8))]
    told = [title for item in issued if item for title in titles(item.digest)]
    assert sorted(told) == sorted(f"文{number}" for number in range(12))


def test_the_files_hold_the_digest_under_its_date_and_as_the_latest(press, rows):
    rows.an_article(1)
    issued = press.issue(shanghai(3, 13))
    assert issued.path == press.folder / "daily" / "2025-03-03.md"
    assert files_of(issued) == all_files(issued)
    assert issued.markdown == issued.texts[Format.MARKDOWN]


def test_issued_again_by_its_cuts_a_digest_has_the_same_bytes(press, rows):
    rows.an_article(1)
    rows.a_run(ended=NOON, books={"chenfeng": {"found": 1, "kept": 1}})
    first = press.issue(shanghai(3, 13)).path.read_bytes()
    rows.an_article(2, kept_at=shanghai(4, 7))
    second = press.issue(shanghai(4, 8))
    second.path.with_name("2025-03-03.md").unlink()
    assert press.again("2025-03-03").path.read_bytes() == first
    assert second.path.with_name("latest.md").read_bytes() == second.path.read_bytes()


def test_issued_again_after_a_source_got_well_a_digest_still_tells_that_it_failed(press, rows):
    rows.an_article(1)
    rows.an_endpoint(last_error="503", last_polled=NOON)
    books = {"polls": 1, "polls_failed": 1, "error": "https://chenfeng.example/feed: 503"}
    rows.a_run(ended=NOON, books={"chenfeng": books})
    first = press.issue(shanghai(3, 13))
    rows.an_endpoint(last_error="", last_polled=shanghai(3, 14))
    rows.a_run(ended=shanghai(3, 14), books={"chenfeng": {"polls": 1}})
    assert press.again("2025-03-03").markdown == first.markdown
    assert press.latest() == first
    assert "503" in first.markdown


def test_issued_again_the_latest_digest_is_latest_md_again(press):
    issued = press.issue(shanghai(3, 13))
    issued.path.with_name("latest.md").unlink()
    press.again("2025-03-03")
    assert issued.path.with_name("latest.md").read_text("utf-8") == issued.markdown


def test_issued_again_a_digest_keeps_its_date_though_the_subscription_has_moved(press):
    issued = press.issue(shanghai(4, 1))
    press.daily = press.daily.model_copy(update={"timezone": "America/New_York"})
    assert press.again("2025-03-04").path == issued.path


def test_a_subscription_that_moved_to_an_earlier_zone_gets_no_digest_that_ends_before_it_begins(press):
    press.daily = press.daily.model_copy(update={"timezone": "America/New_York"})
    press.issue(shanghai(4, 11))  # the evening of the third in New York
    press.daily = press.daily.model_copy(update={"timezone": "Asia/Shanghai"})
    assert press.issue(shanghai(4, 12)) is None
    digest = press.issue(shanghai(5, 8)).digest
    assert (digest.cut_from, digest.cut_to) == (shanghai(4, 11), shanghai(5, 8))


def test_a_date_without_a_digest_is_not_issued_again(press):
    assert press.again("2025-03-03") is None


def test_the_latest_is_read_back_and_its_lost_files_are_made_again(press, rows):
    rows.an_article(1)
    issued = press.issue(shanghai(3, 13))
    assert press.latest() == issued
    for file in issued.path.parent.iterdir():
        file.unlink()
    assert press.latest() == issued
    assert issued.path.read_text("utf-8") == issued.markdown


FILES = [f"{name}.{form}" for name in ("2025-03-03", "latest") for form in Format]


def files_of(issued):
    return {file.name: file.read_text("utf-8") for file in issued.path.parent.iterdir()}


def all_files(issued):
    return {f"{name}.{form}": issued.texts[form] for name in (issued.digest.date, "latest") for form in Format}


@pytest.mark.parametrize(
    "lost",
    [
        *(pytest.param([name], id=name) for name in FILES),
        pytest.param(FILES, id="all"),
        pytest.param([name for name in FILES if not name.endswith("md")], id="those that were not written before"),
    ],
)
def test_files_that_were_lost_are_made_again_when_nothing_is_due(press, lost):
    issued = press.issue(shanghai(3, 13))
    for name in lost:
        issued.path.with_name(name).unlink()
    assert press.issue(shanghai(3, 14)) is None
    assert files_of(issued) == all_files(issued)


def test_lost_files_are_made_again_also_when_the_next_digest_is_due(press):
    first = press.issue(shanghai(3, 13))
    first.path.unlink()
    second = press.issue(shanghai(4, 13))
    assert first.path.read_text("utf-8") == first.markdown
    assert second.path.with_name("latest.md").read_text("utf-8") == second.markdown


def test_a_digest_whose_files_could_not_be_written_is_written_by_the_next_call(press, rows):
    rows.an_article(1)
    press.folder.write_text("a file where the folder should be")
    with pytest.raises(StorageError, match=r"daily/2025-03-03\.md cannot be written: (Not a directory|File exists)"):
        press.issue(shanghai(3, 13))
    press.folder.unlink()
    assert press.issue(shanghai(3, 14)) is None
    for form in Format:
        assert "新一代人形机器人亮相" in (press.folder / "daily" / f"2025-03-03.{form}").read_text("utf-8")


@pytest.mark.parametrize(
    ("polls", "is_issued"),
    [
        pytest.param({}, False, id="no poll"),
        pytest.param({"polls": 2, "polls_failed": 2}, False, id="none that succeeded"),
        pytest.param({"polls": 2, "polls_failed": 1}, True, id="one that succeeded"),
    ],
)
def test_there_is_no_digest_before_a_good_poll(database, config, tmp_path, polls, is_issued):
    with database.write() as connection:
        number = connection.execute(insert(run).values(command="crawl", process=1, started=NOON, ended=NOON)).lastrowid
        connection.execute(insert(book).values(run=number, source="chenfeng", **polls))
    issued = issue_due(database, config, config.subscriptions[0], NOON, tmp_path / "digests")
    assert (issued is not None) is is_issued


def test_the_polls_of_a_run_that_goes_on_begin_no_digest(database, config, tmp_path):
    with database.write() as connection:
        number = connection.execute(insert(run).values(command="crawl", process=1, started=NOON)).lastrowid
        connection.execute(insert(book).values(run=number, source="chenfeng", polls=1))
    assert issue_due(database, config, config.subscriptions[0], NOON, tmp_path / "digests") is None


def test_the_command_says_in_words_that_nothing_was_crawled_yet(tmp_path):
    (tmp_path / "data").mkdir()
    Database.open(sqlite_url(tmp_path / "data" / "presswatch.db")).close()
    result = CliRunner().invoke(cli, ["--data", str(tmp_path / "data"), "digest"], prog_name="presswatch")
    assert result.exit_code == 2
    assert "nothing has been crawled yet: run presswatch crawl first" in result.stderr


def test_the_command_says_that_the_first_run_is_still_at_work(tmp_path):
    (tmp_path / "data").mkdir()
    database = Database.open(sqlite_url(tmp_path / "data" / "presswatch.db"))
    with database.write() as connection:
        connection.execute(insert(run).values(command="crawl", process=1, started=NOON))
    database.close()
    result = CliRunner().invoke(cli, ["--data", str(tmp_path / "data"), "digest"], prog_name="presswatch")
    assert result.exit_code == 2
    assert "run 1 is at work, since 2025-03-03 12:00; the first digest can be had when it has ended" in result.stderr


def test_a_preview_stores_nothing_and_moves_no_cut(press, rows):
    press.issue(shanghai(3, 10))
    rows.an_article(1, kept_at=shanghai(3, 11))
    shown = press.preview(shanghai(3, 12))
    assert titles(shown.digest) == ["新一代人形机器人亮相"]
    assert "（预览）" in shown.markdown
    assert shown.path is None
    assert press.dates() == ("2025-03-03",)
    assert titles(press.issue(shanghai(4, 8)).digest) == ["新一代人形机器人亮相"]


def test_a_digest_that_cannot_be_built_leaves_no_cut(press, rows):
    rows.an_article(1, verdicts=())
    rows.an_article(2, published={"at": "broken"})
    with pytest.raises(ValueError, match="broken"):
        press.issue(shanghai(3, 13))
    assert press.dates() == ()
