"""The status as a person reads it. Pure."""

from collections.abc import Iterator, Sequence

from crawler.outcomes import Outcome
from pipelines.failure_advice import advice_for
from pipelines.health.hosts import hosts_part
from pipelines.health.model import FailingNow
from pipelines.health.next_poll import NextPoll
from pipelines.health.page import Part
from pipelines.health.source_text import detail_parts
from pipelines.health.speech import Speech
from pipelines.health.status_model import (
    BooksLine,
    Daemon,
    DigestLine,
    Imbalance,
    PendingLine,
    Problem,
    RunLine,
    SourceLine,
    State,
    Status,
)
from pipelines.health.traffic_text import budget_line, budget_waits, costs_part


def status_parts(status: Status, speech: Speech) -> tuple[Part, ...]:
    """All of it; of a source that was asked for by name its own, and presswatch in a line."""
    head = Part(lines=tuple(_head(status, speech)))
    if status.detail is not None:
        pending = _pending(status, speech) if status.oldest_pending else Part()
        return (
            head,
            _sources(status.sources, speech),
            pending,
            *detail_parts(status.detail, speech),
            costs_part(status.costs, speech),
        )
    return (
        head,
        _sources(status.sources, speech),
        _runs(status.runs, speech),
        _pending(status, speech),
        costs_part(status.costs, speech),
        hosts_part(status.hosts, speech),
        _books(status.books, speech),
        _notes(status, speech),
    )


def _notes(status: Status, speech: Speech) -> Part:
    lines = tuple(speech(f"note.{note.value}") for note in status.notes)
    return Part(title=speech("notes"), lines=lines) if lines else Part()


def _pending(status: Status, speech: Speech) -> Part:
    """The entries that wait longest, and what went wrong with them last."""
    waiting = status.oldest_pending
    if not waiting:
        return Part(title=speech("pending", count=status.pending), lines=(speech("pending.none"),))
    names = ("entry", "source", "waits", "tries", "next_try", "title")
    return Part(
        title=speech("pending", count=status.pending),
        columns=tuple(speech(f"col.{name}") for name in names),
        rows=tuple(_pending_row(one, speech) for one in waiting),
        numbers=frozenset({0, 3}),
        spare=(3,),  # tries
        lines=tuple(
            f"{one.entry}{speech('colon')}{speech.reason(one.last_error)}" for one in waiting if one.last_error
        ),
    )


def _pending_row(one: PendingLine, speech: Speech) -> tuple[str, ...]:
    following, waits, title = speech.rest(one.next_try), speech.age(one.first_seen), one.title or speech("untitled")
    return (str(one.entry), one.source, waits, f"{one.attempts:g}", following, title)


def _head(status: Status, speech: Speech) -> Iterator[str]:
    yield speech("head", verdict=_verdict(status, speech), at=speech.at(status.at))
    yield _last_run(status.runs[0], speech) if status.runs else speech("run.none")
    if status.daemon is not None:
        yield _daemon(status.daemon, speech)
    if status.detail is None:
        yield from (_digest(line, speech) for line in status.digests)


def _verdict(status: Status, speech: Speech) -> str:
    if status.is_well:
        return speech("well")
    age = speech.age(status.runs[0].started) if status.runs else ""
    others = [problem for problem in status.problems if problem not in {Problem.FAILING, Problem.SILENT}]
    told = [speech(f"problem.{problem.value}", age=age) for problem in others]
    if status.need_you:
        told.insert(1 if Problem.LATE_RUN in others else 0, speech.counted("need_you", status.need_you))
    return speech.joined(told)


def _last_run(line: RunLine, speech: Speech) -> str:
    fault = speech.reason(line.faults[0]) if line.faults else ""
    end = speech(f"end.{line.end.value}", took=_took(line, speech), fault=fault)
    return speech("run.last", run=line.run, at=speech.at(line.started), ago=speech.ago(line.started), end=end)


def _took(line: RunLine, speech: Speech, words: str = "age") -> str:
    return speech("none") if line.ended is None else speech.span(line.ended - line.started, words=words)


def _daemon(daemon: Daemon, speech: Speech) -> str:
    who = {"pid": daemon.pid, "host": daemon.host, "version": daemon.version}
    if daemon.ended:
        return speech("daemon.ended", **who, beat=speech.ago(daemon.beat))
    following = [
        speech(f"daemon.next_{what}", at=speech.at(moment), until=speech.until(moment))
        for what, moment in (("poll", daemon.next_poll), ("digest", daemon.next_digest))
        if moment is not None
    ]
    told = filter(None, [daemon.doing, *following])
    return speech.joined([speech("daemon", **who, beat=speech.ago(daemon.beat)), *told])


def _digest(line: DigestLine, speech: Speech) -> str:
    issued = line.latest
    latest = (
        speech("digest.latest", date=issued.date, cut=speech.at(issued.cut_to)) if issued else speech("digest.none")
    )
    following = {"next": speech.at(line.next_cut), "until": speech.until(line.next_cut)}
    told = speech("digest", name=line.subscription, latest=latest, **following)
    return speech("digest.late", line=told) if line.is_late else told


