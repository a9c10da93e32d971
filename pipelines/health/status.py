"""How presswatch is: alive or not, what is sick, what waits, what comes next. Read only."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from crawler.config.contact import why_no_contact
from crawler.config.models import Config, Endpoint
from crawler.items import Origin
from crawler.schedule.heartbeat import DAEMON_COMMAND, Beat, is_alive, is_silent
from crawler.tables import entry
from pipelines.health.digests import digest_lines
from pipelines.health.hosts import host_lines
from pipelines.health.late import is_run_late
from pipelines.health.one_source import detail_of
from pipelines.health.runs import books_until, last_runs
from pipelines.health.source_model import SourceDetail
from pipelines.health.sources import Facts, facts_of, next_polls, source_lines
from pipelines.health.status_model import (
    BooksLine,
    Daemon,
    DigestLine,
    Note,
    Problem,
    RunEnd,
    RunLine,
    SourceLine,
    State,
    Status,
)
from pipelines.health.traffic import costs_of
from pipelines.health.waiting import oldest_pending

_REPLACED = timedelta(days=1)  # without a sign of life of the daemon, while others make the runs


@dataclass(frozen=True, kw_only=True)
class _Signs:
    """What is looked at to say whether presswatch is well."""

    at: datetime
    sources: Sequence[SourceLine]
    digests: Sequence[DigestLine]
    books: BooksLine
    runs: Sequence[RunLine]
    daemon: Daemon | None
    run_is_late: bool


def status_of(
    connection: Connection,
    config: Config,
    now: datetime,
    *,
    beat: Beat | None = None,
    is_at_work: Callable[[int], bool] = is_alive,
    name: str = "",
) -> Status:
    """
    Args:
        connection: to the database, in one view of it.
        config: as it is now.
        now: the time of asking.
        beat: the daemon's last sign of life.
        is_at_work: whether a run of this process is, as far as this machine knows.
        name: of a source to tell more of; presswatch is told of as a whole all the same.
    """
    daemon = None if beat is None else Daemon(**vars(beat), is_silent=is_silent(beat, now))
    facts = facts_of(connection, config, now)
    lines = source_lines(config, facts, now)
    digests, books = digest_lines(connection, config, now), books_until(connection, now)
    runs = last_runs(connection)
    has_daemon = daemon is not None and not daemon.ended and not daemon.is_silent
    polls = [poll for source in config.sources for poll in next_polls(source, facts, now).values()]
    late = is_run_late(connection, polls, now, lambda process: has_daemon or is_at_work(process))
    signs = _Signs(at=now, sources=lines, digests=digests, books=books, runs=runs, daemon=daemon, run_is_late=late)
    problems = tuple(_problems(signs))
    return Status(
        at=now,
        is_well=not problems,
        problems=problems,
        need_you=sum(line.needs_you for line in lines),
        daemon=daemon,
        digests=digests,
        sources=tuple(line for line in lines if name in {"", line.name}),
        runs=runs,
        pending=sum(waiting.entries for source, waiting in facts.waiting.items() if name in {"", source}),
        hosts=host_lines(connection, name),
        oldest_pending=oldest_pending(connection, name or None, now),
        books=books,
        costs=costs_of(connection, now, config.settings.zone, name),
        notes=tuple(_notes(connection, config, facts)),
        detail=_detail(connection, config, facts, name, now),
    )


def _detail(connection: Connection, config: Config, facts: Facts, name: str, now: datetime) -> SourceDetail | None:
    source = config.source(name)
    if source is None:
        return None
    return detail_of(connection, source, facts.endpoints.get(name, ()), next_polls(source, facts, now))


def _problems(signs: _Signs) -> Iterator[Problem]:
    states = {line.state for line in signs.sources}
    found = {
        Problem.LATE_RUN: signs.run_is_late,
        Problem.NO_SOURCE: states <= {State.DISABLED},
        Problem.FAILING: any(one.needs_you for line in signs.sources for one in line.failing),
        Problem.SILENT: any(line.silent for line in signs.sources),
        Problem.SILENT_DAEMON: signs.daemon is not None and _is_missed(signs.daemon, signs),
        Problem.LATE_DIGEST: any(line.is_late for line in signs.digests),
        Problem.DIGEST_AHEAD: any(line.is_ahead for line in signs.digests),
        Problem.FAULTY_RUN: _last_end(signs.runs) is RunEnd.FAULTY,
        Problem.UNBALANCED: not signs.books.balances,
    }
    return (problem for problem in Problem if found[problem])


def _is_missed(daemon: Daemon, signs: _Signs) -> bool:
    """Whether it is silent, unless somebody else has made the runs since: cron has taken over."""
    is_replaced = signs.at - daemon.beat > _REPLACED and any(
        line.command != DAEMON_COMMAND and line.started > daemon.beat for line in signs.runs[:1]
    )
    return daemon.is_silent and not is_replaced


def _last_end(runs: Sequence[RunLine]) -> RunEnd | None:
    """How the last run ended that did."""
    return next((line.end for line in runs if line.end is not RunEnd.OPEN), None)


def _notes(connection: Connection, config: Config, facts: Facts) -> Iterator[Note]:
    watched = [source.name for source in config.enabled_sources]
    found = {
        Note.ADAPTIVE: any(item.cron is None and item.every == "adaptive" for item in _endpoints(config)),
        Note.NO_SEEDS: any(theme.seeds for theme in config.themes) and not _has_seeds(connection),
        Note.NO_CONTACT: bool(why_no_contact(config.settings.contact)),
        Note.ORPHANS: any(name not in watched for name in facts.waiting),
    }
    return (note for note in Note if found[note])


def _endpoints(config: Config) -> Iterator[Endpoint]:
    return (item for source in config.enabled_sources for item in source.endpoints)


def _has_seeds(connection: Connection) -> bool:
    return (
        connection.execute(select(entry.c.id).where(entry.c.origin == Origin.SEED.value).limit(1)).first() is not None
    )
