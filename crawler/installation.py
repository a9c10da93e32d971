"""A random id of this installation, for endpoints whose own public page sends one. It names nobody."""

import secrets
import string

from sqlalchemy import select

from crawler.database import Database, insert_for
from crawler.tables import meta

_ROW = "installation"
_SIGNS, _LENGTH = string.ascii_lowercase + string.digits, 36


def installation_id(database: Database) -> str:
    """36 letters and digits, made at the first call and the same ever after."""
    mine = select(meta.c.value).where(meta.c.name == _ROW)
    with database.read() as connection:
        known: str | None = connection.scalar(mine)
    if known:
        return known
    made = "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))
    with database.write() as connection:
        connection.execute(insert_for(connection)(meta).values(name=_ROW, value=made).on_conflict_do_nothing())
        stored: str = connection.scalars(mine).one()
    return stored
