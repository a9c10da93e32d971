"""Whether anything runs presswatch: the daemon's heartbeat, the last run, who holds the lock."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from crawler.books import faults_in
from crawler.doctor.ledger import LastRun, LedgerFacts
from crawler.doctor.model import Finding, note, ok, warning
from crawler.schedule.heartbeat import Beat, is_alive, is_silent
from pipelines.health.late import LONGEST_RUN

_QUIET = timedelta(days=1)  # without a run


def check_rhythm(facts: LedgerFacts | None, beat: Beat | None, now: datetime) -> Iterator[Finding]:
    """Whether cron or the daemon starts runs."""
    alive = beat is not None and not beat.ended and not is_silent(beat, now)
    if beat is not None and alive:
        yield ok("schedule", f"presswatch schedule is at work: process {beat.pid} on {beat.host}")
    elif beat is not None:
        told = f"presswatch schedule on {beat.host} was last alive at {_shown(beat.beat)}"
        yield note("schedule", told, "start it again, unless cron has taken over")
    last = None if facts is None else facts.last_run
    if last is None:
        if not alive:
            told = "no run has been made yet"
            yield note(
                "schedule", told, "presswatch crawl; then a line of deploy/crontab.example, or presswatch schedule"
            )
    elif now - last.started > _QUIET and not alive:
        told = f"the last run began at {_shown(last.started)}, more than a day ago"
        yield warning("schedule", told, "is cron running? see deploy/crontab.example, or presswatch schedule")
    else:
        yield ok("schedule", f"the last run began at {_shown(last.started)}")


def check_last_run(
    facts: LedgerFacts | None, holders: tuple[int, ...], now: datetime, is_alive: Callable[[int], bool] = is_alive
) -> Iterator[Finding]:
    """How the last run ended, or whether it is at work.

    Args:
        facts: of the ledger.
        holders: processes that hold the run lock, as far as this machine tells.
        now: the time.
        is_alive: whether this machine has such a process.
    """
    last = None if facts is None else facts.last_run
    if holders:
        yield ok("lock", f"held by process {', '.join(map(str, holders))}")
    if last is None:
        return
    if last.ended is None:
        yield _unfinished(last, now, at_work=bool(holders) or is_alive(last.process))
    elif last.interrupted:
        told = f"run {last.number} was interrupted: {' '.join(last.error.split())}"
        yield note("runs", told, "nothing is lost: the next run takes up what was pending")
    elif faults := faults_in(last.error):
        told = f"run {last.number} ended with a fault: {'; '.join(faults)}"
        yield warning("runs", told, "put right what it says; the next run takes up what is pending")
    else:
        yield ok("runs", f"run {last.number} ended at {_shown(last.ended)}")


def _unfinished(last: LastRun, now: datetime, *, at_work: bool) -> Finding:
    told = f"run {last.number}, process {last.process}, began at {_shown(last.started)}"
    if not at_work:
        todo = "nothing is lost: the next run closes its books and takes up what was pending"
        return note("runs", f"{told} and died (or is at work on another machine)", todo)
    if now - last.started > LONGEST_RUN:
        return warning("runs", f"{told} and is still at work", f"see what it waits for; kill {last.process} ends it")
    return ok("runs", f"{told} and is at work")


def _shown(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
