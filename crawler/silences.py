"""The ledger's part about origins that do not answer: table `silence`."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, exists, func, select

from crawler.database import Database, insert_for
from crawler.items import Silence
from crawler.polling import is_held
from crawler.tables import entry, silence
from crawler.urls import UrlError, origin_of


class Silences:
    def __init__(self, database: Database) -> None:
        self._database = database

    def silence_of(self, origin: str) -> Silence | None:
        with self._database.read() as connection:
            row = connection.execute(select(silence).where(silence.c.origin == origin)).mappings().one_or_none()
        return None if row is None else Silence(**row)

    def note_silence(self, known: Silence) -> None:
        values = vars(known)
        with self._database.write() as connection:
            made = insert_for(connection)(silence).values(**values)
            connection.execute(made.on_conflict_do_update(index_elements=["origin"], set_=values))

    def end_silence(self, origin: str) -> None:
        """It answers."""
        with self._database.write() as connection:
            connection.execute(delete(silence).where(silence.c.origin == origin))


class NoSilences:
    """What a recording is lived by."""

    def silence_of(self, origin: str) -> Silence | None:
        return None

    def note_silence(self, known: Silence) -> None:
        pass

    def end_silence(self, origin: str) -> None:
        pass


def silences(connection: Connection) -> tuple[Silence, ...]:
    """Those that last, by origin."""
    return tuple(Silence(**row) for row in connection.execute(select(silence).order_by(silence.c.origin)).mappings())


class Pauses:
    """The pauses of ours that are not over, for those who tell of them.

    Args:
        connection: to the ledger.
        now: the time.
    """

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._until = {one.origin: one.until for one in silences(connection) if is_held(one.until, now)}

    def until(self, url: str) -> datetime | None:
        """Until when nothing is asked of the address's origin; None where it may be asked."""
        try:
            return self._until.get(origin_of(url))
        except UrlError:  # one that was stored when it still was one
            return None


def is_paused() -> ColumnElement[bool]:
    """Whether the origin of the row's `entry.url` is left alone at `now`; `too_far` is further than any pause of ours.

    An address that is written otherwise than its origin is not found: its visit leaves it as it is.
    """
    begins = func.substr(entry.c.url, 1, func.length(silence.c.origin) + 1) == silence.c.origin + "/"
    lasts = and_(silence.c.until > bindparam("now"), silence.c.until <= bindparam("too_far"))
    return exists().where(begins, lasts)
