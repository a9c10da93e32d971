"""What the daemon tells of itself in schedule.json. Read tolerantly: another version may have written it."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.health.status_model import Daemon

FILE = "schedule.json"  # in the data folder
_FRESH = timedelta(minutes=3)  # a beat comes every few seconds


def read_heartbeat(data: Path, now: datetime) -> Daemon | None:
    """None where there is no such file, or where it is being written or cannot be read."""
    try:
        said = json.loads((data / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return _daemon(said, now) if isinstance(said, dict) else None


def _daemon(said: Mapping[str, Any], now: datetime) -> Daemon:
    pid, beat, ended = said.get("pid"), _time(said.get("beat")), said.get("ended") is True
    return Daemon(
        pid=pid if isinstance(pid, int) else None,
        host=_text(said.get("host")),
        version=_text(said.get("version")),
        started=_time(said.get("started")),
        beat=beat,
        doing=_text(said.get("doing")),
        next_poll=_time(said.get("next_poll")),
        next_digest=_time(said.get("next_digest")),
        ended=ended,
        is_silent=not ended and (beat is None or now - beat > _FRESH),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _time(value: object) -> datetime | None:
    """An aware time; one without a zone is no time that can be reckoned with."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None
