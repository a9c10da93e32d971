"""Where config and data are found."""

import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest
from config_faults import THEMES, fill

from crawler.config import places
from crawler.config.places import find_config, find_data, shipped_config
from crawler.config.report import ConfigError


@pytest.fixture
def system(tmp_path, monkeypatch):
    """The user's and the system's folders, below tmp_path; the working folder is tmp_path/here."""
    for what, name in (("user_config_path", "user"), ("site_config_path", "site"), ("user_data_path", "share")):
        monkeypatch.setattr(platformdirs, what, lambda app, name=name: tmp_path / name)
    (tmp_path / "here").mkdir()
    return tmp_path


def test_config_is_found_in_the_promised_order(system):
    here, given, named = system / "here", system / "given", system / "named"
    places_in_order = [given, named, here / "config", system / "user", system / "site"]
    for folder in places_in_order:
        fill(folder, {"themes.yaml": THEMES})
    environ = {"PRESSWATCH_CONFIG": str(named)}
    assert find_config(given, environ, here) == given
    assert find_config(None, environ, here) == named
    for folder in places_in_order[2:]:
        assert find_config(None, {}, here) == folder
        (folder / "themes.yaml").unlink()
    assert find_config(None, {}, here) == shipped_config()


@pytest.mark.parametrize("content", ["presswatch.yaml", "subscriptions.yaml", "sources/x.yaml"])
def test_a_local_config_counts_by_what_it_holds(system, content):
    fill(system / "here/config", {content: ""})
    assert find_config(None, {}, system / "here") == system / "here/config"


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
    assert find_data(None, {"PRESSWATCH_DATA": ""}, system / "here", shipped_config()) == system / "share"


def test_data_is_found_in_the_promised_order(system):
    here, environ = system / "here", {"PRESSWATCH_DATA": "named"}
    assert find_data(Path("given"), environ, here, shipped_config()) == here / "given"
    assert find_data(None, environ, here, shipped_config()) == here / "named"
    assert find_data(None, {}, here, here / "config") == here / "data"
    assert find_data(None, {}, here, shipped_config()) == system / "share"
    (here / "data").mkdir()
    assert find_data(None, {}, here, shipped_config()) == here / "data"


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
