"""Which stored seed a file holds: the same, an earlier edition of it, or none.

A seed that cites its address goes by that; any other by its title and by the source and account its file names. Where
several articles share that, as every day's 早报 does, their keys are numbered.
"""

from collections.abc import Collection, Iterator
from itertools import count

from sqlalchemy import Connection, RowMapping, func, select

from crawler.tables import article, entry, version
from crawler.tombstones import buried
from crawler.urls import article_key
from pipelines.archive.facts import latest_version
from pipelines.seeds.seed import Seed
from pipelines.seeds.source import as_name
from pipelines.text import comparable

# Containment of character 5-grams. Measured on 240 articles, each changed in 21 ways, with a sample of the grams: from
# .5 on no other article was taken for the changed one, not even of the same template; 92 % of the changed were found.
_GRAM = 5
_EDITION = 0.5
_BLOCK = 50  # keys looked up at once

_numbers = version.alias()
_newest = select(func.max(_numbers.c.number)).where(_numbers.c.entry == entry.c.id).scalar_subquery()
_SEEDS = (
    select(entry.c.id, entry.c.key, article.c.url, article.c.account, version.c.title, version.c.text_hash)
    .join(article, article.c.entry == entry.c.id)
    .join(version, (version.c.entry == entry.c.id) & (version.c.number == _newest))
)


def seed_key(seed: Seed, number: int = 1) -> str:
    """A seed's own key. It is not the key of its address: the article itself may be announced one day, and be found.

    Raises:
        UrlError: its address is none.
    """
    return _numbered(_names(seed)[0], number)


def free_key(connection: Connection, seed: Seed) -> str:
    """The first of the seed's keys that no stored one has. A forgotten one may have had it."""
    taken = {row["key"] for row in _stored(connection, _names(seed)[0])}
    return next(key for number in count(1) if (key := seed_key(seed, number)) not in taken)


def known_seed(connection: Connection, seed: Seed, text_hash: str, beside: Collection[str]) -> int | None:
    """The entry of the stored seed that this is, or is another edition of; None when there is none.

    Args:
        connection: to the database.
        seed: as it was read.
        text_hash: of its text.
        beside: the hashes of all texts that are imported together; a stored seed with one of them is that file's.
    """
    stored = [row for name in _names(seed) for row in _stored(connection, name) if _may_be(seed, row)]
    same = next((row["id"] for row in stored if row["text_hash"] == text_hash), None)
    if same is not None:
        return int(same)
    likeness = {row["id"]: _likeness(connection, seed, row) for row in stored if row["text_hash"] not in beside}
    likest = max(likeness, key=likeness.__getitem__, default=None)
    return likest if likest is not None and likeness[likest] >= _EDITION else None


def _names(seed: Seed) -> list[str]:
    """What it may be known by, its own name first: it may have been stored before its file said all it says now."""
    source, account = as_name(seed.source), comparable(seed.account)
    # A title without letters is told apart by its signs; "#" stands before a number.
    title = comparable(seed.title) or "".join(seed.title.replace("#", "").split())
    address = [article_key(seed.url)] if seed.url else []
    return list(dict.fromkeys([*address, f"{source}:{account}:{title}", f"{source}::{title}"]))


def _numbered(name: str, number: int) -> str:
    return f"seed:{name}" if number == 1 else f"seed:{name}#{number}"


def _stored(connection: Connection, name: str) -> Iterator[RowMapping]:
    """The stored seeds of this name, by number."""
    for first in count(1, _BLOCK):
        keys = [_numbered(name, number) for number in range(first, first + _BLOCK)]
        rows = connection.execute(_SEEDS.where(entry.c.key.in_(keys))).mappings().all()
        yield from sorted(rows, key=lambda row: keys.index(row["key"]))
        # Forgotten ones left gaps.
        if len(rows) + len(buried(connection, keys)) < _BLOCK:
            return


def _may_be(seed: Seed, row: RowMapping) -> bool:
    """Whether nothing that both say speaks against it."""
    if seed.url and row["url"]:
        return article_key(seed.url) == article_key(row["url"])
    return not (seed.account and row["account"]) or comparable(seed.account) == comparable(row["account"])


def _likeness(connection: Connection, seed: Seed, row: RowMapping) -> float:
    """From 0 to 1. Under one address and one title the text may be a new one altogether."""
    if seed.url and row["url"] and comparable(seed.title) == comparable(row["title"]):
        return 1.0
    ours, theirs = _grams(seed.text), _grams(latest_version(connection, row["id"])["text"])
    return len(ours & theirs) / max(1, min(len(ours), len(theirs)))


def _grams(text: str) -> set[str]:
    letters = comparable(text)
    return {letters[start : start + _GRAM] for start in range(max(1, len(letters) - _GRAM + 1))}
