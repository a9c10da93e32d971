"""The books of several runs, by source, and where they do not balance."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from crawler.books import Book, eventful_books, summed


@dataclass(frozen=True, kw_only=True)
class BooksOfRuns:
    totals: tuple[Book, ...]  # each source's, by its name
    unbalanced: tuple[tuple[int | None, Book], ...]  # with their run; None: the sum, because two runs do not join


def books_of_runs(connection: Connection, numbers: Sequence[int]) -> BooksOfRuns:
    """
    Args:
        connection: to the database.
        numbers: of the runs, in their order.
    """
    by_source: dict[str, list[Book]] = defaultdict(list)
    unbalanced: list[tuple[int | None, Book]] = []
    for number, line in _lines(connection, numbers):
        by_source[line.source].append(line)
        if not line.balances:
            unbalanced.append((number, line))
    totals = tuple(summed(lines) for _, lines in sorted(by_source.items()))
    unbalanced += [
        (None, total)
        for total in totals
        if not total.balances and all(line.balances for line in by_source[total.source])
    ]
    return BooksOfRuns(totals=totals, unbalanced=tuple(unbalanced))


def _lines(connection: Connection, numbers: Sequence[int]) -> Iterable[tuple[int, Book]]:
    """Without those between a source's first and last that change no sum: a daemon's day has forty thousand."""
    if not numbers:
        return ()
    wanted = set(numbers)
    lines = eventful_books(connection, min(wanted), max(wanted))
    return ((number, line) for number, line in lines if number in wanted)
