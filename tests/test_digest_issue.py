"""Digests are issued at their cuts, each once, and the cuts join."""

from datetime import UTC, datetime

import pytest
from archive_rows import HOUR, NOON, StoredRows, a_config

from crawler.database import Database
from pipelines.digest.issue import issue_due, issued_dates, latest, preview, reissue


@pytest.fixture
def database(tmp_path):
    opened = Database.open(f"sqlite:///{tmp_path}/digest.db")
    yield opened
    opened.close()


@pytest.fixture
def config(tmp_path):
    return a_config(tmp_path)


@pytest.fixture
def rows(database):
    return StoredRows(database)


def titles(digest):
    return [line.title for section in digest.sections for line in section.lines]


def shanghai(day, hour, minute=0):
    return datetime(2025, 3, day, hour, minute, tzinfo=UTC) - 8 * HOUR


@pytest.fixture
def press(database, config, tmp_path):
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
    assert issued.path.read_text("utf-8") == issued.markdown
    assert (press.folder / "daily" / "latest.md").read_text("utf-8") == issued.markdown


def test_issued_again_by_its_cuts_a_digest_has_the_same_bytes(press, rows):
    rows.an_article(1)
    rows.a_run(ended=NOON, books={"chenfeng": {"found": 1, "kept": 1}})
    first = press.issue(shanghai(3, 13)).path.read_bytes()
    rows.an_article(2, kept_at=shanghai(4, 7))
    second = press.issue(shanghai(4, 8))
    second.path.with_name("2025-03-03.md").unlink()
    assert press.again("2025-03-03").path.read_bytes() == first
    assert second.path.with_name("latest.md").read_bytes() == second.path.read_bytes()


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
