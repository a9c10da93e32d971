"""presswatch doctor as it is called: what it prints, how it exits, and that it leaves everything as it is."""

import json
import logging
import socket

import pytest
from archive_rows import DAY, NOON
from click.testing import CliRunner
from config_faults import SOURCE, SUBSCRIPTIONS, THEMES, fill
from house import House

from crawler.cli import cli
from crawler.cli import doctor as command
from crawler.cli.doctor import exit_code
from crawler.doctor.model import Check, Grade, examine, fault, listed, note, ok, warning
from crawler.doctor.online import Prober

CANARY = "geheim-99"
GOOD = {"sources/alpha.yaml": SOURCE, "themes.yaml": THEMES, "subscriptions.yaml": SUBSCRIPTIONS}


@pytest.fixture
def called(tmp_path):
    """Calls doctor with a config and a data folder below tmp_path."""

    def call(*arguments, files=GOOD):
        fill(tmp_path / "config", files)
        places = ["--config", str(tmp_path / "config"), "--data", str(tmp_path / "data")]
        return CliRunner().invoke(cli, [*places, "doctor", *arguments], prog_name="presswatch")

    return call


def findings_of(result):
    return json.loads(result.stdout)["findings"]


def of_check(result, name):
    return [finding for finding in findings_of(result) if finding["check"] == name]


# -- the checks as a list ---------------------------------------------------------------------------------------------


def test_a_check_that_breaks_is_a_fault_of_its_own_and_keeps_no_other_from_running():
    def broken():
        yield ok("first", "before")
        raise ValueError(CANARY)

    found = examine([Check(name="broken", examine=broken), Check(name="next", examine=lambda: ok("next", "after"))])
    assert [(finding.check, finding.grade.value) for finding in found] == [("broken", "fault"), ("next", "ok")]
    assert found[0].found.startswith("the check itself broke: ValueError in test_doctor.py:")
    assert CANARY not in repr(found)


@pytest.mark.parametrize(
    ("findings", "unread", "code"),
    [
        ([ok("a", "x"), note("a", "x"), warning("a", "x", "y")], False, 0),
        ([ok("a", "x"), fault("a", "x", "y")], False, 1),
        ([ok("a", "x"), fault("a", "x", "y")], True, 2),
        ([], False, 0),
    ],
)
def test_the_exit_code_is_that_of_the_worst(findings, unread, code):
    assert exit_code(findings, unread=unread) == code


def test_many_names_are_counted_after_the_first():
    assert listed(["a", "b"], 2) == "a, b"
    assert listed(["a", "b", "c", "d"], 2) == "a, b and 2 more"


# -- the command ------------------------------------------------------------------------------------------------------


def test_its_json_is_one_document_of_a_stable_shape(called):
    document = json.loads(called("--json").stdout)
    assert list(document) == ["presswatch", "grade", "counts", "findings"]
    assert list(document["counts"]) == ["ok", "note", "warning", "fault"]
    assert sum(document["counts"].values()) == len(document["findings"])
    assert document["grade"] in document["counts"]
    for finding in document["findings"]:
        assert list(finding) == ["check", "grade", "found", "todo", "details"]
        assert "\n" not in finding["found"] + finding["todo"]
        assert finding["todo"] or finding["grade"] in {"ok", "note"}


def test_every_check_there_is_says_something(called):
    checked = {finding["check"] for finding in findings_of(called("--json"))}
    everywhere = {"python", "sqlite", "config", "data", "disk", "size", "clock", "zones", "certificates", "resolver"}
    assert checked >= everywhere | {"contact", "database", "sources", "terms", "themes", "schedule", "fonts"}


def test_the_exit_code_follows_from_the_document(called):
    result = called("--json")
    assert result.exit_code == (1 if json.loads(result.stdout)["grade"] == "fault" else 0)
    made = called("--json", files=GOOD | {"presswatch.yaml": "min_free_mb: 999999999\n"})
    assert made.exit_code == 1


