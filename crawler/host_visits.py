"""The visits of one run: every host that has something to do, one visit a host at a time."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from scrapy import signals
from scrapy.crawler import AsyncCrawlerRunner

from crawler.config.models import Source
from crawler.fetch.pace import DEFAULT_DELAY
from crawler.items import Flow
from crawler.ledger import Waiting
from crawler.log_facts import log_facts
from crawler.run_report import RunProgress
from crawler.spiders.choice import spider_of
from crawler.spiders.polls import is_to_poll
from crawler.storage import StorageError
from crawler.visit import DueEndpoint, RunContext, Visit

logger = logging.getLogger(__name__)

# On one machine the run lock says who is alive, and opening a run frees the leases of the dead; a lease is only there
# so that several machines can share the ledger.
_LEASE = timedelta(hours=6)
_EVER = datetime.min.replace(tzinfo=UTC)


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
        if state.host not in run.left_out and is_to_poll(run, due):
            by_host[state.host].append(due)
    return dict(by_host)


def _waiting_since(
    to_poll: Mapping[str, list[DueEndpoint]], waiting: Mapping[str, Waiting], to_revisit: Mapping[str, datetime]
) -> dict[str, datetime]:
    """Each host that has something to do → since when."""
    polls = {host: min(one.state.next_due or _EVER for one in due) for host, due in to_poll.items()}
    pages = {host: pending.since for host, pending in waiting.items()}
    since: dict[str, datetime] = {}
    for work in (polls, pages, to_revisit):
        for host, moment in work.items():
            since[host] = min(moment, since.get(host, moment))
    return since


@dataclass(kw_only=True)
class HostVisits:
    """The visits of a run, as many hosts at once as the settings allow.

    Args:
        run: what all visits share.
        sources: that are crawled.
        runner: makes the crawler of a visit.
        listen: is given what the last stage hands on.
        progress: is told how far the visits are.
        errors: faults of ours are added to it.
    """

    run: RunContext
    sources: Sequence[Source]
    runner: AsyncCrawlerRunner
    listen: Callable[[Flow], None]
    progress: Callable[[RunProgress], None]
    errors: list[str]
    _visited: int = 0
    _known: int = 0
    _pages: int = 0

    async def visit_all(self, to_poll: dict[str, list[DueEndpoint]]) -> None:
        """Visit every host until none has anything to do, or the run must stop."""
        run = self.run
        offered: dict[str, int] = {}  # host → newest entry offered in this run; each is tried once
        # A replay brings back what was announced and read; that an article was looked at again it cannot know.
        to_revisit = {} if run.replay else run.revisits.hosts(run.clock.now(), run.scope)
        while not run.stop():
            waiting = run.ledger.hosts_with_pending(run.clock.now(), run.scope, offered)
            since = _waiting_since(to_poll, waiting, to_revisit)
            # For those that have only pages for us and want to be left alone nothing can be done.
            free = {host for host in since if host in to_poll or run.pace.held_until(host) is None} - run.left_out
            hosts = self._in_turn({host: since[host] for host in free})
            if not hosts:
                return
            self._known += len(hosts)
            self._tell_progress()
            # Recorded answers come in the order in which they were recorded, if every visit is there to ask for them.
            turns = asyncio.Semaphore(len(hosts) if run.replay else run.config.settings.hosts_at_once)

            async def visit(host: str, newest: int, turns: asyncio.Semaphore = turns) -> None:
                async with turns:
                    work = _Work(due=to_poll.pop(host, []), after=offered.get(host, 0), looks_again=host in to_revisit)
                    to_revisit.pop(host, None)
                    reached = await self._contained_visit(host, work)
                offered[host] = max(reached, newest)
                self._visited += 1
                self._tell_progress()

            newest = {host: pending.newest for host, pending in waiting.items()}
            await asyncio.gather(*(visit(host, newest.get(host, 0)) for host in hosts))

    def _in_turn(self, since: Mapping[str, datetime]) -> list[str]:
        """Hosts, the one that has waited longest first, so that runs that are always cut short come to everybody.

        A host waits since the first of its work was due, or since it was asked last, if that was later.
        """
        now = self.run.clock.now()

        def turn(host: str) -> tuple[datetime, str]:
            return max(since[host], min(self.run.pace.last_asked(host) or _EVER, now)), host

        return sorted(since, key=turn)

    def _tell_progress(self) -> None:
        self.progress(RunProgress(visited=self._visited, known=self._known, pages=self._pages))

    async def _contained_visit(self, host: str, work: _Work) -> int:
        """Visit one host; return the newest entry id that was offered. Another host's fault stops no other visit."""
        if self.run.stop():
            return work.after
        try:
            with log_facts(host=host):
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
            of_sources = [fault for fault in visit.faults if fault[0]]  # those of none are told of the run
            with run.traffic.booking() as costs:
                run.ledger.end_visit(run.number, lease, costs, [*visit.notes, *of_sources])
        return visit.after

    async def _run_spider(self, sources: Sequence[Source], visit: Visit) -> None:
        crawler = self.runner.create_crawler(spider_of({source.kind for source in sources}))
        crawler.signals.connect(self._heard, signals.item_scraped)
        await self.runner.crawl(crawler, visit=visit)

    def _heard(self, item: Flow) -> None:
        self._pages += 1
        self._tell_progress()
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
