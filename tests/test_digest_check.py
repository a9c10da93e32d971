"""presswatch digest --check: silent and 0 when well, a line each and 1 when not; it issues nothing."""

import json
from datetime import timedelta

import pytest
from archive_rows import DAY, HOUR, NOON
from house import House

MINUTE = timedelta(minutes=1)
EIGHT = NOON + DAY - 4 * HOUR  # 08:00 in Shanghai, the cut of the day after


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    made.rows.a_run(ended=NOON, books={"chenfeng": {"polls": 1}})
    yield made
    made.database.close()


def check(house, now, *options):
    result = house.call("digest", "--check", *options, now=now)
    return result.exit_code, result.stdout, result.stderr.splitlines()


def test_a_digest_that_was_never_issued(house):
    told = "daily: no digest was ever issued; presswatch digest issues the first after a good poll"
    begun = NOON - 30 * DAY + HOUR  # an hour after the run that the rows begin with
    assert check(house, begun - MINUTE) == (0, "", [])
    assert check(house, begun) == (1, "", [told])


@pytest.mark.parametrize(
    ("now", "is_late"),
    [
        pytest.param(EIGHT - MINUTE, False, id="before the cut"),
        pytest.param(EIGHT + MINUTE, False, id="just after it"),
        pytest.param(EIGHT + HOUR - MINUTE, False, id="within the hour"),
        pytest.param(EIGHT + HOUR, True, id="an hour later"),
        pytest.param(EIGHT + 2 * DAY + 2 * HOUR, True, id="two days later"),
    ],
)
def test_a_digest_is_late_an_hour_after_its_cut(house, now, is_late):
    house.rows.an_article(1)
    house.issue(NOON)
    day = "2025-03-04" if now < EIGHT + DAY else "2025-03-06"
    came = f"its cut came at {day} 08:00 (Asia/Shanghai)"
    told = f"daily: the digest of {day} is late: {came}; presswatch digest issues it"
    assert check(house, now) == ((1, "", [told]) if is_late else (0, "", []))


@pytest.mark.parametrize("name", ["2025-03-03.md", "2025-03-03.json", "latest.html"])
def test_a_file_that_is_gone(house, name):
    house.rows.an_article(1)
    house.issue(NOON)
    folder = house.data / "digests"
    (folder / "daily" / name).unlink()
    told = f"daily: files of the digest of 2025-03-03 are missing in {folder}; presswatch digest makes them again"
    assert check(house, NOON) == (1, "", [told])
    house.call("digest", now=NOON)
    assert check(house, NOON) == (0, "", [])


def test_it_issues_and_writes_nothing(house):
    house.rows.an_article(1)
    check(house, NOON)
    house.issue(NOON)
    before = house.query("SELECT * FROM digest")
    (house.data / "digests" / "daily" / "latest.html").unlink()
    check(house, NOON + 9 * DAY)
    assert house.query("SELECT * FROM digest") == before
    assert not (house.data / "digests" / "daily" / "latest.html").exists()


def test_a_digest_without_an_article_is_empty(house):
    house.issue(NOON)
    assert check(house, NOON) == (1, "", ["daily: the digest of 2025-03-03 has no article"])


def test_books_that_do_not_balance_are_told_with_their_figures(house):
    house.rows.an_article(1)
    house.rows.a_run(ended=NOON, books={"chenfeng": {"carried_in": 1, "found": 5, "kept": 3, "carried_out": 1}})
    house.issue(NOON)
    code, _, lines = check(house, NOON)
    told = "daily: the books of the digest of 2025-03-03 do not balance: chenfeng, run "
    assert (code, len(lines)) == (1, 1)
    assert lines[0].startswith(told)
    assert lines[0].endswith(": 1 + 5 ≠ 3 + 1")


@pytest.fixture
def two(house):
    daily = {"name": "daily"}
    weekly = {"name": "weekly", "at": "20:00"}
    house.write_config("subscriptions.yaml", {"subscriptions": [daily, weekly]})
    house.rows.an_article(1)
    house.issue(NOON)
    return house


def test_one_that_was_added_since_the_others_were_issued_is_not_missing(two):
    assert check(two, NOON + HOUR) == (0, "", [])


LATER = NOON + DAY + HOUR


@pytest.mark.parametrize(
    ("options", "told"),
    [([], ["daily", "weekly"]), (["--subscription", "weekly"], ["weekly"]), (["--subscription", "daily"], ["daily"])],
)
def test_all_subscriptions_are_checked_unless_one_is_named(two, options, told):
    code, _, lines = check(two, LATER, *options)
    assert (code, [line.partition(":")[0] for line in lines]) == (1, told)


def test_as_json_it_is_one_document(two):
    code, stdout, _ = check(two, LATER, "--json")
    document = json.loads(stdout)
    assert (code, document["checked"]) == (1, ["daily", "weekly"])
    assert [(item["subscription"], item["fault"]) for item in document["faults"]] == [
        ("daily", "late"), ("weekly", "never_issued"),
    ]  # fmt: skip


@pytest.mark.parametrize("option", [["--date", "2025-03-03"], ["--preview"], ["--format", "md"]], ids=" ".join)
def test_it_goes_with_no_option_that_prints_a_digest(house, option):
    code, stdout, lines = check(house, NOON, *option)
    assert (code, stdout) == (2, "")
    assert "--check without" in lines[-1]
