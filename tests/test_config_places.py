"""Where config and data are found."""

import os
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest
from config_faults import THEMES, fill
from platformdirs.unix import Unix

from crawler.config import places
from crawler.config.places import find_config, find_data, locate_config, locate_data, shipped_config
from crawler.config.report import ConfigError


@pytest.fixture
def system(tmp_path, monkeypatch):
    """The user's and the system's folders, below tmp_path; the working folder is tmp_path/here."""
    for variable, name in (
        ("XDG_CONFIG_HOME", "home"),
        ("XDG_DATA_HOME", "share"),
        ("XDG_CONFIG_DIRS", f"first{os.pathsep}{tmp_path}/second"),
        ("HOME", "home"),
    ):
        monkeypatch.setenv(variable, f"{tmp_path}/{name}")
    monkeypatch.setattr(places, "ETC", tmp_path / "etc")
    monkeypatch.setattr(platformdirs, "PlatformDirs", Unix)  # also where the tests run on a Mac
    (tmp_path / "here").mkdir()
    return tmp_path


PLACES = [  # what is named how, folder, rule: in the order they are looked at
    ("--config", "given", "--config"),
    ("PRESSWATCH_CONFIG", "named", "PRESSWATCH_CONFIG"),
    ("", "here/config", "./config"),
    ("", "home/presswatch", "the user's config folder"),
    ("", "etc", "the system's config folder"),
    ("", "first/presswatch", "the system's config folder"),
    ("", "second/presswatch", "the system's config folder"),
]


@pytest.mark.parametrize("first", range(len(PLACES)))
def test_config_is_found_in_the_promised_order(system, first):
    for _, folder, _ in PLACES[first:]:
        fill(system / folder, {"themes.yaml": THEMES})
    named = {how: str(system / folder) for how, folder, _ in PLACES[first:] if how}
    given = Path(named.pop("--config")) if "--config" in named else None
    _, folder, rule = PLACES[first]
    assert locate_config(given, named, system / "here") == (system / folder, rule)
    assert find_config(given, named, system / "here") == system / folder


def test_where_no_config_lies_the_shipped_one_is_taken_and_said(system):
    assert locate_config(None, {}, system / "here") == (
        shipped_config(),
        "the shipped config: there is none of your own",
    )


def test_a_system_folder_that_holds_nothing_of_ours_is_passed_over(system):
    fill(system / "etc", {"README": ""})
    fill(system / "first/presswatch", {"sources/x.yaml": ""})
    assert find_config(None, {}, system / "here") == system / "first/presswatch"


def test_the_folders_of_the_platform_itself():
    assert Path("/etc/presswatch") == places.ETC


@pytest.mark.parametrize("content", ["presswatch.yaml", "subscriptions.yaml", "sources/x.yaml"])
def test_a_local_config_counts_by_what_it_holds(system, content):
    fill(system / "here/config", {content: ""})
    assert find_config(None, {}, system / "here") == system / "here/config"


@pytest.mark.parametrize("content", [{}, {"docker-compose.yaml": ""}], ids=["empty", "of something else"])
def test_a_named_folder_that_holds_nothing_presswatch_reads_is_a_fault(system, content):
    (system / "own config").mkdir()
    fill(system / "own config", content)
    with pytest.raises(ConfigError, match=r"holds nothing presswatch reads: .*; put .* init '.*/own config'$"):
        find_config(Path("own config"), {}, system)


def test_a_named_folder_without_a_source_is_a_configuration(system):
    fill(system / "own", {"presswatch.yaml": ""})
    assert find_config(Path("own"), {}, system) == system / "own"


def test_a_config_folder_of_something_else_is_not_taken(system):
    fill(system / "here/config", {"webpack.js": ""})
    assert find_config(None, {}, system / "here") == shipped_config()


@pytest.mark.parametrize(
    ("given", "environ", "named_by"),
    [(Path("none"), {}, "--config"), (None, {"PRESSWATCH_CONFIG": "none"}, "PRESSWATCH_CONFIG")],
)
def test_a_named_config_folder_that_does_not_exist_is_not_skipped(system, given, environ, named_by):
    with pytest.raises(ConfigError, match=f"none: the folder given by {named_by} does not exist"):
        find_config(given, environ, system / "here")


def test_a_file_named_as_config_folder_is_told(system):
    fill(system, {"here/file": ""})
    with pytest.raises(ConfigError, match="the folder given by --config is not a folder"):
        find_config(Path("file"), {}, system / "here")


def test_an_empty_variable_names_nothing(system):
    assert find_config(None, {"PRESSWATCH_CONFIG": ""}, system / "here") == shipped_config()
    assert find_data(None, {"PRESSWATCH_DATA": ""}, system / "here", shipped_config()) == system / "share/presswatch"


def test_data_is_found_in_the_promised_order(system):
    here, environ = system / "here", {"PRESSWATCH_DATA": "named"}
    assert find_data(Path("given"), environ, here, shipped_config()) == here / "given"
    assert find_data(None, environ, here, shipped_config()) == here / "named"
    assert find_data(None, {}, here, here / "config") == here / "data"
    assert find_data(None, {}, here, shipped_config()) == system / "share/presswatch"
    (here / "data").mkdir()
    assert find_data(None, {}, here, shipped_config()) == here / "data"


def test_how_data_was_found_is_said(system):
    here, environ = system / "here", {"PRESSWATCH_DATA": "named"}
    assert locate_data(Path("given"), environ, here, shipped_config()).rule == "--data"
    assert locate_data(None, environ, here, shipped_config()).rule == "PRESSWATCH_DATA"
    assert locate_data(None, {}, here, here / "config").rule == "./data beside ./config"
    assert locate_data(None, {}, here, shipped_config()).rule == "the user's data folder"
    (here / "data").mkdir()
    assert locate_data(None, {}, here, shipped_config()).rule == "./data"


def test_a_file_named_as_data_folder_is_told(system):
    fill(system, {"here/file": ""})
    with pytest.raises(ConfigError, match="the folder given by PRESSWATCH_DATA is not a folder"):
        find_data(None, {"PRESSWATCH_DATA": "file"}, system / "here", shipped_config())


def test_an_installed_presswatch_brings_its_config_inside_the_package(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "_PACKAGE", tmp_path / "crawler")
    assert shipped_config() == tmp_path / "config"
    (tmp_path / "crawler/shipped_config").mkdir(parents=True)
    assert shipped_config() == tmp_path / "crawler/shipped_config"


def test_finding_the_places_loads_no_models():
    code = "import crawler.config.places, sys; sys.exit('pydantic' in sys.modules or 'yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
