"""The global options, checked."""

from datetime import date, datetime
from pathlib import Path
from urllib.parse import urlsplit

import click

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def check_folder(option: str, text: str | None) -> Path | None:
    """
    Raises:
        click.UsageError: the option was given, and empty.
    """
    if text is None:
        return None
    if not text.strip():
        # Usually a shell variable that is not set; the folder found without the option is not what was meant.
        raise click.UsageError(f"{option} expects a folder, got an empty name; name one or leave {option} out")
    return Path(text)


def check_route(url: str | None) -> str | None:
    """The local server's URL without a trailing slash.

    Raises:
        click.UsageError: it is not plain http on loopback with a port.
    """
    if url is None:
        return None
    expected = click.UsageError(f"--route expects a local server such as http://127.0.0.1:8800, got {url}")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise expected from error
    bare = f"{parts.scheme}://{parts.netloc}"
    if parts.scheme != "http" or parts.hostname not in _LOOPBACK or not port or "@" in bare:
        raise expected
    if url.removesuffix("/") != bare:
        raise expected
    return bare


def check_time(text: str | None) -> datetime | None:
    """
    Raises:
        click.UsageError: it is no ISO 8601 time.
    """
    if text is None:
        return None
    expected = click.UsageError(f"--now expects an ISO time such as 2025-03-03T08:00:00+08:00, got {text}")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise expected from error
    if not 1990 <= moment.year <= 2200:  # there was no web, or reckoning with it would leave the calendar
        raise expected
    return moment


def check_day(option: str, text: str | None) -> date | None:
    """
    Raises:
        click.UsageError: it is no ISO 8601 day.
    """
    if text is None:
        return None
    expected = click.UsageError(f"{option} expects a day such as 2025-03-01, got {text}")
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise expected from error
    if not 1900 <= day.year <= 2200:  # reckoning with it would leave the calendar
        raise expected
    return day
