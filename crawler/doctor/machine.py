"""The machine: Python, SQLite, time and zones, fonts."""

import platform
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crawler import __version__
from crawler.doctor.model import Finding, fault, note, ok, warning

_OLDEST, _NEWEST = (3, 11), (3, 13)  # pyproject.toml: requires-python
_SLACK = timedelta(minutes=5)  # that clocks of two machines on one data folder may differ

Answers = Callable[[Sequence[str]], str | None]


def answer_of(command: Sequence[str]) -> str | None:
    """What a program of the machine prints; None where there is none, or it fails or thinks for over 2 s."""
    program = shutil.which(command[0])
    if program is None:
        return None
    try:
        done = subprocess.run([program, *command[1:]], capture_output=True, text=True, timeout=2, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def check_python(version: tuple[int, int, int] = sys.version_info[:3]) -> Finding:
    shown = ".".join(map(str, version))
    if not _OLDEST <= version[:2] <= _NEWEST:
        supported = " to ".join(".".join(map(str, bound)) for bound in (_OLDEST, _NEWEST))
        return fault("python", f"Python {shown} is not supported", f"install presswatch under Python {supported}")
    place = f"{platform.system()} {platform.machine()}"
    return ok("python", f"presswatch {__version__} under Python {shown} on {place}, {sys.executable}")


def check_sqlite(try_fts5: Callable[[], bool] | None = None) -> Finding:
    """Whether SQLite has full-text search built in."""
    shown = f"SQLite {sqlite3.sqlite_version}"
    if not (try_fts5 or _has_fts5)():
        remedy = "use a Python whose SQLite has it, such as the system's or python.org's"
        return fault("sqlite", f"{shown} is built without FTS5, and no database can be made", remedy)
    return ok("sqlite", f"{shown} with FTS5")


def _has_fts5() -> bool:
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute("CREATE VIRTUAL TABLE trial USING fts5(text)")
        except sqlite3.OperationalError:
            return False
    return True


def check_clock(
    machine_now: datetime, now: datetime, stored: datetime | None, written: datetime | None, answer: Answers = answer_of
) -> Iterator[Finding]:
    """Whether the machine's clock can be believed.

    Args:
        machine_now: by the machine's clock.
        now: the time presswatch lives at, which --now may have moved.
        stored: the latest time of a live run in the ledger; None: there is none.
        written: when a file of the data folder was last written; None: there is none.
        answer: what `timedatectl` says.
    """
    shown, remedy = machine_now.isoformat(timespec="seconds"), "set the machine's clock, and let NTP keep it"
    behind = _behind(now, stored, "a run was at work at") or _behind(machine_now, written, "a file was written at")
    if machine_now.year < 2025:
        yield fault("clock", f"the machine's clock says {shown}, before this version was made", remedy)
    elif behind:
        yield fault("clock", f"the clock says {now.isoformat(timespec='seconds')}, and {behind}", remedy)
    else:
        yield ok("clock", f"{shown}, after everything that is stored")
    synchronised = (answer(["timedatectl", "show", "--property=NTPSynchronized", "--value"]) or "").strip()
    if synchronised == "no":
        yield warning("clock", "timedatectl says that the clock is not synchronised", "timedatectl set-ntp true")


def check_simulated(now: datetime, newest: datetime) -> Iterator[Finding]:
    """Whether runs that lived by --now, a route or a recording wrote times that are still to come."""
    if newest > now + _SLACK:
        told = f"a run that was not live wrote times up to {newest.isoformat(timespec='seconds')}, which is to come"
        yield warning("clock", told, "give such runs a data folder of their own; or is the machine's clock behind?")


def _behind(now: datetime, then: datetime | None, what: str) -> str:
    return f"{what} {then.isoformat(timespec='seconds')}" if then is not None and then > now + _SLACK else ""


def check_zones(zones: Sequence[str], load: Callable[[str], ZoneInfo] = ZoneInfo) -> Finding:
    """Whether every zone of the configuration is known, and by rules that are not outdated."""
    missing = [name for name in ("UTC", *zones) if not _knows(name, load)]
    remedy = "update the system's package tzdata, or pip install --upgrade tzdata"
    if missing:
        return fault("zones", f"the zone data knows no {', '.join(dict.fromkeys(missing))}", remedy)
    if not _is_recent(load):
        told = "the zone data is older than 2025: it lets Paraguay, whose clocks stand still since then, go back"
        return warning("zones", told, remedy)
    known = ", ".join(dict.fromkeys(zones)) or "UTC"
    return ok("zones", f"{known}, by rules of 2025 or later")


def _knows(name: str, load: Callable[[str], ZoneInfo]) -> bool:
    try:
        load(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True


def _is_recent(load: Callable[[str], ZoneInfo]) -> bool:
    """By a rule of IANA's release 2025a: Paraguay stays at UTC-3 from October 2024 on."""
    try:
        paraguay = load("America/Asuncion")
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return datetime(2025, 7, 1, tzinfo=UTC).astimezone(paraguay).utcoffset() == timedelta(hours=-3)


def check_fonts(answer: Answers = answer_of) -> Finding:
    """Whether this machine can draw Chinese; only pictures of a digest made here need it."""
    found = answer(["fc-list", ":lang=zh", "family"])
    if found is None:
        return note("fonts", "fc-list is not installed, so nobody knows whether a Chinese font is")
    families = sorted({line.split(",")[0].strip() for line in found.splitlines() if line.strip()})
    if not families:
        remedy = "install one, such as Debian's fonts-noto-cjk, if pictures of digests are made here"
        return note("fonts", "no font with Chinese characters", remedy)
    return ok("fonts", f"{families[0]} has Chinese characters", *families)
