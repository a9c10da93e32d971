"""When an endpoint is polled next, and why then. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from crawler.config.models import Endpoint
from crawler.polling import ADAPTIVE_INTERVAL, is_due, next_poll


class Because(StrEnum):
    """What the time of an endpoint's next poll comes from."""

    NEVER_POLLED = "never_polled"  # the next run polls it
    INTERVAL = "interval"  # `every` of the config
    CRON = "cron"  # `cron` of the config
    ADAPTIVE = "adaptive"  # 30 minutes, until polling adapts to what a source brings
    FAILURES = "failures"  # backed off
    HOST = "host"  # which is left alone until then
    BUDGET = "budget"  # the requests that its source may make today are used up
    TTL = "ttl"  # of its answer: the publisher wants to be asked no sooner


@dataclass(frozen=True, kw_only=True)
class NextPoll:
    at: datetime | None  # null: it was never polled
    is_due: bool  # the next run polls it
    because: Because
    interval: int | None  # seconds of the config's `every`; null under `cron`
    cron: str  # empty without one
    ttl: int | None  # seconds the publisher asked to be left alone, when last said


def next_poll_of(
    wanted: Endpoint,
    zone: ZoneInfo,
    row: Mapping[Any, Any] | None,
    *,
    now: datetime,
    held_until: datetime | None = None,
    spent_until: datetime | None = None,
) -> NextPoll:
    """
    Args:
        wanted: as configured.
        zone: the source's.
        row: of table `endpoint`, or None where there is none yet.
        now: the time of asking.
        held_until: when its host wants to be asked again, if that is to come.
        spent_until: when its source may be asked again, if its requests of today are used up.
    """
    due_at = row["next_due"] if row is not None else None
    at = max(filter(None, (due_at, held_until, spent_until)), default=None)
    is_spent = spent_until is not None and spent_until == at
    return NextPoll(
        at=at,
        is_due=held_until is None and spent_until is None and is_due(wanted, zone, due_at, now),
        because=Because.BUDGET if is_spent else _because(wanted, zone, row, due_at, held_until),
        interval=None if wanted.cron is not None else int(_interval(wanted).total_seconds()),
        cron=wanted.cron or "",
        ttl=row["ttl"] if row is not None else None,
    )


def _because(
    wanted: Endpoint,
    zone: ZoneInfo,
    row: Mapping[Any, Any] | None,
    due_at: datetime | None,
    held_until: datetime | None,
) -> Because:
    if held_until is not None and (due_at is None or held_until >= due_at):
        return Because.HOST
    if row is None or due_at is None:
        return Because.NEVER_POLLED
    if row["failures"]:
        return Because.FAILURES
    if row["ttl"] and row["last_polled"] and _is_longer(row["ttl"], wanted, zone, row["last_polled"]):
        return Because.TTL
    if wanted.cron is not None:
        return Because.CRON
    return Because.ADAPTIVE if isinstance(wanted.every, str) else Because.INTERVAL


def _is_longer(ttl: int, wanted: Endpoint, zone: ZoneInfo, polled: datetime) -> bool:
    return timedelta(seconds=ttl) > next_poll(wanted, zone, polled=polled, failures=0) - polled


def _interval(wanted: Endpoint) -> timedelta:
    return ADAPTIVE_INTERVAL if isinstance(wanted.every, str) else wanted.every
