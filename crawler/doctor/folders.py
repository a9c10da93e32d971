"""Where configuration and data lie, who may read and write them, what kind of disk it is and how full."""

import os
import pwd
import re
import shlex
import shutil
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from crawler.config.places import KNOWN_FILES, SOURCES, Place, shipped_config
from crawler.config.report import spells_password
from crawler.doctor.model import Finding, fault, listed, note, ok, warning

# File systems over a network, or over another system's, on which a lock or an fsync may not hold what it promises:
# https://sqlite.org/wal.html says of all of them that WAL does not work between machines.
_REMOTE = re.compile(r"nfs\d?|cifs|smb\d?|smbfs|afs|9p|ceph|glusterfs|lustre|vboxsf|drvfs|virtiofs|fuse\..+")
_IN_MEMORY = ("tmpfs", "ramfs")
_ROOT = 0
_OF_THE_DISK = ("lost+found",)  # made by the file system, and root's
_PATIENCE = 0.5  # seconds for counting what a folder holds


def check_config(place: Place) -> Iterator[Finding]:
    """Where the configuration was found, and which files of it are the shipped ones."""
    shipped = shipped_config()
    if place.path == shipped:
        remedy = "presswatch init DIR copies it; then edit it there, and name DIR with --config or PRESSWATCH_CONFIG"
        yield note("config", f"{place.path}, {place.rule}", remedy)
        return
    lacking = [name for name in KNOWN_FILES if not (place.path / name).exists()]
    told = f"; {', '.join(lacking)} shipped, from {shipped}" if lacking else ""
    yield ok("config", f"{place.path}, by {place.rule}{told}")
    if _others_may(place.path, stat.S_IWOTH):
        yield warning("config", f"every user may write to {place.path}", f"chmod o-w {place.path}")


def check_passwords(folder: Path) -> Iterator[Finding]:
    """Passwords that a file of the configuration spells out: it is copied, shown and backed up as it stands."""
    files = [folder / name for name in KNOWN_FILES] + sorted((folder / SOURCES).glob("*.yaml"))
    for file in filter(Path.is_file, files):
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if not line.lstrip().startswith("#") and spells_password(line):
                told = f"a password stands in {file}:{number}"
                yield warning("config", told, "write ${NAME} there, and set NAME, or NAME_FILE, in the environment")


def check_data(place: Place, uid: int | None = None) -> Iterator[Finding]:
    """Where the data lies, and whether this user can work with it.

    Args:
        place: the data folder, which need not exist.
        uid: of the user who asks; None: of this process.
    """
    folder, uid = place.path, os.geteuid() if uid is None else uid
    if not folder.exists():
        above = next(path for path in folder.absolute().parents if path.exists())
        if not os.access(above, os.W_OK | os.X_OK):
            told = f"{folder}, by {place.rule}, does not exist, and {above} cannot be written"
            yield fault("data", told, f"make it, owned by {_name_of(uid)}, or name another with --data")
        else:
            yield note("data", f"{folder}, by {place.rule}, does not exist yet", "the first crawl makes it")
        return
    if not folder.is_dir():
        yield fault("data", f"{folder}, by {place.rule}, is not a folder", "move it away, or name a folder with --data")
        return
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        told = f"{folder}, by {place.rule}, cannot be written by {_name_of(uid)}"
        owner = folder.stat().st_uid
        instead = f", or run presswatch as {_name_of(owner)}" if owner != _ROOT else ""
        yield fault("data", told, f"chown it to {_name_of(uid)}{instead}")
        return
    yield ok("data", f"{folder}, by {place.rule}, can be written")
    yield from _owners(folder, uid)
    yield from _readers(folder)


def _owners(folder: Path, uid: int) -> Iterator[Finding]:
    """Whether all there is belongs to one user, who need not own the folder: a volume's belongs to root."""
    owner = folder.stat().st_uid
    keeper = owner if uid == _ROOT else uid
    if keeper == _ROOT:  # who may write to all of it, and is nobody to give it to
        return
    owners = {path.name: path.lstat().st_uid for path in folder.iterdir() if path.name not in _OF_THE_DISK}
    strange = sorted(name for name, user in owners.items() if user != keeper)
    is_owners = bool(strange) and owner != _ROOT and all(owners[name] == owner for name in strange)
    if is_owners or keeper != uid:
        told = f"{folder} belongs to {_name_of(owner)}, and you are {_name_of(uid)}"
        yield note("data", told, f"run presswatch as {_name_of(owner)}, or it finds files it cannot write")
    if strange and not is_owners:
        told = f"{', '.join(strange)} in {folder} belong to another user than {_name_of(keeper)}"
        yield warning("data", told, f"chown -R {keeper} {folder}")


