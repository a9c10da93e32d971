"""Copy groups: one article stands for all that tell the same. Outcomes never change; who stands for a group may."""

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from crawler.items import CopyVerdict
from crawler.tables import article, copy


def copy_mark(entry_id: int, verdict: CopyVerdict, found: datetime) -> dict[str, object]:
    """The row of table `copy` that says so."""
    level, measure = verdict.level.value, verdict.measure
    return {"entry": entry_id, "original": verdict.of, "level": level, "measure": measure, "found": found}


def hand_over(connection: Connection, *, old: int, verdict: CopyVerdict, now: datetime) -> list[int]:
    """Let `verdict.of` stand for the group that `old` stood for; `old` becomes one of its members.

    Returns:
        The entries whose files now name another representative.
    """
    new = verdict.of
    members = _members(connection, old)
    connection.execute(update(article).where(article.c.entry.in_([old, *members])).values(representative=new))
    connection.execute(update(copy).where(copy.c.original == old).values(original=new))
    connection.execute(insert(copy).values(copy_mark(old, verdict, now)))
    return [old, *members]


def leave(connection: Connection, entry_id: int) -> list[int]:
    """Take an article out of its group; where it stood for one, the member kept first does from now on.

    Returns:
        The entries whose files now name another representative, or none.
    """
    connection.execute(copy.delete().where(copy.c.entry == entry_id))
    connection.execute(update(article).where(article.c.entry == entry_id).values(representative=None))
    members = _members(connection, entry_id)
    if not members:
        return []
    heir = members[0]
    connection.execute(copy.delete().where(copy.c.entry == heir))
    connection.execute(update(article).where(article.c.entry == heir).values(representative=None))
    connection.execute(update(article).where(article.c.representative == entry_id).values(representative=heir))
    connection.execute(update(copy).where(copy.c.original == entry_id).values(original=heir))
    return members


def _members(connection: Connection, representative: int) -> list[int]:
    """The others of its group, the one kept first before the others."""
    rows = select(article.c.entry).where(article.c.representative == representative)
    return list(connection.scalars(rows.order_by(article.c.kept_at, article.c.entry)))
