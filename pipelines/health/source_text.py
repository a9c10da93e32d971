"""One source that was asked for by name, as a person reads it. Pure."""

from collections.abc import Iterator, Sequence

from pipelines.health.page import Part
from pipelines.health.source_model import EndpointLine, EntryLine, SourceDetail, SourceRun
from pipelines.health.speech import Speech


def detail_parts(detail: SourceDetail, speech: Speech) -> tuple[Part, ...]:
    return (
        Part(
            title=speech("endpoints"),
            lines=tuple(told for line in detail.endpoints for told in _endpoint(line, speech)),
        ),
        _entries(detail.entries, speech),
        _runs(detail.runs, speech),
        Part(title=speech("errors"), lines=tuple(_errors(detail.runs, speech)))
        if any(line.errors for line in detail.runs)
        else Part(),
        Part(lines=(_rights(detail, speech),)),
    )


def _endpoint(line: EndpointLine, speech: Speech) -> Iterator[str]:
    yield speech("endpoint", url=line.url, reader=line.reader)
    yield "  " + speech(
        "endpoint.last",
        outcome=line.last_outcome or speech("none"),
        polled=speech.ago(line.last_polled),
        success=speech.ago(line.last_success),
        new=speech.ago(line.last_new),
    )
    if line.next_poll is not None:
        yield "  " + speech("endpoint.next", next=speech.next_poll(line.next_poll))
    tags = [name for name, is_known in (("ETag", line.etag), ("Last-Modified", line.last_modified)) if is_known]
    yield "  " + (speech("endpoint.tags", tags=" + ".join(tags)) if tags else speech("endpoint.untagged"))
    if line.lists:
        yield "  " + speech("endpoint.lists", lists=line.lists, failing=line.lists_failing)
    if line.last_error:
        yield "  " + speech("endpoint.failed", error=speech.reason(line.last_error))


def _entries(lines: Sequence[EntryLine], speech: Speech) -> Part:
    if not lines:
        return Part()
    return Part(
        title=speech("entries"),
        columns=tuple(speech(f"col.{name}") for name in ("entry", "seen", "outcome", "title", "reason")),
        rows=tuple(
            (
                str(line.entry),
                speech.age(line.first_seen),
                line.outcome or speech("outcome.pending"),
                line.title or speech("untitled"),
                speech.reason(line.reason),
            )
            for line in lines
        ),
        numbers=frozenset({0}),
    )


def _runs(lines: Sequence[SourceRun], speech: Speech) -> Part:
    if not lines:
        return Part()
    names = ("run", "began", "carried_in", "found", "ended", "carried_out", "known", "requests", "bytes")
    return Part(
        title=speech("books.of_source"),
        columns=tuple(speech(f"col.{name}") for name in names),
        rows=tuple(_run_row(line, speech) for line in lines),
        numbers=frozenset({0, *range(2, 9)}),
        spare=(8, 7, 6),  # bytes, requests, known
    )


def _run_row(line: SourceRun, speech: Speech) -> tuple[str, ...]:
    counts = line.counts
    out = speech("none") if counts.carried_out is None else str(counts.carried_out)
    ended = sum(counts.outcomes.values())
    figures = (counts.carried_in, counts.found, ended, out, counts.known, counts.requests, counts.bytes)
    return (str(line.run), speech.at(line.started), *map(str, figures))


def _errors(lines: Sequence[SourceRun], speech: Speech) -> Iterator[str]:
    for line in lines:
        for error in line.errors:
            yield speech("error", run=line.run, at=speech.at(line.started), error=speech.error(error))


def _rights(detail: SourceDetail, speech: Speech) -> str:
    if detail.terms_read is not None:
        read = speech("terms.read", date=detail.terms_read.isoformat())
    else:
        read = speech("terms.unread")
    terms = [detail.terms_url or speech("terms.unknown"), read, detail.terms_note]
    return speech("rights", rights=detail.rights, terms=speech("comma").join(filter(None, terms)))
