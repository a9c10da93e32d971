"""A random id of this installation, for endpoints whose own public page sends one. It names nobody."""

import secrets
import string

from sqlalchemy import inspect, select

from crawler.database import Database, insert_for
from crawler.tables import meta

_ROW = "installation"
_SIGNS, _LENGTH = string.ascii_lowercase + string.digits, 36
_MINE = select(meta.c.value).where(meta.c.name == _ROW)


def installation_id(database: Database) -> str:
    """36 letters and digits, made at the first call and the same ever after."""
    known = known_installation_id(database)
    if known:
        return known
    made = "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))
    with database.write() as connection:
        connection.execute(insert_for(connection)(meta).values(name=_ROW, value=made).on_conflict_do_nothing())
        stored: str = connection.scalars(_MINE).one()
    return stored


def known_installation_id(database: Database) -> str | None:
    """The id, when one was made; also of a database whose tables are those of an older presswatch."""
    with database.read() as connection:
        return connection.scalar(_MINE) if inspect(connection).has_table(meta.name) else None