def _readers(folder: Path) -> Iterator[Finding]:
    if _others_may(folder, stat.S_IWOTH):
        yield warning("data", f"every user may write to {folder}", f"chmod o-w {folder}")
    wide = _open_to(folder, stat.S_IXOTH, stat.S_IRWXO)
    if wide:
        told = f"every user of this machine may read {listed([path.name for path in wide])} in {folder}"
        yield warning("data", told, _closed(folder, wide, "o", stat.S_IRWXO))
    if wide := _open_to(folder, stat.S_IXGRP, stat.S_IRWXG):
        told = f"the group of {folder} may read {listed([path.name for path in wide])} in it"
        yield note("data", told, f"{_closed(folder, wide, 'g', stat.S_IRWXG)}, if somebody else is in it")


def _closed(folder: Path, wide: list[Path], who: str, bits: int) -> str:
    """What closes it: the folder itself as well, unless its digests are there to be shown."""
    digests = folder / "digests"
    is_shown = digests.is_dir() and digests.stat().st_mode & bits
    return f"chmod -R {who}= {shlex.join(map(str, wide if is_shown else [folder]))}"


def _open_to(folder: Path, enter: int, bits: int) -> list[Path]:
    """What lies in a folder that may be entered, and may be read or written by those whose bits these are.

    Digests may be there to be shown; what presswatch makes is its user's alone, but for what it made in former times.
    """
    if not folder.stat().st_mode & enter:
        return []
    found = (path for path in folder.iterdir() if path.name not in {"digests", *_OF_THE_DISK})
    return sorted(path for path in found if not path.is_symlink() and path.stat().st_mode & bits)


def check_disk_kind(folder: Path, mounts: str) -> Finding | None:
    """Whether the file system keeps what it is given.

    Args:
        folder: the data folder.
        mounts: what /proc/mounts holds; empty where there is none.
    """
    kind = kind_of_disk(folder, mounts)
    if kind is None:
        return None
    if kind in _IN_MEMORY:
        told = f"{folder} lies in memory ({kind}): it is lost when the machine stops"
        return warning("disk", told, "name a folder on a disk with --data")
    if kind == "overlay":
        told = f"{folder} lies in the container's own layer, and goes with the container"
        return warning("disk", told, "mount a volume there")
    if _REMOTE.fullmatch(kind):
        told = f"{folder} lies on {kind}, where locks and fsync may not hold: the database can be damaged"
        return note("disk", told, "use a local disk, and from one machine only")
    return ok("disk", f"{folder} lies on {kind}")


def kind_of_disk(folder: Path, mounts: str) -> str | None:
    """The type of the file system that holds a folder, which need not exist; None where nobody knows."""
    place = folder.resolve()
    found: tuple[str, str | None] = ("", None)
    for line in mounts.splitlines():
        _, mount, kind, *_ = line.split(" ")
        mount = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), mount)
        # The last of several at one place hides those before it.
        if place.is_relative_to(mount) and len(mount) >= len(found[0]):
            found = (mount, kind)
    return found[1]


def check_room(folder: Path, least_mb: int, free_bytes: int | None = None) -> Finding:
    """How full the disk is.

    Args:
        folder: the data folder, which need not exist.
        least_mb: min_free_mb of the configuration, in millions of bytes.
        free_bytes: None: the disk is asked.
    """
    above = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    free = (shutil.disk_usage(above).free if free_bytes is None else free_bytes) / 1_000_000
    told = f"{free:.0f} MB are free in {folder}"
    if free < least_mb:
        remedy = "free some, or lower retention.captures_mb in presswatch.yaml"
        return fault("disk", f"{told}, less than min_free_mb: {least_mb}; a run stops fetching", remedy)
    if free < 2 * least_mb:
        return warning("disk", f"{told}; with less than min_free_mb: {least_mb} a run stops fetching", "free some")
    return ok("disk", f"{told}; a run stops fetching below {least_mb}")


def check_size(folder: Path, database: Path | None) -> Finding:
    """How much is stored."""
    parts = [] if database is None or not database.exists() else [("database", database.stat().st_size, True)]
    parts += [(name, *_size_of(folder / name)) for name in ("archive", "captures", "digests")]
    told = [f"{name} {'' if counted else 'more than '}{size / 1_000_000:.1f} MB" for name, size, counted in parts]
    return ok("size", ", ".join(told))


def _size_of(folder: Path) -> tuple[int, bool]:
    """The bytes of all files below, and whether there was time to count them to the end."""
    until, total = time.monotonic() + _PATIENCE, 0
    for place, _, files in os.walk(folder):
        for name in files:
            with suppress(FileNotFoundError):  # a run at work has just removed it
                total += os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118  # a Path each would double the time
        if time.monotonic() > until:
            return total, False
    return total, True


def newest_file_time(folder: Path, names: Sequence[str]) -> float | None:
    """When one of these files in the folder was last written, in seconds since 1970."""
    times = [path.stat().st_mtime for name in names if (path := folder / name).exists()]
    return max(times, default=None)


def _others_may(path: Path, right: int) -> bool:
    return bool(path.stat().st_mode & right)


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # a container's user need not be named
        return f"user {uid}"
