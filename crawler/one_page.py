"""One page of the network, fetched as a crawl fetches it, and nothing kept of it. A composition root."""

import logging
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from crawler.books import open_run
from crawler.budget import spent
from crawler.clock import Clock
from crawler.config.models import Config, Kind, Source
from crawler.database import Database, sqlite_url
from crawler.fetch.robots_cache import DatabaseRobotsCache
from crawler.intake import Intake, take_in
from crawler.items import Ended, Entry, Flow, HostMemory, Origin, Page, Postponed
from crawler.ledger import Ledger
from crawler.run import Run
from crawler.run_report import RunReport
from crawler.storage import StorageError
from crawler.traffic import add as add_traffic
from crawler.traffic import all_booked, booked_requests
from crawler.urls import article_key, docsify_file_url, host_of, origin_of

logger = logging.getLogger(__name__)

_DOCSIFY = (Kind.WECHAT_MIRROR, Kind.DOCSIFY)


class NothingCameError(Exception):
    """The visit ended without a word of the page; the message says why."""


async def fetch_page(
    url: str, source: Source, *, config: Config, clock: Clock, route: str | None, known: Ledger | None
) -> Page | Ended | Postponed:
    """The page at `url` with its further ones, or what came instead of it.

    It is a whole run, on a database of its own that is gone afterwards.

    Args:
        url: what to fetch.
        source: whose rules of asking it is asked by. Its endpoints are not polled.
        config: of the installation.
        clock: what pauses are waited on.
        route: local server that gets every request, or None for the live network.
        known: whose memory of the host is kept to, and gets what this visit adds to it; None where there is none.

    Raises:
        UrlError: the address is none that presswatch would fetch.
        NothingCameError: the host is to be left alone, or presswatch itself failed.
        StorageError: there is no room for the database.
    """
    alone = source.model_copy(update={"endpoints": ()})
    # What a run must leave free is for what it stores.
    settings = config.settings.model_copy(update={"min_free_mb": 0, "database": ""})
    heard: list[Flow] = []
    _check_budget(known, source, config, clock.now())
    asked = docsify_file_url(url) if source.kind in _DOCSIFY else url
    memories = known.host_memories() if known else {}
    with TemporaryDirectory(prefix="presswatch-") as folder:
        database = Database.open(sqlite_url(Path(folder) / "presswatch.db"))
        try:
            _announce(database, alone, asked, clock.now())
            Ledger(database).remember_hosts(memories)
            await _share_rules(known, database, asked)
            run = Run(
                config=config.model_copy(update={"sources": (source,), "settings": settings}),
                database=database,
                clock=clock,
                data=Path(folder),
                scope=(alone,),
                route=route,
                stages={},
                listen=heard.append,
            )
            report = await run.crawl_until_signal("extract")
            await _note(known, asked, memories, Ledger(database))
        finally:
            database.close()
    return _only(heard, report, memories.get(host_of(asked), HostMemory()))


def _check_budget(known: Ledger | None, source: Source, config: Config, now: datetime) -> None:
    """
    Raises:
        NothingCameError: the source was asked often enough today.
    """
    if known is None:
        return
    zone, per_day = config.settings.zone, source.politeness.requests_per_day
    with known.database.read() as connection:
        requests = booked_requests(connection, now.astimezone(zone).date(), source.name)
    over = spent(requests, per_day, is_page=True, now=now, zone=zone)
    if over is not None:
        raise NothingCameError(over.told)


async def _note(known: Ledger | None, url: str, memories: Mapping[str, HostMemory], made: Ledger) -> None:
    """For whoever asks next. Small transactions, for which a run need not be waited; the page is worth more.

    Args:
        known: what is to know it.
        url: that was asked for.
        memories: what the visit knew of hosts when it began.
        made: the visit's own.
    """
    if known is None:
        return
    try:
        found = made.host_memories()
        known.remember_hosts({name: found[name] for name in found if found[name] != memories.get(name)})
        with made.database.read() as connection:
            costs = all_booked(connection)
        with known.database.write() as connection:
            add_traffic(connection, costs)
        await _share_rules(made, known.database, url)
    except StorageError as error:
        logger.warning("what %s was asked and asks for is not noted: %s", host_of(url), error)


async def _share_rules(known: Ledger | None, database: Database, url: str) -> None:
    """Let `database` know the robots.txt of the address, where that was asked for."""
    origin = origin_of(url)
    answer = await DatabaseRobotsCache(known.database).load(origin) if known else None
    if answer is not None and answer != await DatabaseRobotsCache(database).load(origin):
        await DatabaseRobotsCache(database).save(origin, answer)


def _announce(database: Database, source: Source, url: str, now: datetime) -> None:
    """Make the address an entry that waits."""
    with database.write() as connection:
        run = open_run(connection, command="extract", process=0, now=now, sources=[source.name])
        intake = Intake(run=run, origin=Origin.CRAWL, place="extract:")
        take_in(connection, intake, source.name, Entry(key=article_key(url), url=url), now)


def _only(heard: list[Flow], report: RunReport, memory: HostMemory) -> Page | Ended | Postponed:
    for item in heard:
        if isinstance(item, Page | Ended | Postponed):
            return item
    held = memory.not_before
    asked_for = f"the host asked to be left alone until {held.isoformat(timespec='seconds')}" if held else ""
    raise NothingCameError("; ".join(report.errors) or report.stopped or asked_for or "no request was sent")
