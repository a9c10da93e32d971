"""What happens to an article after it was kept: its text changes, or its source takes it away."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, insert, update

from crawler.tables import article, version
from pipelines.archive.diff import readable_diff
from pipelines.archive.facts import latest_version
from pipelines.search.index import index_article, unindex_article

_CONFIRMED_AFTER = timedelta(hours=24)  # a page that is gone is asked for once more: some come back


class Change(StrEnum):
    """What a second look at an article found."""

    UNCHANGED = "unchanged"
    UPDATED = "updated"
    DELETED = "deleted"
    RESTORED = "restored"  # it was gone, and is there again


@dataclass(frozen=True, kw_only=True)
class Text:
    """What a version is made of."""

    title: str
    markdown: str
    text: str
    text_hash: str


def add_version(connection: Connection, entry_id: int, found: Text, seen: datetime) -> bool:
    """Store `found` as the article's newest version unless it says what the newest says; whether it was stored.

    The article's file is then to be written anew. A change of punctuation, width or script is none (see
    `pipelines.copies.fingerprint`), unless the title changed.
    """
    last = latest_version(connection, entry_id)
    if last["text_hash"] == found.text_hash and last["title"] == found.title:
        return False
    diff = readable_diff(last["text"], found.text, old_title=last["title"], new_title=found.title)
    unindex_article(connection, entry_id)
    connection.execute(
        insert(version).values(
            entry=entry_id,
            number=last["number"] + 1,
            seen=seen,
            title=found.title,
            markdown=found.markdown,
            text=found.text,
            text_hash=found.text_hash,
            diff=diff,
        )
    )
    connection.execute(update(article).where(article.c.entry == entry_id).values(title=found.title, filed=False))
    index_article(connection, entry_id)
    return True


def take_away(connection: Connection, entry_id: int, why: str, now: datetime) -> Change:
    """Mark an article as deleted by its source: its text is withheld from now on. Its page is asked for once more."""
    first_time = article.c.deleted_at.is_(None) & (article.c.entry == entry_id)
    marked = connection.execute(
        update(article)
        .where(first_time)
        .values(deleted_at=now, deleted_why=why, revisited=now, revisit_at=now + _CONFIRMED_AFTER, filed=False)
    )
    if marked.rowcount == 1:
        return Change.DELETED
    connection.execute(update(article).where(article.c.entry == entry_id).values(revisited=now, revisit_at=None))
    return Change.UNCHANGED


def give_back(connection: Connection, entry_id: int) -> bool:
    """Take the mark off an article whose page is there again; whether it had one."""
    deleted = article.c.deleted_at.is_not(None) & (article.c.entry == entry_id)
    back = connection.execute(update(article).where(deleted).values(deleted_at=None, deleted_why="", filed=False))
    return back.rowcount == 1
