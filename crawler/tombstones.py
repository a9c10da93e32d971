"""What was forgotten on demand. Of its keys only hashes are left, so that it is not taken in again."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from crawler.database import insert_for
from crawler.items import Entry
from crawler.tables import tombstone
from crawler.urls import UrlError, article_key, former_key

_BATCH = 500  # hashes in one IN (…)


@dataclass(frozen=True, kw_only=True)
class Tombstone:
    """When and why an article was forgotten. There is nothing else to say of it."""

    forgotten: datetime
    reason: str


def key_hash(key: str) -> str:
    """What a tombstone holds of an article key: its SHA-256, in hex."""
    return hashlib.sha256(key.encode()).hexdigest()


def keys_of(keys: Iterable[str], urls: Iterable[str]) -> frozenset[str]:
    """Every key that an article goes by, or went by, of those that are known and of the addresses that are."""
    return frozenset(filter(None, (*keys, *(key for url in urls for key in _keys_of(url)))))


def bury(connection: Connection, keys: Iterable[str], *, reason: str, now: datetime) -> None:
    """Leave a tombstone for each of `keys`. The one a key has already stays as it is."""
    for key in keys:
        row = {"key_hash": key_hash(key), "forgotten": now, "reason": reason}
        connection.execute(insert_for(connection)(tombstone).values(row).on_conflict_do_nothing())


def buried(connection: Connection, keys: Iterable[str]) -> dict[str, Tombstone]:
    """Those of `keys` that were forgotten."""
    by_hash = {key_hash(key): key for key in keys}
    hashes, found = list(by_hash), dict[str, Tombstone]()
    for start in range(0, len(hashes), _BATCH):
        batch = hashes[start : start + _BATCH]
        for row in connection.execute(select(tombstone).where(tombstone.c.key_hash.in_(batch))):
            found[by_hash[row.key_hash]] = Tombstone(forgotten=row.forgotten, reason=row.reason)
    return found


def forgotten_of(connection: Connection, entries: Collection[Entry]) -> set[str]:
    """The keys of those entries that were forgotten, in the caller's transaction.

    A tombstone from before schema 0003 may stand for the key that an address had then. Today's key gets one of its own,
    so that every other spelling of the address is known by it from now on.
    """
    former = {item.key: key for item in entries if (key := former_key(item.url, item.key) if item.url else "")}
    graves = buried(connection, former.values())
    for key, before in former.items():
        if before in graves:
            bury(connection, [key], reason=graves[before].reason, now=graves[before].forgotten)
    return set(buried(connection, (item.key for item in entries)))


def _keys_of(url: str) -> tuple[str, ...]:
    try:
        key = article_key(url) if url else ""
        return (key, former_key(url, key)) if key else ()
    except UrlError:
        return ()  # what cannot be fetched is never announced either