def test_a_data_folder_that_is_a_file_is_one_fault_and_no_database_is_spoken_of(called, tmp_path):
    (tmp_path / "data").write_text("")
    result = called("--json")
    found, _ = [finding for finding in findings_of(result) if finding["grade"] == "fault"]  # the other is of contact
    assert (result.exit_code, found["check"], found["todo"]) == (2, "config", "put right what is named")
    assert of_check(result, "database") == []


def test_where_a_line_is_named_the_advice_is_to_look_there(called):
    [found] = [one for one in of_check(called("--json", files=GOOD | {"presswatch.yaml": "min_free_mb: x\n"}), "config")
               if one["grade"] == "fault"]  # fmt: skip
    assert found["todo"] == "put it right in the file and line that are named"


def test_a_line_for_each_finding_and_what_to_do_below_it(called):
    lines = called().stdout.splitlines()
    [number] = [number for number, line in enumerate(lines) if line.startswith("fault    contact  ")]
    assert lines[number + 1].strip().startswith("→ set it in ")
    assert "1 fault" in lines[-1]
    assert all(len(line) < 400 for line in lines)


def test_verbose_names_all_that_is_counted(called):
    off = {f"sources/{name}.yaml": source_text(name) + "enabled: false\n" for name in "bcdefghij"}
    assert "j: no reason is given" not in called(files=GOOD | off).stdout
    assert "j: no reason is given" in called("-v", files=GOOD | off).stdout


def source_text(name):
    return SOURCE.replace("alpha", f"s{name}").replace(f"name: s{name}", f"name: {name}")


def test_nothing_is_made_or_changed(called, tmp_path):
    called()
    assert not (tmp_path / "data").exists()


def test_nothing_is_sent_without_online(called, monkeypatch):
    def refused(*arguments):
        raise AssertionError("a connection was made")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    assert "broke" not in called("--json").stdout


def test_online_with_a_route_says_that_it_asks_nobody(called):
    [found] = of_check(called("--json", "--online", "--route", "http://127.0.0.1:9"), "online")
    assert (found["grade"], "http://127.0.0.1:9" in found["found"]) == ("note", True)


def test_online_adds_a_finding_for_each_host(called, monkeypatch):
    hosts = []

    async def check(prober, asked):
        hosts.extend(asked)
        return (ok("online", "x"),)

    monkeypatch.setattr(Prober, "check", check)
    assert len(of_check(called("--json", "--online"), "online")) == 1
    assert [(host.name, host.port, host.is_tls) for host in hosts] == [("alpha.example", 443, True)]


# -- a configuration that cannot be read ------------------------------------------------------------------------------


def test_a_config_with_faults_is_exit_2_with_its_report_and_the_other_checks_run(called, tmp_path):
    broken = GOOD | {"presswatch.yaml": "contakt: me\nhosts_at_once: 0\n"}
    result = called("--json", files=broken)
    assert result.exit_code == 2
    [_, found] = of_check(result, "config")
    assert found["found"] == f"configuration: 2 faults in {tmp_path / 'config'}"
    assert found["details"] == [
        'presswatch.yaml:1: contakt = "me": unknown key; nearest known key: contact',
        "presswatch.yaml:2: hosts_at_once = 0: expected at least 1",
    ]
    checked = {finding["check"] for finding in findings_of(result)}
    assert checked >= {"python", "sqlite", "data", "disk", "clock", "zones", "certificates", "resolver", "fonts"}
    assert not checked & {"sources", "database", "redis", "subscriptions"}


def test_its_report_stands_in_the_text_without_verbose(called):
    result = called(files=GOOD | {"presswatch.yaml": "contakt: me\n"})
    assert result.exit_code == 2
    assert "presswatch.yaml:1: contakt" in result.stdout


def test_a_config_folder_that_does_not_exist_is_exit_2_and_told(tmp_path):
    arguments = ["--config", str(tmp_path / "none"), "doctor", "--json"]
    result = CliRunner().invoke(cli, arguments, prog_name="presswatch")
    assert result.exit_code == 2
    assert "the folder given by --config does not exist" in result.stdout
    assert "python" in {finding["check"] for finding in findings_of(result)}


