"""What its source takes away after a digest was issued is withheld from the issued files, too."""

from datetime import timedelta

import pytest
from archive_rows import DAY, HOUR, NOON
from click.testing import CliRunner
from house import House
from rig import START, Answer, article_page, feed

from crawler.cli import cli
from crawler.storage import StorageError
from pipelines.digest.withhold import shows_text_of

LEAD = "它能连续行走四个小时"


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    made.rows.a_run(ended=NOON, books={"chenfeng": {"polls": 1}})
    yield made
    made.database.close()


def take_away(house, number, at, why="HTTP 404"):
    house.change(
        "UPDATE article SET deleted_at = :at, deleted_why = :why WHERE entry = :id",
        at=at.strftime("%Y-%m-%d %H:%M:%S.%f") if at else None,
        why=why,
        id=number,
    )


def files(name):
    return [f"{name}.html", f"{name}.json", f"{name}.md"]


def digests(house, text=LEAD):
    """The digests that hold a text."""
    folder = house.data / "digests" / "daily"
    return sorted(path.name for path in folder.iterdir() if text in path.read_text("utf-8"))


def test_every_issued_file_withholds_it_from_the_next_call_on(house):
    number = house.keep(7)
    house.issue(NOON + HOUR)
    assert digests(house) == [*files("2025-03-03"), *files("latest")]
    take_away(house, number, NOON + 2 * HOUR)
    assert house.issue(NOON + 3 * HOUR) is None
    assert digests(house) == []
    assert digests(house, "已删除") == ["2025-03-03.html", "2025-03-03.md", "latest.html", "latest.md"]


def test_an_older_digest_withholds_it_and_the_others_stay(house):
    number = house.keep(7)
    house.issue(NOON + HOUR)
    house.now = NOON + DAY
    house.keep(8)
    house.issue(NOON + 2 * DAY)
    house.issue(NOON + 3 * DAY)
    latest = (house.data / "digests" / "daily" / "latest.md").read_bytes()
    take_away(house, number, NOON + 3 * DAY)
    house.issue(NOON + 3 * DAY + HOUR)
    assert digests(house) == files("2025-03-05")
    assert digests(house, "已删除") == ["2025-03-03.html", "2025-03-03.md"]
    assert (house.data / "digests" / "daily" / "latest.md").read_bytes() == latest


def test_what_was_found_before_a_cut_and_stored_after_it_is_withheld_too(house):
    number = house.keep(7)
    house.issue(NOON + HOUR)
    house.issue(NOON + DAY)
    take_away(house, number, NOON + DAY - 5 * HOUR)  # before the cut of 08:00
    house.issue(NOON + DAY + HOUR)
    assert digests(house) == []


def test_what_withholds_already_is_not_written_again(house, monkeypatch):
    number = house.keep(7)
    house.issue(NOON + HOUR)
    take_away(house, number, NOON + 2 * HOUR)
    house.issue(NOON + 3 * HOUR)

    def refuse(*arguments):
        raise AssertionError("nothing is to be written")

    monkeypatch.setattr("pipelines.digest.files.write_atomically", refuse)
    assert house.issue(NOON + 4 * HOUR) is None


def test_one_that_cannot_be_written_waits_for_the_next_call(house, monkeypatch):
    number = house.keep(7)
    house.issue(NOON + HOUR)
    take_away(house, number, NOON + 2 * HOUR)

    def refuse(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipelines.digest.files.write_atomically", refuse)
    with pytest.raises(StorageError, match="No space left on device"):
        house.issue(NOON + DAY)
    monkeypatch.undo()
    house.issue(NOON + DAY)
    assert digests(house) == []


@pytest.mark.parametrize(
    ("line", "shows"),
    [
        ("- **[机器人](https://a.example/1)** · 晨风 · 2025-03-03 12:00", True),
        ("- **[机器人](https://a.example/1)** · 晨风 · 2025-03-03 12:00 · 已删除", False),
        ("- **[机器人](https://a.example/10)** · 晨风 · 2025-03-03 12:00", False),
        ("- [机器人](https://a.example/1) · 晨风：已更新（删 1 句，增 2 句），2025-03-03 11:00", False),
        ("  转载：[晨风](https://a.example/1)", False),
    ],
)
def test_a_line_without_the_mark_shows_a_text(line, shows):
    assert shows_text_of(f"# 要闻\n\n{line}\n\n  导语。\n", ["https://a.example/1"]) is shows


@pytest.mark.parametrize("command", [["crawl", "--then-digest"], ["digest"]], ids=" ".join)
def test_a_page_that_a_second_look_finds_gone_is_in_no_byte_of_the_digests(rig, site, command):
    def call(hours, *arguments):
        now = (START + timedelta(hours=hours)).isoformat()
        options = ["--config", rig.config, "--data", rig.data, "--now", now, "--route", site.url]
        return CliRunner().invoke(cli, [*map(str, options), *arguments], prog_name="presswatch")

    lead = "这台机器人今天第一次走进了工厂的装配线".encode()
    site.routes["alpha.example/feed"] = Answer(feed("https://alpha.example/a"))
    site.routes["alpha.example/a"] = Answer(article_page("机器人进厂"))
    assert call(0, "crawl", "--then-digest").exit_code == 0
    files = [path for path in (rig.data / "digests").rglob("*") if path.is_file()]
    assert [lead in path.read_bytes() for path in files] == [True] * 6
    site.routes["alpha.example/a"] = Answer(status=404)
    assert call(25, "crawl").exit_code == 0
    assert call(25.5, *command).exit_code == 0
    assert not [path for path in (rig.data / "digests").rglob("*") if path.is_file() and lead in path.read_bytes()]
