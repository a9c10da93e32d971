"""What a run tells when it is over."""

from dataclasses import dataclass
from datetime import datetime

from crawler.books import Book


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """What a run did."""

    number: int
    started: datetime
    ended: datetime
    books: tuple[Book, ...]
    due: int  # endpoints that were to be polled
    errors: tuple[str, ...]  # faults of ours
    stopped: str  # why it ended early, or ""
    halted: str = ""  # what disk or database refused, and what to do; the run ended early by it
    closed: bool = True  # its books are; else the next run closes them
    unread: tuple[str, ...] = ()  # files it was given and could not read to their end, or could not write

    @property
    def balances(self) -> bool:
        return all(book.balances for book in self.books)

    @property
    def polls(self) -> int:
        return sum(book.polls for book in self.books)

    @property
    def polls_failed(self) -> int:
        return sum(book.polls_failed for book in self.books)

    @property
    def polls_succeeded(self) -> int:
        return self.polls - self.polls_failed
