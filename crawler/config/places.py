"""Where configuration and data lie. Nothing is created here."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import platformdirs

from crawler.config.report import ConfigError, Fault

KNOWN_FILES = ("presswatch.yaml", "themes.yaml", "subscriptions.yaml")
SOURCES = "sources"  # the folder with one file per source
ETC = Path("/etc/presswatch")  # where a system's administrator looks first, and what deploy/ uses

_PACKAGE = Path(__file__).parent.parent


def shipped_config() -> Path:
    """The config folder that comes with presswatch: inside the package when installed, beside it in a checkout."""
    installed = _PACKAGE / "shipped_config"
    return installed if installed.is_dir() else _PACKAGE.parent / "config"


class Place(NamedTuple):
    """A folder, and the rule it was found by."""

    path: Path
    rule: str


def find_config(given: Path | None, environ: Mapping[str, str], cwd: Path) -> Path:
    """The folder that `locate_config` finds.

    Raises:
        ConfigError: see there.
    """
    return locate_config(given, environ, cwd).path


def locate_config(given: Path | None, environ: Mapping[str, str], cwd: Path) -> Place:
    """The first of --config, PRESSWATCH_CONFIG, ./config, the user's, the system's and the shipped folder.

    One that nobody named counts only when it holds something presswatch reads. The system's is /etc/presswatch, then
    what the platform's own rules say: /etc/xdg/presswatch, or presswatch in a folder of XDG_CONFIG_DIRS.

    Raises:
        ConfigError: a folder was named that does not exist, or holds nothing presswatch reads.
    """
    named = _named(given, environ, "config", cwd)
    if named is not None:
        if not named.path.is_dir():
            raise _no_folder(named, "make it with presswatch init DIR, or leave the option out")
        if not _holds_config(named.path):
            raise _holds_nothing(named)
        return named
    usual = (
        Place(cwd / "config", "./config"),
        Place(platformdirs.user_config_path("presswatch"), "the user's config folder"),
        *(Place(folder, "the system's config folder") for folder in _system_folders()),
    )
    shipped = Place(shipped_config(), "the shipped config: there is none of your own")
    return next((place for place in usual if _holds_config(place.path)), shipped)


def find_data(given: Path | None, environ: Mapping[str, str], cwd: Path, config: Path) -> Path:
    """The folder that `locate_data` finds.

    Raises:
        ConfigError: see there.
    """
    return locate_data(given, environ, cwd, config).path


def locate_data(given: Path | None, environ: Mapping[str, str], cwd: Path, config: Path) -> Place:
    """The first of --data, PRESSWATCH_DATA, ./data beside a ./config or when it exists, the user's data folder.

    The folder need not exist: the first run makes it.

    Raises:
        ConfigError: something that is no folder was named.
    """
    named = _named(given, environ, "data", cwd)
    if named is not None:
        if named.path.exists() and not named.path.is_dir():
            raise _no_folder(named, "name a folder")
        return named
    local = cwd / "data"
    if config == cwd / "config":
        return Place(local, "./data beside ./config")
    if local.is_dir():
        return Place(local, "./data")
    return Place(platformdirs.user_data_path("presswatch"), "the user's data folder")


def _named(given: Path | None, environ: Mapping[str, str], what: str, cwd: Path) -> Place | None:
    """The folder somebody named, and by what means."""
    if given is not None:
        return Place(cwd / given, f"--{what}")
    variable = f"PRESSWATCH_{what.upper()}"
    value = environ.get(variable, "")
    return Place(cwd / value, variable) if value else None


def _no_folder(named: Place, hint: str) -> ConfigError:
    state = "is not a folder" if named.path.exists() else "does not exist"
    return ConfigError([Fault(file=str(named.path), rule=f"the folder given by {named.rule} {state}", hint=hint)])


def _holds_nothing(named: Place) -> ConfigError:
    rule = f"the folder given by {named.rule} holds nothing presswatch reads: {', '.join(KNOWN_FILES)} or {SOURCES}/"
    hint = f"put the shipped configuration there with {shlex.join(['presswatch', 'init', str(named.path)])}"
    return ConfigError([Fault(file=str(named.path), rule=rule, hint=hint)])


def _system_folders() -> tuple[Path, ...]:
    by_platform = platformdirs.site_config_dir("presswatch", multipath=True).split(os.pathsep)
    return (ETC, *map(Path, by_platform))


def _holds_config(folder: Path) -> bool:
    # A link that leads nowhere was meant to be read as well.
    return any(os.path.lexists(folder / name) for name in KNOWN_FILES) or (folder / SOURCES).is_dir()