def test_a_time_without_its_zone_is_no_obstacle_to_a_broken_config(called):
    result = called("--json", "--now", "2025-03-03T08:00:00", files=GOOD | {"presswatch.yaml": "contakt: me\n"})
    assert (result.exit_code, of_check(result, "clock") != []) == (2, True)


# -- secrets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [("--json",), ("-v",), ()])
@pytest.mark.parametrize(
    "settings",
    [
        "redis_url: redis://:${SECRET}@127.0.0.1:1/0\n",
        "redis_url: redis://127.0.0.1:${SECRET}/0\n",
        "redis_url: unix://${SECRET}@/none.sock\n",
        "contact: ${SECRET}\n",
        "contact: '${OTHER}'\n",
    ],
)
def test_no_secret_is_told(called, monkeypatch, caplog, tmp_path, settings, options):
    monkeypatch.setenv("SECRET", CANARY)
    monkeypatch.setenv("OTHER_FILE", str(tmp_path / CANARY))
    monkeypatch.setenv("HTTPS_PROXY", f"http://:{CANARY}@127.0.0.1:1")
    with caplog.at_level(logging.DEBUG):
        result = called(*options, files=GOOD | {"presswatch.yaml": settings})
    assert result.exit_code in {1, 2} or "contact: ${SECRET}" in settings
    assert CANARY not in result.output + caplog.text


# -- an installation at work ------------------------------------------------------------------------------------------


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path, settings={"contact": "desk@presswatch-reader.org"})
    yield made
    made.database.close()


def test_an_installation_at_work_is_told_by_its_ledger(house):
    house.keep(1)
    house.issue(NOON + DAY)
    result = house.call("doctor", "--json", now=NOON + DAY)
    assert [finding["grade"] for finding in of_check(result, "database")] == ["ok", "ok"]
    assert "broke" not in result.stdout
    [late] = of_check(result, "subscriptions")
    assert late["grade"] == "ok"
    [unproven] = [finding for finding in of_check(result, "sources") if "unproven" in finding["found"]]
    assert unproven["details"] == ["chenfeng", "xinchao"]


def test_a_day_later_the_digest_is_late_and_cron_is_asked_for(house):
    house.keep(1)
    house.issue(NOON + DAY)
    result = house.call("doctor", "--json", now=NOON + 3 * DAY)
    assert [finding["grade"] for finding in of_check(result, "subscriptions")] == ["warning"]
    [quiet] = of_check(result, "schedule")
    assert (quiet["grade"], "is cron running?" in quiet["todo"]) == ("warning", True)


def test_a_clock_before_what_is_stored_is_a_fault(house):
    house.change("UPDATE run SET live = 1")
    result = house.call("doctor", "--json", now=NOON - 100 * DAY)
    assert of_check(result, "clock")[0]["grade"] == "fault"
    assert result.exit_code == 1


def test_a_run_that_was_not_live_and_lies_ahead_is_told(house):
    result = house.call("doctor", "--json", now=NOON - 100 * DAY)
    assert [finding["grade"] for finding in of_check(result, "clock")][:2] == ["ok", "warning"]


def test_a_database_elsewhere_is_looked_at_there(called, tmp_path):
    files = GOOD | {"presswatch.yaml": f"database: sqlite:///{tmp_path}/other/ledger.db\n"}
    [found] = of_check(called("--json", files=files), "database")
    assert f"{tmp_path}/other/ledger.db does not exist" in found["found"]


def test_on_a_terminal_it_is_a_table(called, monkeypatch):
    shown = command._table([fault("zones", "no zone [data]", "install", details=["a"])], verbose=False)
    cells = [list(column.cells) for column in shown.columns]
    assert [str(cell[0]) for cell in cells] == ["fault", "zones", "no zone [data]\n  a\n→ install"]


def test_grades_are_in_order():
    assert sorted(Grade, key=lambda grade: grade.rank) == ["ok", "note", "warning", "fault"]
