"""The hosts that do not answer: since when, why, and when they are asked again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from crawler.silences import silent_hosts
from crawler.tables import entry
from pipelines.health.page import Part
from pipelines.health.speech import Speech


@dataclass(frozen=True, kw_only=True)
class HostLine:
    """A host that did not answer when it was asked last."""

    host: str
    since: datetime
    visits: int  # in a row that ended without an answer
    cause: str
    next_try: datetime | None  # not before; null: the next run
    pending: int  # entries that wait for it


def host_lines(connection: Connection) -> tuple[HostLine, ...]:
    silent = silent_hosts(connection)
    waits = select(entry.c.host, func.count().label("entries")).where(entry.c.outcome.is_(None)).group_by(entry.c.host)
    pending = {row.host: row.entries for row in connection.execute(waits)} if silent else {}
    return tuple(
        HostLine(
            host=one.name,
            since=one.silence.since,
            visits=one.silence.visits,
            cause=one.silence.cause,
            next_try=one.next_try,
            pending=pending.get(one.name, 0),
        )
        for one in silent
    )


def hosts_part(lines: Sequence[HostLine], speech: Speech) -> Part:
    """As a person reads it."""
    if not lines:
        return Part()
    return Part(title=speech("hosts"), lines=speech.some([_line(one, speech) for one in lines]))


def _line(one: HostLine, speech: Speech) -> str:
    following = speech.until(one.next_try) if one.next_try else speech("now")
    return speech(
        "host", host=one.host, since=speech.at(one.since), cause=speech.reason(one.cause), next=following,
        pending=one.pending,
    )  # fmt: skip
