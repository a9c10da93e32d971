"""The origins that do not answer: since when, why, and when they are asked again."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from crawler.silences import silences
from crawler.tables import endpoint, entry
from crawler.urls import UrlError, host_of, origin_of
from pipelines.health.page import Part
from pipelines.health.speech import Speech


@dataclass(frozen=True, kw_only=True)
class HostLine:
    """An origin that did not answer when it was asked last."""

    host: str  # with scheme and port: another of the same name may answer
    since: datetime
    visits: int  # in a row that ended without an answer
    cause: str
    next_try: datetime  # not before
    pending: int  # entries that wait for it


def host_lines(connection: Connection, source: str = "") -> tuple[HostLine, ...]:
    """Of all sources; or those where the one named has a list or an entry that waits, and how many of its wait."""
    silent = silences(connection)
    hosts = {host_of(one.origin) for one in silent}
    waits = select(entry.c.url).where(entry.c.outcome.is_(None), entry.c.host.in_(hosts))
    if source:
        waits = waits.where(entry.c.source == source)
    pending = Counter(_origin(url) for url in connection.scalars(waits)) if silent else Counter[str]()
    if source:
        lists = connection.scalars(select(endpoint.c.url).where(endpoint.c.source == source))
        known = pending.keys() | {_origin(url) for url in lists}
        silent = tuple(one for one in silent if one.origin in known)
    return tuple(
        HostLine(
            host=one.origin,
            since=one.since,
            visits=one.visits,
            cause=one.cause,
            next_try=one.until,
            pending=pending[one.origin],
        )
        for one in silent
    )


def _origin(url: str) -> str:
    try:
        return origin_of(url)
    except UrlError:  # one that was stored when it still was one
        return ""


def hosts_part(lines: Sequence[HostLine], speech: Speech) -> Part:
    """As a person reads it."""
    if not lines:
        return Part()
    return Part(title=speech("hosts"), lines=speech.some([_line(one, speech) for one in lines]))


def _line(one: HostLine, speech: Speech) -> str:
    return speech(
        "host", host=one.host, since=speech.at(one.since), cause=speech.reason(one.cause),
        next=speech.until(one.next_try), pending=one.pending,
    )  # fmt: skip
