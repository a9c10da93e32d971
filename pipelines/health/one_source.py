"""What is told of a source that was asked for by name."""

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, select

from crawler.asking import reader_of
from crawler.config.models import Endpoint, Source
from crawler.outcomes import PollOutcome
from crawler.tables import entry
from pipelines.health.next_poll import NextPoll
from pipelines.health.runs import runs_of_source
from pipelines.health.source_model import EndpointLine, EntryLine, SourceDetail

_ENTRIES = 10


def detail_of(
    connection: Connection, source: Source, rows: Sequence[RowMapping], polls: dict[str, NextPoll]
) -> SourceDetail:
    """
    Args:
        connection: to the database.
        source: as configured.
        rows: the source's of table `endpoint`, lists included.
        polls: by address, when its endpoints are polled next.
    """
    by_url = {row["url"]: row for row in rows}
    return SourceDetail(
        endpoints=tuple(
            _endpoint_line(source, item, by_url.get(item.url), rows, polls.get(item.url)) for item in source.endpoints
        ),
        entries=_last_entries(connection, source.name),
        runs=runs_of_source(connection, source.name),
        rights=source.rights.value,
        terms_url=source.terms.url,
        terms_read=source.terms.read,
        terms_note=source.terms.note,
    )


def _endpoint_line(
    source: Source, wanted: Endpoint, row: RowMapping | None, rows: Sequence[RowMapping], poll: NextPoll | None
) -> EndpointLine:
    lists = [one for one in rows if row is not None and one["parent"] == row["id"]]
    failing = [one for one in lists if one["last_outcome"] == PollOutcome.FAILED.value]
    return EndpointLine(
        url=wanted.url,
        reader=reader_of(source, wanted).value,
        last_outcome=row["last_outcome"] if row else "",
        last_polled=row["last_polled"] if row else None,
        last_success=row["last_success"] if row else None,
        last_new=max((one["last_new"] for one in (row, *lists) if one and one["last_new"]), default=None),
        failures=row["failures"] if row else 0.0,
        last_error=row["last_error"] if row else "",
        etag=bool(row and row["etag"]),
        last_modified=bool(row and row["last_modified"]),
        lists=len(lists),
        lists_failing=len(failing),
        next_poll=poll,
    )


def _last_entries(connection: Connection, source: str) -> tuple[EntryLine, ...]:
    rows = connection.execute(select(entry).where(entry.c.source == source).order_by(entry.c.id.desc()).limit(_ENTRIES))
    return tuple(
        EntryLine(
            entry=row.id,
            title=row.title,
            url=row.original_url or row.url,
            first_seen=row.first_seen,
            outcome=row.outcome or "",
            reason=row.reason if row.outcome else row.last_error,
        )
        for row in rows
    )
