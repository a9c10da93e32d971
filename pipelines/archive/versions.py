"""What happens to an article after it was kept: its text changes, or its source takes it away."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, RowMapping, insert, select, update

from crawler.items import Article
from crawler.tables import article, version
from pipelines.archive.diff import readable_diff
from pipelines.archive.facts import latest_version
from pipelines.search.index import index_article, unindex_article

_CONFIRMED_AFTER = timedelta(hours=24)  # a page that is gone is asked for once more: some come back
# 1.5 and 15, 3% and 3 have the same letters and digits, and do not say the same.
_NUMBER = re.compile(r"[-+]?\d[\d.,:/%‰°]*")


class Change(StrEnum):
    """What a second look at an article found."""

    UNCHANGED = "unchanged"
    UPDATED = "updated"
    DELETED = "deleted"
    RESTORED = "restored"  # it was gone, and is there again


@dataclass(frozen=True, kw_only=True)
class Reading:
    """An article's content as it was read this time."""

    title: str
    markdown: str
    text: str
    text_hash: str
    images: tuple[str, ...]
    extractor: str

    @classmethod
    def of(cls, read: Article) -> "Reading":
        return cls(**{name: getattr(read, name) for name in cls.__dataclass_fields__})


def add_version(connection: Connection, entry_id: int, found: Reading, seen: datetime) -> bool:
    """Store `found` as the article's newest version unless it says what the newest says; whether it was stored.

    The article's file is then to be written anew. A change of punctuation, width or script alone is none. What another
    extractor reads differently is a version without a diff: nobody can tell whether its source changed anything.
    """
    last = latest_version(connection, entry_id)
    if not _says_something_else(last, found):
        return False
    reader = connection.scalar(select(article.c.extractor).where(article.c.entry == entry_id))
    told = {"old_title": last["title"], "new_title": found.title}
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
            diff=readable_diff(last["text"], found.text, **told) if reader == found.extractor else "",
        )
    )
    values = {"title": found.title, "images": list(found.images), "extractor": found.extractor, "filed": False}
    connection.execute(update(article).where(article.c.entry == entry_id).values(values))
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


def _says_something_else(last: RowMapping, found: Reading) -> bool:
    same_words = (last["text_hash"], last["title"]) == (found.text_hash, found.title)
    return not same_words or _numbers(last["text"]) != _numbers(found.text)


def _numbers(text: str) -> list[str]:
    return [number.rstrip(".,:/") for number in _NUMBER.findall(unicodedata.normalize("NFKC", text))]
