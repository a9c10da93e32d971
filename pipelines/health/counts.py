"""Lines of the books, as status tells them. Pure."""

from collections.abc import Iterable, Sequence

from crawler.books import Book
from crawler.outcomes import Outcome
from pipelines.health.source_model import Counts


def counts_of(line: Book) -> Counts:
    return Counts(
        carried_in=line.carried_in,
        found=line.found,
        outcomes={outcome.value: line.outcomes.get(outcome, 0) for outcome in Outcome},
        carried_out=line.carried_out,
        known=line.known,
        polls=line.polls,
        polls_failed=line.polls_failed,
        requests=line.requests,
        bytes=line.bytes,
        balances=line.balances,
    )


def totals(lines: Sequence[Book]) -> Counts:
    """The lines of different sources together. They balance when each of them does."""
    open_ones = [line for line in lines if line.carried_out is None]
    return Counts(
        carried_in=sum(line.carried_in for line in lines),
        found=sum(line.found for line in lines),
        outcomes={outcome.value: sum(line.outcomes.get(outcome, 0) for line in lines) for outcome in Outcome},
        carried_out=None if open_ones else sum(line.carried_out or 0 for line in lines),
        known=sum(line.known for line in lines),
        polls=sum(line.polls for line in lines),
        polls_failed=sum(line.polls_failed for line in lines),
        requests=sum(line.requests for line in lines),
        bytes=sum(line.bytes for line in lines),
        balances=all(line.balances for line in lines),
    )


def errors_in(lines: Iterable[Book]) -> int:
    return sum(len(line.error.splitlines()) for line in lines)
