"""Taking an article's records out of the ring."""

import os
from collections.abc import Collection
from pathlib import Path

from sqlalchemy import delete

from crawler.captures.index import responses_of
from crawler.captures.members import whole_members
from crawler.captures.reading import StoredResponse
from crawler.captures.records import asked_url
from crawler.captures.upkeep import mend_ring, ring_names
from crawler.database import Database
from crawler.tables import capture


def remove_from_ring(folder: Path, database: Database, urls: Collection[str]) -> int:
    """Rewrite each file that holds a record of one of these addresses without them, and delete their rows.

    A redirect that leads to such an address, and a revisit record whose body stands in a removed one, go too. The
    files are read, not the rows: what is to be forgotten must not survive in a record whose row got lost. The caller
    holds the run lock.

    Returns:
        How many records were removed.

    Raises:
        OSError: a file cannot be read or written; it is as it was, and its rows are there.
        NotByRecordError: a file that is called like one of the ring is none.
    """
    mend_ring(folder, database)
    wanted = {asked_url(url) for url in urls}
    removed = 0
    for name in ring_names(folder):
        unwanted = _unwanted(folder / name, wanted)
        if not unwanted:
            continue
        _rewrite(folder / name, set(unwanted))
        removed += len(unwanted)
        with database.write() as connection:
            for url in set(unwanted.values()):
                connection.execute(delete(capture).where(capture.c.file == name, capture.c.url == url))
    return removed


def _unwanted(path: Path, wanted: Collection[str]) -> dict[int, str]:
    """Offset → address of the records that must go."""
    found: dict[int, str] = {}
    gone = set()
    marks = [url.encode() for url in wanted]
    for member in whole_members(path):
        # Whatever is to go names one of the addresses; most records need not be taken apart.
        if not any(mark in member.content for mark in marks):
            continue
        for response in responses_of(member.content):
            if response.url in wanted or response.refers_to in gone or _leads_to(response) in wanted:
                found[member.offset] = response.url
                gone.add(response.identity)
    return found


def _leads_to(response: StoredResponse) -> str:
    location = response.header("Location") if 300 <= response.status < 400 else ""
    return asked_url(location) if location else ""


def _rewrite(path: Path, unwanted: Collection[int]) -> None:
    """Copy the other members as they are; a file that is left with its first record alone is deleted."""
    copy = path.with_name(f"{path.name}.tmp")
    kept = 0
    with copy.open("wb") as file:
        for member in whole_members(path):
            if member.offset not in unwanted:
                file.write(member.raw)
                kept += 1
        file.flush()
        os.fsync(file.fileno())
    if kept > 1:
        copy.replace(path)
    else:
        path.unlink()
        copy.unlink()
