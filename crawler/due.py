"""Who is to be visited now. A run asks before it visits, and the daemon before it starts one, by the same rules."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from crawler.config.models import Endpoint, Source
from crawler.database import Database
from crawler.endpoint_state import EndpointState
from crawler.endpoints import Endpoints
from crawler.ledger import Ledger, Scope
from crawler.polling import is_due, is_held
from crawler.revisits import Revisits
from crawler.silences import Pauses
from crawler.urls import host_of


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What waits to be done now."""

    hosts: Mapping[str, frozenset[str]]  # host → what waits there; it changes when a run has seen to it
    next_poll: datetime | None  # of the endpoints that do not wait yet, the earliest; None when there is none


def waits_for_poll(source: Source, endpoint: Endpoint, state: EndpointState | None, now: datetime) -> bool:
    """Whether it is time to poll the endpoint; one without a state was never asked."""
    return state is None or is_due(endpoint, ZoneInfo(source.timezone), state.next_due, now)


def who_waits(database: Database, watched: Sequence[Source], now: datetime) -> Waiting:
    """Ask who is due, by a few short reads: nothing is written and nobody is asked.

    Args:
        database: the ledger's.
        watched: the sources that are enabled.
        now: the time.
    """
    ledger, names = Ledger(database), frozenset(source.name for source in watched)
    whose = Scope(sources=names, watched=names)
    waiting: dict[str, set[str]] = {}
    next_poll: list[datetime] = []
    with database.read() as connection:
        pauses = Pauses(connection, now)
    for source, endpoint, state in _endpoints(database, watched):
        paused = pauses.until(endpoint.url)
        if paused is not None:
            next_poll.append(max(paused, state.next_due or paused) if state else paused)
        elif waits_for_poll(source, endpoint, state, now):
            asked = state.next_due if state else None
            waiting.setdefault(host_of(endpoint.url), set()).add(f"{source.name} {endpoint.url} {asked}")
        elif state and state.next_due:
            next_poll.append(state.next_due)
    for host, pages in ledger.hosts_with_pending(now, whose, {}).items():
        waiting.setdefault(host, set()).add(f"pages up to {pages.newest}")
    for host in Revisits(database, ()).hosts(now, whose):
        waiting.setdefault(host, set()).add("revisits")
    free = {
        host: frozenset(what) for host, what in waiting.items() if not is_held(ledger.host_memory(host).not_before, now)
    }
    return Waiting(hosts=free, next_poll=min(next_poll, default=None))


def _endpoints(
    database: Database, sources: Sequence[Source]
) -> Iterator[tuple[Source, Endpoint, EndpointState | None]]:
    states = Endpoints(database).states(source.name for source in sources)
    for source in sources:
        for endpoint in source.endpoints:
            yield source, endpoint, states.get((source.name, endpoint.url))
