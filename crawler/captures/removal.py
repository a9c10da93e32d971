"""Taking an article's records out of the ring."""

import logging
import os
import re
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path
from urllib.parse import urljoin

from sqlalchemy import delete

from crawler.captures.index import responses_of
from crawler.captures.members import Member, parts_of, whole_members
from crawler.captures.reading import Name, StoredResponse
from crawler.captures.records import asked_url
from crawler.captures.upkeep import index_file, mend_ring, ring_names
from crawler.database import Database
from crawler.storage import sync_folder
from crawler.tables import capture

logger = logging.getLogger(__name__)

_REDIRECT_STATUS = re.compile(rb"HTTP/[\d.]+ 3\d\d")


def remove_from_ring(folder: Path, database: Database, urls: Collection[str]) -> int:
    """Rewrite each file that holds a record of one of these addresses without them, and delete their rows.

    The redirects that lead to such an address, and a revisit record whose body stands in a removed one, go too, and so
    do bytes that cannot be read: nobody can say what is in them. The files are read, not the rows: what is to be
    forgotten must not survive in a record whose row got lost. The rows go first, so that none can outlive its record;
    those of what stays come back with the file. The caller holds the run lock.

    Returns:
        How many records were removed.

    Raises:
        OSError: a file cannot be read or written; it is as it was, and removing again finishes.
        NotByRecordError: a file that is called like one of the ring is none.
    """
    mend_ring(folder, database)
    wanted = _with_redirects(folder, {asked_url(url) for url in urls})
    with database.write() as connection:
        for url in wanted:
            connection.execute(delete(capture).where(capture.c.url == url))
    removed = 0
    for name in ring_names(folder):
        unwanted, gaps = _unwanted(folder / name, wanted)
        if not unwanted and not gaps:
            continue
        with database.write() as connection:
            connection.execute(delete(capture).where(capture.c.file == name))
        if _rewrite(folder / name, unwanted):
            index_file(folder / name, database)
        if gaps:
            logger.warning("%s: %d bytes that could not be read were removed too", folder / name, gaps)
        removed += len(unwanted)
    return removed


def _with_redirects(folder: Path, wanted: Collection[str]) -> set[str]:
    """The addresses, and all from which redirects of the ring lead to one of them."""
    led_here: defaultdict[str, set[str]] = defaultdict(set)
    for name in ring_names(folder):
        for member in whole_members(folder / name):
            if _REDIRECT_STATUS.search(member.content):
                for response in responses_of(folder / name, member.content):
                    led_here[_leads_to(response)].add(response.url)
    found, ahead = set(wanted), list(wanted)
    while ahead:
        before = led_here[ahead.pop()] - found
        found |= before
        ahead += before
    return found


def _unwanted(path: Path, wanted: Collection[str]) -> tuple[set[int], int]:
    """Offsets of the records that must go, and how many bytes cannot be read."""
    found: set[int] = set()
    gone: set[Name] = set()
    gaps = 0
    marks = [url.encode() for url in wanted]
    for part in parts_of(path):
        if not isinstance(part, Member):
            gaps += part.end - part.offset
        # Whatever is to go names one of the addresses; most records need not be taken apart.
        elif any(mark in part.content for mark in marks):
            for response in responses_of(path, part.content):
                if response.url in wanted or not gone.isdisjoint(response.refers_to):
                    found.add(part.offset)
                    gone.update(response.names)
    return found, gaps


def _leads_to(response: StoredResponse) -> str:
    """Where a redirect leads, or ""."""
    location = response.header("Location") if 300 <= response.status < 400 else ""
    try:
        return asked_url(urljoin(response.url, location)) if location else ""
    except ValueError:  # it leads to no address
        return ""


def _rewrite(path: Path, unwanted: Collection[int]) -> bool:
    """Copy the other members as they are; a file that is left with its first record alone is deleted.

    Returns:
        Whether there is a file.
    """
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
    sync_folder(path.parent)
    return kept > 1
