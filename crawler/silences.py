"""The ledger's part about hosts that do not answer: columns `failures` and `last_error` of table `host`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from crawler.database import Database, insert_for
from crawler.items import Silence
from crawler.tables import host


class Silences:
    def __init__(self, database: Database) -> None:
        self._database = database

    def silence_of(self, name: str) -> Silence | None:
        with self._database.read() as connection:
            row = connection.execute(select(host).where(host.c.name == name)).one_or_none()
        return None if row is None else _silence_in(row)

    def note_silence(self, name: str, silence: Silence | None) -> None:
        """None: it answers."""
        values = {"failures": 0.0, "last_error": ""}
        if silence is not None:
            values = {"failures": float(silence.visits), "last_error": f"{silence.since.isoformat()} {silence.cause}"}
        with self._database.write() as connection:
            made = insert_for(connection)(host).values(name=name, **values)
            connection.execute(made.on_conflict_do_update(index_elements=["name"], set_=values))


class NoSilences:
    """What a recording is lived by."""

    def silence_of(self, name: str) -> Silence | None:
        return None

    def note_silence(self, name: str, silence: Silence | None) -> None:
        pass


@dataclass(frozen=True, kw_only=True)
class SilentHost:
    """A host that did not answer when it was asked last."""

    name: str
    silence: Silence
    next_try: datetime | None  # not before


def silent_hosts(connection: Connection) -> tuple[SilentHost, ...]:
    """Those that do not answer now, by name."""
    rows = connection.execute(select(host).where(host.c.failures > 0).order_by(host.c.name))
    found = ((row, _silence_in(row)) for row in rows)
    return tuple(SilentHost(name=row.name, silence=silence, next_try=row.next_due) for row, silence in found if silence)


def _silence_in(row: Row[Any]) -> Silence | None:
    if not row.failures:
        return None
    since, _, cause = row.last_error.partition(" ")
    return Silence(visits=int(row.failures), since=datetime.fromisoformat(since), cause=cause)
