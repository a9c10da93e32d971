"""Where configuration and data lie. Nothing is created here."""

from collections.abc import Mapping
from pathlib import Path

import platformdirs

from crawler.config.report import ConfigError, Fault

KNOWN_FILES = ("presswatch.yaml", "themes.yaml", "subscriptions.yaml")
SOURCES = "sources"  # the folder with one file per source

_PACKAGE = Path(__file__).parent.parent


def shipped_config() -> Path:
    """The config folder that comes with presswatch: inside the package when installed, beside it in a checkout."""
    installed = _PACKAGE / "shipped_config"
    return installed if installed.is_dir() else _PACKAGE.parent / "config"


def find_config(given: Path | None, environ: Mapping[str, str], cwd: Path) -> Path:
    """The first of --config, PRESSWATCH_CONFIG, ./config, the user's, the system's and the shipped folder.

    The last four count only when they hold something presswatch reads.

    Raises:
        ConfigError: a folder was named that does not exist.
    """
    named = _named(given, environ, "config", cwd)
    if named is not None:
        place, named_by = named
        if not place.is_dir():
            raise _no_folder(place, named_by, "copy the shipped config/ there, or leave the option out")
        return place
    usual = (cwd / "config", platformdirs.user_config_path("presswatch"), platformdirs.site_config_path("presswatch"))
    return next((folder for folder in usual if _holds_config(folder)), shipped_config())


def find_data(given: Path | None, environ: Mapping[str, str], cwd: Path, config: Path) -> Path:
    """The first of --data, PRESSWATCH_DATA, ./data beside a ./config or when it exists, the user's data folder.

    The folder need not exist: the first run makes it.

    Raises:
        ConfigError: something that is no folder was named.
    """
    named = _named(given, environ, "data", cwd)
    if named is not None:
        place, named_by = named
        if place.exists() and not place.is_dir():
            raise _no_folder(place, named_by, "name a folder")
        return place
    local = cwd / "data"
    if config == cwd / "config" or local.is_dir():
        return local
    return platformdirs.user_data_path("presswatch")


def _named(given: Path | None, environ: Mapping[str, str], what: str, cwd: Path) -> tuple[Path, str] | None:
    """The folder somebody named, and by what means."""
    if given is not None:
        return cwd / given, f"--{what}"
    variable = f"PRESSWATCH_{what.upper()}"
    value = environ.get(variable, "")
    return (cwd / value, variable) if value else None


def _no_folder(place: Path, named_by: str, hint: str) -> ConfigError:
    state = "is not a folder" if place.exists() else "does not exist"
    return ConfigError([Fault(file=str(place), rule=f"the folder given by {named_by} {state}", hint=hint)])


def _holds_config(folder: Path) -> bool:
    return any((folder / name).is_file() for name in KNOWN_FILES) or (folder / SOURCES).is_dir()
