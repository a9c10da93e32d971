"""What a poll announced, taken into the ledger: entries at first sight, sightings whenever they are seen."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, func, or_, select, update

from crawler import books
from crawler.database import insert_for
from crawler.endpoint_state import EndpointState
from crawler.items import Entry
from crawler.ledger import ensure_host
from crawler.outcomes import Outcome
from crawler.tables import endpoint, entry, sighting
from crawler.urls import host_of

_BATCH = 500  # keys in one IN (…)
# Of the backlog of a list, or of all lists of an index, so many entries without a date are taken for recent: sitemaps
# reach back years.
MOST_UNDATED_AT_FIRST = 100
_BEHIND = f"undated, behind {MOST_UNDATED_AT_FIRST} others of what its list or index held at first: taken for old"
_NUMBER = re.compile(r"([0-9]+)")


def first_of_each_key(entries: Sequence[Entry]) -> dict[str, Entry]:
    """The entries by key, in their order."""
    first: dict[str, Entry] = {}
    for item in entries:
        first.setdefault(item.key, item)
    return first


def known_keys(connection: Connection, keys: Collection[str]) -> set[str]:
    """Those of the keys that have an entry."""
    known: set[str] = set()
    for batch in _batches(keys):
        known.update(connection.scalars(select(entry.c.key).where(entry.c.key.in_(batch))))
    return known


def take_in(
    connection: Connection,
    run: int,
    state: EndpointState,
    announced: Mapping[str, Entry],
    *,
    now: datetime,
    max_age: timedelta,
) -> int:
    """Store what an endpoint announces, by key, in the caller's transaction; how many entries were new."""
    known = known_keys(connection, announced)
    fresh = [item for key, item in announced.items() if key not in known]
    _note_sightings(connection, state.id, known, (item.key for item in fresh), now)
    if not fresh:
        return 0
    old = {item.key: why for item in fresh if (why := _why_stale(item, now, max_age))}
    if state.is_baseline:
        old |= dict.fromkeys(_undated_too_many(connection, state, fresh), _BEHIND)
    rows = _rows(connection, run, state, fresh, now)
    found = _insert(connection, [row for row in rows if row["key"] not in old])
    ended = {"outcome": Outcome.STALE.value, "ended": now, "ended_run": run}
    stale = _insert(connection, [{**row, **ended, "reason": old[row["key"]]} for row in rows if row["key"] in old])
    books.add(connection, run, state.source, stale=stale)
    return found + stale


def _note_sightings(
    connection: Connection, endpoint_id: int, known: Collection[str], fresh: Iterable[str], now: datetime
) -> None:
    unseen = list(fresh)
    for batch in _batches(known):
        these = (sighting.c.endpoint == endpoint_id) & sighting.c.key.in_(batch)
        seen = connection.execute(update(sighting).where(these).values(last_seen=now))
        if seen.rowcount < len(batch):  # some are known from other endpoints
            unseen += batch
    rows = [{"endpoint": endpoint_id, "key": key, "first_seen": now, "last_seen": now} for key in unseen]
    if rows:
        statement = insert_for(connection)(sighting)
        connection.execute(
            statement.on_conflict_do_update(index_elements=["endpoint", "key"], set_={"last_seen": now}), rows
        )


def _batches(keys: Collection[str]) -> Iterator[list[str]]:
    listed = list(keys)
    return (listed[start : start + _BATCH] for start in range(0, len(listed), _BATCH))


def _rows(
    connection: Connection, run: int, state: EndpointState, fresh: Iterable[Entry], now: datetime
) -> list[dict[str, Any]]:
    hosts = {item.key: host_of(item.url) for item in fresh}
    for name in set(hosts.values()):
        ensure_host(connection, name)
    return [
        {
            "key": item.key,
            "source": state.source,
            "endpoint": state.id,
            "host": hosts[item.key],
            "url": item.url,
            "original_url": item.original_url,
            "title": item.title,
            "summary": item.summary,
            "authors": list(item.authors),
            "published": item.published.to_json() if item.published else None,
            "first_seen": now,
            "first_run": run,
            "backlog": state.is_baseline,
        }
        for item in fresh
    ]


def _insert(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    """How many were new: another process may have announced some meanwhile."""
    if not rows:
        return 0
    return connection.execute(insert_for(connection)(entry).on_conflict_do_nothing(), rows).rowcount


def _why_stale(item: Entry, now: datetime, max_age: timedelta) -> str:
    """Why the entry is older than its source's limit, or ""."""
    limit = f"older than the source's limit of {_span(max_age)}"
    if item.published is not None:
        return f"published {item.published.at.isoformat()}, {limit}" if now - item.published.at > max_age else ""
    if item.changed is not None and now - item.changed > max_age:
        return f"unchanged since {item.changed.isoformat()}, {limit}"
    return ""


def _span(age: timedelta) -> str:
    """In the largest unit that says it exactly; a limit that is set in odd seconds is told in hours."""
    days, rest = divmod(age, timedelta(days=1))
    if not rest and days:
        return f"{days} {'day' if days == 1 else 'days'}"
    hours = age / timedelta(hours=1)
    return f"{hours:g} {'hour' if hours == 1 else 'hours'}"


def _undated_too_many(connection: Connection, state: EndpointState, fresh: Iterable[Entry]) -> list[str]:
    """Keys of the undated entries of a backlog that are not taken for recent; the number of the others is noted."""
    undated = [item.key for item in fresh if item.published is None and item.changed is None]
    mine = endpoint.c.id == state.id
    together = mine if state.parent is None else or_(mine, endpoint.c.parent == state.parent)
    taken = connection.scalar(select(func.sum(endpoint.c.undated)).where(together)) or 0
    newest, others = _parted(undated, max(0, MOST_UNDATED_AT_FIRST - taken))
    noted = func.coalesce(endpoint.c.undated, 0) + len(newest)
    connection.execute(update(endpoint).where(mine).values(undated=noted))
    return others


def _parted(keys: list[str], most: int) -> tuple[list[str], list[str]]:
    """The newest keys, as many as `most`, and the others: the last are the newest where their numbers ascend."""
    ascending = sum(left < right for left, right in pairwise(map(_natural, keys))) > len(keys) // 2
    border = max(0, len(keys) - most) if ascending else most
    return (keys[border:], keys[:border]) if ascending else (keys[:border], keys[border:])


def _natural(key: str) -> list[str | tuple[int, str]]:
    """So that 9 comes before 10. Texts and numbers take turns."""
    return [(int(part), part) if number % 2 else part for number, part in enumerate(_NUMBER.split(key))]
