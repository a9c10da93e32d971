"""Copy groups: one article stands for all that tell the same. Outcomes never change; who stands for a group may."""

from datetime import datetime

from sqlalchemy import Connection, insert, or_, select, update

from crawler.items import CopyVerdict
from crawler.tables import article, copy


def copy_mark(entry_id: int, verdict: CopyVerdict, found: datetime) -> dict[str, object]:
    """The row of table `copy` that says so."""
    level, measure = verdict.level.value, verdict.measure
    return {"entry": entry_id, "original": verdict.of, "level": level, "measure": measure, "found": found}


def hand_over(connection: Connection, *, old: int, verdict: CopyVerdict, now: datetime) -> None:
    """Let `verdict.of`, a member of the group that `old` stands for, stand for it; `old` becomes a member.

    The files that name another representative now are to be written anew.
    """
    new = verdict.of
    connection.execute(copy.delete().where(copy.c.entry == new))
    group = or_(article.c.entry == old, article.c.representative == old)
    connection.execute(update(article).where(group).values(representative=new, filed=False))
    # Last: at no moment do two stand for the text.
    connection.execute(update(article).where(article.c.entry == new).values(representative=None))
    connection.execute(update(copy).where(copy.c.original == old).values(original=new))
    connection.execute(insert(copy).values(copy_mark(old, verdict, now)))


def leave(connection: Connection, entry_id: int) -> None:
    """Let a group do without an article that is to be removed: where it stood for one, the member kept first does.

    The files that name another representative now are to be written anew.
    """
    connection.execute(copy.delete().where(copy.c.entry == entry_id))
    members = _members(connection, entry_id)
    if not members:
        return
    heir = members[0]
    connection.execute(copy.delete().where(copy.c.entry == heir))
    group = or_(article.c.entry == entry_id, article.c.representative == entry_id)
    connection.execute(update(article).where(group).values(representative=heir, filed=False))
    # Last: at no moment do two stand for the text.
    connection.execute(update(article).where(article.c.entry == heir).values(representative=None))
    connection.execute(update(copy).where(copy.c.original == entry_id).values(original=heir))


def _members(connection: Connection, representative: int) -> list[int]:
    """The others of its group, the one kept first before the others."""
    rows = select(article.c.entry).where(article.c.representative == representative)
    return list(connection.scalars(rows.order_by(article.c.kept_at, article.c.entry)))
