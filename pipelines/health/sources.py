"""How each source of the config is now."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, func, select

from crawler.config.models import Config, Source
from crawler.outcomes import ARCHIVED, PollOutcome
from crawler.silences import Pauses
from crawler.tables import article, book, endpoint, host, run
from pipelines.health.failing import failing_now
from pipelines.health.model import FailingNow, SilentEndpoint
from pipelines.health.next_poll import NextPoll, next_poll_of
from pipelines.health.polled import first_proof
from pipelines.health.silent import silent_endpoints
from pipelines.health.status_model import Proof, SourceLine, State
from pipelines.health.traffic import budget_of, requests_of_today
from pipelines.health.traffic_model import Budget
from pipelines.health.waiting import Waiting, waiting_by_source

Sick = TypeVar("Sick", FailingNow, SilentEndpoint)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the database says of all sources, by source."""

    failing: Mapping[str, Sequence[FailingNow]]
    silent: Mapping[str, Sequence[SilentEndpoint]]
    endpoints: Mapping[str, Sequence[RowMapping]]  # rows of table endpoint, lists included
    held: Mapping[int, datetime]  # by an endpoint's id: until when its host or its origin is left alone
    kept: Mapping[str, datetime]
    waiting: Mapping[str, Waiting]
    proofs: Mapping[str, Proof]
    budgets: Mapping[str, Budget]


def facts_of(connection: Connection, config: Config, now: datetime) -> Facts:
    rows = connection.execute(select(endpoint).order_by(endpoint.c.source, endpoint.c.id)).mappings().all()
    by_source: dict[str, list[RowMapping]] = defaultdict(list)
    for row in rows:
        by_source[row["source"]].append(row)
    return Facts(
        failing=_by_source(failing_now(connection, config, now)),
        silent=_by_source(silent_endpoints(connection, config, now)),
        endpoints=by_source,
        held=_held(connection, rows, now),
        kept=_last_kept(connection),
        waiting=waiting_by_source(connection),
        proofs=_proofs(connection, config),
        budgets=_budgets(connection, config, now),
    )


def source_lines(config: Config, facts: Facts, now: datetime) -> tuple[SourceLine, ...]:
    """The worst first; those of one state by name."""
    lines = [source_line(source, facts, now) for source in config.sources]
    order = list(State)
    return tuple(sorted(lines, key=lambda line: (order.index(line.state), line.name)))


def source_line(source: Source, facts: Facts, now: datetime) -> SourceLine:
    rows = facts.endpoints.get(source.name, ())
    waiting = facts.waiting.get(source.name)
    failing, silent = tuple(facts.failing.get(source.name, ())), tuple(facts.silent.get(source.name, ()))
    lists = _lists(source, rows)
    held_until = max((facts.held[row["id"]] for row in rows if row["id"] in facts.held), default=None)
    return SourceLine(
        name=source.name,
        title=source.title,
        kind=source.kind.value,
        state=_state(source, facts, held_until),
        needs_you=bool(silent) or any(one.needs_you for one in failing),
        failing=failing,
        silent=silent,
        lists=len(lists),
        lists_failing=sum(row["last_outcome"] == PollOutcome.FAILED.value for row in lists),
        held_until=held_until,
        budget=facts.budgets[source.name],
        disabled_because=source.disabled_because,
        last_kept=facts.kept.get(source.name),
        last_new=max((row["last_new"] for row in rows if row["last_new"]), default=None),
        pending=waiting.entries if waiting else 0,
        oldest_pending=waiting.oldest if waiting else None,
        next_poll=_earliest(next_polls(source, facts, now).values()),
        proof=facts.proofs.get(source.name),
    )


def _lists(source: Source, rows: Sequence[RowMapping]) -> list[RowMapping]:
    """Those that the answers of its endpoints name."""
    wanted = {item.url for item in source.endpoints}
    own = {row["id"] for row in rows if row["url"] in wanted}
    return [row for row in rows if row["parent"] in own]


def next_polls(source: Source, facts: Facts, now: datetime) -> dict[str, NextPoll]:
    """By address, when the endpoints of an enabled source are polled next."""
    if not source.enabled:
        return {}
    rows = {row["url"]: row for row in facts.endpoints.get(source.name, ())}
    budget = facts.budgets[source.name]
    return {
        item.url: next_poll_of(
            item,
            ZoneInfo(source.timezone),
            rows.get(item.url),
            held_until=facts.held.get(rows[item.url]["id"]) if item.url in rows else None,
            spent_until=budget.until if budget.polls_wait else None,
            now=now,
        )
        for item in source.endpoints
    }


def _state(source: Source, facts: Facts, held_until: datetime | None) -> State:
    signs = {
        State.DISABLED: not source.enabled,
        State.FAILING: bool(facts.failing.get(source.name)),
        State.SILENT: bool(facts.silent.get(source.name)),
        State.WAITING: held_until is not None or facts.budgets[source.name].articles_wait,
        State.UNPROVEN: source.name not in facts.proofs,
    }
    return next((state for state, is_so in signs.items() if is_so), State.WELL)


def _earliest(polls: Iterable[NextPoll]) -> NextPoll | None:
    """The first of them; one that is due goes before."""
    return min(polls, key=lambda poll: (not poll.is_due, poll.at is not None, poll.at or 0), default=None)


def _by_source(sick: Iterable[Sick]) -> dict[str, list[Sick]]:
    found: dict[str, list[Sick]] = defaultdict(list)
    for one in sick:
        found[one.source].append(one)
    return found


def _held(connection: Connection, rows: Iterable[RowMapping], now: datetime) -> dict[int, datetime]:
    """At its host's wish, or as its origin does not answer."""
    wishes = {row.name: row.next_due for row in connection.execute(select(host).where(host.c.next_due > now))}
    pauses = Pauses(connection, now)
    found = {row["id"]: (wishes.get(row["host"]), pauses.until(row["url"])) for row in rows}
    return {number: max(filter(None, both)) for number, both in found.items() if any(both)}


def _budgets(connection: Connection, config: Config, now: datetime) -> dict[str, Budget]:
    zone = config.settings.zone
    requests = requests_of_today(connection, now, zone)
    return {source.name: budget_of(source, requests.get(source.name, 0), now, zone) for source in config.sources}


def _last_kept(connection: Connection) -> dict[str, datetime]:
    """By source, when its last article was stored; looked for in the time of the last run whose books tell one.

    So that not the whole archive is read.
    """
    last = (
        select(book.c.source, func.max(book.c.run).label("run"))
        .where(book.c.kept + book.c.copy > 0)
        .group_by(book.c.source)
        .subquery()
    )
    rows = connection.execute(select(last.c.source, run.c.started, run.c.ended).join(run, run.c.id == last.c.run)).all()
    found = {row.source: _newest_between(connection, row.source, row.started, row.ended) for row in rows}
    return {source: kept_at for source, kept_at in found.items() if kept_at is not None}


def _newest_between(connection: Connection, source: str, started: datetime, ended: datetime | None) -> datetime | None:
    newest = (
        select(func.max(article.c.kept_at))
        .where(article.c.kept_at >= started, article.c.source == source)
        .where(article.c.outcome.in_([outcome.value for outcome in ARCHIVED]))
    )
    found: datetime | None = connection.scalar(newest if ended is None else newest.where(article.c.kept_at <= ended))
    return found


def _proofs(connection: Connection, config: Config) -> dict[str, Proof]:
    found = {source.name: first_proof(connection, source.name) for source in config.sources}
    return {name: Proof(run=row.id, started=row.started) for name, row in found.items() if row is not None}