def _sources(lines: Sequence[SourceLine], speech: Speech) -> Part:
    names = ("state", "source", "kind", "kept", "new", "pending", "next", "why", "proof")
    is_asked_for = len(lines) == 1
    shown = [line for line in lines if is_asked_for or line.state is not State.DISABLED]
    folded = len(lines) - len(shown)
    return Part(
        title=speech("sources"),
        columns=tuple(speech(f"col.{name}") for name in names),
        rows=tuple(_source_row(line, speech) for line in shown),
        numbers=frozenset({5}),
        spare=(8, 7, 2, 3, 4),  # proof, why then, kind, kept, new
        lines=(
            *(told for line in shown for told in _ailments(line, speech)),
            *(budget_line(line.budget, speech) for line in shown if is_asked_for),
            *([speech.counted("disabled", folded)] if folded else []),
        ),
    )


def _source_row(line: SourceLine, speech: Speech) -> tuple[str, ...]:
    pending = str(line.pending)
    if line.oldest_pending is not None:
        pending += f" ({speech.age(line.oldest_pending)})"
    poll = line.next_poll
    following = (_when(poll, speech), speech.why(poll, "why")) if poll else (speech("none"), speech("none"))
    proof = speech("proof", run=line.proof.run, date=speech.day(line.proof.started)) if line.proof else speech("none")
    ages = (speech.age(line.last_kept), speech.age(line.last_new))
    return (speech(f"state.{line.state.value}"), line.name, line.kind, *ages, pending, *following, proof)


def _when(poll: NextPoll, speech: Speech) -> str:
    return speech("now") if poll.is_due else speech.rest(poll.at)


def _ailments(line: SourceLine, speech: Speech) -> Iterator[str]:
    yield from speech.some([told for one in line.failing for told in _failing(one, speech)])
    for silence in line.silent:
        gap = speech("age.h", n=f"{silence.usual_hours:g}")
        yield speech("silent", source=line.name, url=silence.url, at=speech.at(silence.last_new), gap=gap)
    if line.lists_failing and not line.failing:
        yield speech("lists", source=line.name, lists=line.lists, failing=line.lists_failing)
    if line.held_until is not None:
        yield speech("waiting", source=line.name, at=speech.at(line.held_until))
    yield from budget_waits(line.name, line.budget, speech)
    if line.state is State.DISABLED:
        yield speech("disabled", source=line.name, why=line.disabled_because or speech("disabled.unsaid"))


def _failing(one: FailingNow, speech: Speech) -> Iterator[str]:
    since = speech("failing.since", at=speech.at(one.since)) if one.since else ""
    polls = speech.counted("failing", one.polls)
    yield speech("failing", source=one.source, since=since, polls=polls, url=one.url, cause=speech.reason(one.cause))
    advice = advice_for(one.cause, speech.language, lasts=one.is_lasting) if one.needs_you else None
    if advice is not None:
        yield "  " + speech("advice", whom=advice[0], advice=advice[1])


def _runs(lines: Sequence[RunLine], speech: Speech) -> Part:
    if not lines:
        return Part()
    names = ("run", "began", "took", "found", "kept", "copy", "failed", "requests", "bytes", "errors", "end")
    return Part(
        title=speech("runs"),
        columns=tuple(speech(f"col.{name}") for name in names),
        rows=tuple(_run_row(line, speech) for line in lines),
        numbers=frozenset({0, *range(2, 10)}),
        spare=(8, 7, 5, 9, 2),  # bytes, requests, copies, errors, what it took
    )


def _run_row(line: RunLine, speech: Speech) -> tuple[str, ...]:
    counts = line.counts
    outcomes = (counts.outcomes[one.value] for one in (Outcome.KEPT, Outcome.COPY, Outcome.FAILED))
    figures = (counts.found, *outcomes, counts.requests, counts.bytes, line.errors)
    end = speech(f"end_word.{line.end.value}")
    return (str(line.run), speech.at(line.started), _took(line, speech, "short"), *map(str, figures), end)


def _books(books: BooksLine, speech: Speech) -> Part:
    if not books.runs:
        return Part(title=speech("books"), lines=(speech("books.none"),))
    what = speech("books.day", runs=len(books.runs)) if books.since else speech("books.last", runs=books.runs[-1])
    verdict = speech("books.balance" if books.balances else "books.unbalanced")
    return Part(
        title=speech("books"),
        lines=(
            f"{what}{speech('colon')}{verdict}",
            *speech.some([_imbalance(one, speech) for one in books.imbalances]),
            *([_sum(books, speech)] if books.balances else []),
            *_outcomes(books),
        ),
    )


def _sum(books: BooksLine, speech: Speech) -> str:
    totals = books.totals
    ended = sum(totals.outcomes.values())
    return speech(
        "books.sum", carried_in=totals.carried_in, found=totals.found, ended=ended, carried_out=totals.carried_out
    )


def _imbalance(one: Imbalance, speech: Speech) -> str:
    where = speech("books.joint") if one.run is None else speech("books.run", run=one.run)
    sums = {"carried_in": one.carried_in, "found": one.found, "ended": one.ended, "carried_out": one.carried_out}
    return speech("books.wrong", source=one.source, where=where, **sums)


def _outcomes(books: BooksLine) -> Iterator[str]:
    told = [f"{name} {count}" for name, count in books.totals.outcomes.items() if count]
    if told:
        yield ", ".join(told)
