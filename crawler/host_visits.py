"""The visits of one run: every host that has something to do, one visit a host at a time."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta

from scrapy import signals
from scrapy.crawler import AsyncCrawlerRunner

from crawler.config.models import Source
from crawler.fetch.pace import DEFAULT_DELAY
from crawler.items import Flow
from crawler.spiders.choice import spider_of
from crawler.spiders.polls import is_to_poll
from crawler.storage import StorageError
from crawler.visit import DueEndpoint, RunContext, Visit

logger = logging.getLogger(__name__)

# On one machine the run lock says who is alive, and opening a run frees the leases of the dead; a lease is only there
# so that several machines can share the ledger.
_LEASE = timedelta(hours=6)


@dataclass(frozen=True, kw_only=True)
class _Work:
    """What brings a run to a host."""

    due: list[DueEndpoint]
    after: int  # entries up to this id were offered already
    looks_again: bool  # articles are to be revisited


def due_endpoints(run: RunContext, sources: Sequence[Source]) -> dict[str, list[DueEndpoint]]:
    """Endpoints to poll, by host."""
    wanted = {(source.name, endpoint.url): (source, endpoint) for source in sources for endpoint in source.endpoints}
    by_host = defaultdict[str, list[DueEndpoint]](list)
    for pair, state in run.endpoints.declare(wanted).items():
        source, endpoint = wanted[pair]
        due = DueEndpoint(source=source, endpoint=endpoint, state=state)
        if is_to_poll(run, due):
            by_host[state.host].append(due)
    return dict(by_host)


@dataclass(kw_only=True)
class HostVisits:
    """Args:
    run: what all visits share.
    sources: that are crawled.
    runner: makes the crawler of a visit.
    listen: is given what the last stage hands on.
    halted: what disk or database refused, or ""; nothing is visited then.
    errors: faults of ours are added to it.
    """

    run: RunContext
    sources: Sequence[Source]
    runner: AsyncCrawlerRunner
    listen: Callable[[Flow], None]
    halted: Callable[[], str]
    errors: list[str]

    async def visit_all(self, to_poll: dict[str, list[DueEndpoint]]) -> None:
        """Visit every host until none has anything to do, or the run must stop."""
        run = self.run
        offered: dict[str, int] = {}  # host → newest entry offered in this run; each is tried once
        # A replay brings back what was announced and read; that an article was looked at again it cannot know.
        to_revisit = set() if run.replay else run.revisits.hosts(run.clock.now(), run.scope)
        while not run.stop():
            waiting = run.ledger.hosts_with_pending(run.clock.now(), run.scope, offered)
            hosts = sorted({*to_poll, *waiting, *to_revisit})
            if not hosts:
                return
            turns = asyncio.Semaphore(run.config.settings.hosts_at_once)

            async def visit(host: str, newest: int, turns: asyncio.Semaphore = turns) -> None:
                async with turns:
                    work = _Work(due=to_poll.pop(host, []), after=offered.get(host, 0), looks_again=host in to_revisit)
                    to_revisit.discard(host)
                    reached = await self._contained_visit(host, work)
                offered[host] = max(reached, newest)

            await asyncio.gather(*(visit(host, waiting.get(host, 0)) for host in hosts))

    async def _contained_visit(self, host: str, work: _Work) -> int:
        """Visit one host; return the newest entry id that was offered. Another host's fault stops no other visit."""
        if self.halted():
            return work.after
        try:
            return await self._visit(host, work)
        except StorageError as error:
            self.run.halt(error)
            return work.after
        except Exception as error:  # the edge of a visit: told, and the run does not look well
            logger.exception("the visit of %s broke", host)
            self.errors.append(f"visit of {host}: {type(error).__name__}: {error}")
            return work.after

    async def _visit(self, host: str, work: _Work) -> int:
        run = self.run
        lease = run.ledger.claim(host, now=run.clock.now(), lease=_LEASE)
        if lease is None:
            run.watch(f"{host} is left alone: another worker visits it")
            return work.after
        sources = self._sources_of(host, work)
        self._declare_pace(host, sources)
        visit = Visit(run=run, lease=lease, due=work.due, after=work.after, looks_again=work.looks_again)
        try:
            with run.replay.turnstile.visiting(host) if run.replay else nullcontext():
                await self._run_spider(sources, visit)
        finally:
            self.errors.extend(text for _, text in visit.faults)
            run.ledger.remember_hosts(run.pace.take_changes())
            run.ledger.end_visit(run.number, lease, visit.traffic(), [*visit.notes, *visit.faults])
        return visit.after

    async def _run_spider(self, sources: Sequence[Source], visit: Visit) -> None:
        crawler = self.runner.create_crawler(spider_of({source.kind for source in sources}))
        crawler.signals.connect(self._heard, signals.item_scraped)
        await self.runner.crawl(crawler, visit=visit)

    def _heard(self, item: Flow) -> None:
        self.listen(item)

    def _sources_of(self, host: str, work: _Work) -> list[Source]:
        """Those that bring us to this host."""
        run, now = self.run, self.run.clock.now()
        names = {item.source.name for item in work.due}
        names |= {item.source for item in run.ledger.pending(host, now=now, scope=run.scope)}
        if work.looks_again:
            names |= {item.pending.source for item in run.revisits.due(host, now, run.scope)}
        return [source for source in self.sources if source.name in names]

    def _declare_pace(self, host: str, sources: Sequence[Source]) -> None:
        """The most careful politeness among them."""
        self.run.pace.declare(
            host,
            delay=max((source.politeness.delay for source in sources), default=DEFAULT_DELAY),
            concurrency=min((source.politeness.concurrency for source in sources), default=1),
        )
