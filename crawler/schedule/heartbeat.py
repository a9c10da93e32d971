"""The daemon's sign of life: a small file in the data folder. Imports next to nothing: health checks read it often."""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

FILE = "schedule.json"
DAEMON_COMMAND = "schedule"  # what its runs are booked under
FRESH = timedelta(minutes=3)  # a beat comes every 15 s; one that is older than this comes from a daemon that is stuck


@dataclass(frozen=True, kw_only=True)
class Beat:
    """What the daemon last said of itself."""

    pid: int
    host: str
    version: str
    started: datetime
    beat: datetime
    doing: str  # idle, run N, digest ...
    next_poll: datetime | None
    next_digest: datetime | None
    ended: bool  # in order


def write_beat(folder: Path, beat: Beat) -> None:
    """Put it in the place of the last one; no reader ever sees half of it.

    Raises:
        OSError: the disk refused.
    """
    temporary = folder / f".{FILE}.{secrets.token_hex(8)}.tmp"
    try:
        # No fsync: a sign of life need not survive a power cut.
        temporary.write_text(json.dumps(asdict(beat), default=datetime.isoformat) + "\n", encoding="utf-8")
        temporary.replace(folder / FILE)
    finally:
        temporary.unlink(missing_ok=True)


def read_beat(folder: Path) -> Beat | None:
    """The last one; None where there is none that can be read. What a newer version adds to it is passed over."""
    try:
        return _beat(dict(json.loads((folder / FILE).read_text(encoding="utf-8"))))
    except (OSError, ValueError, TypeError, LookupError):
        return None


def is_silent(beat: Beat, now: datetime) -> bool:
    """Whether a daemon that has not ended gives no sign of life."""
    # A beat of the future was written before the clock was set back; the next one is not.
    return not beat.ended and abs(now - beat.beat) > FRESH


def why_unwell(beat: Beat | None, folder: Path, *, host: str, now: datetime) -> str:
    """Why the daemon that works in `folder` is not known to be alive, in one line; "" when it is.

    Args:
        beat: its last sign of life.
        folder: the data folder.
        host: the name of this machine.
        now: the time.
    """
    if beat is None:
        return f"no daemon is known in {folder}: there is no readable {FILE}; start presswatch schedule"
    who = f"the daemon with process id {beat.pid} on {beat.host}"
    if beat.ended:
        return f"{who} ended in order at {_shown(beat.beat)}; start presswatch schedule"
    if beat.host != host:
        return f"{who} works in {folder}, and this is {host}: ask there"
    if not is_alive(beat.pid):
        return f"{who} is gone; its last sign of life is of {_shown(beat.beat)}; start presswatch schedule"
    if is_silent(beat, now):
        return f"{who} has given no sign of life since {_shown(beat.beat)} ({beat.doing}); restart it"
    return ""


def daemon_at_work(folder: Path, *, host: str, now: datetime) -> Beat | None:
    """The last sign of life of the daemon that works in `folder`, here or, by all that is known, elsewhere."""
    beat = read_beat(folder)
    if beat is None or beat.ended or is_silent(beat, now):
        return None
    return beat if beat.host != host or is_alive(beat.pid) else None


def is_alive(pid: int) -> bool:
    """Whether this machine has such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's: it is there
        return True
    return True


def _beat(said: Mapping[str, Any]) -> Beat:
    return Beat(
        pid=int(said["pid"]),
        host=str(said["host"]),
        version=str(said["version"]),
        started=_time(said["started"]),
        beat=_time(said["beat"]),
        doing=str(said["doing"]),
        next_poll=_time(said["next_poll"]) if said.get("next_poll") else None,
        next_digest=_time(said["next_digest"]) if said.get("next_digest") else None,
        ended=bool(said.get("ended")),
    )


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no zone")
    return moment


def _shown(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="seconds")
