"""What a run tells, while it goes on and when it is over."""

from dataclasses import dataclass
from datetime import datetime

from crawler.books import Book

TIME_IS_UP = "its time is up"


@dataclass(frozen=True, kw_only=True)
class RunProgress:
    """How far a run is."""

    visited: int  # hosts
    known: int  # hosts that are to be visited, those that were included; announcements may add some
    pages: int  # that were fetched and are done with


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """What a run did."""

    number: int
    started: datetime
    ended: datetime
    books: tuple[Book, ...]
    due: int  # endpoints that were to be polled
    errors: tuple[str, ...]  # faults of ours
    stopped: str  # why it ended early, or ""; TIME_IS_UP where it was asked to
    hindered: str = ""  # too little room, or a lock that was lost: why it ended though nobody asked it to
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

    @property
    def time_over(self) -> bool:
        """It ended as its time was up: no fault, and what it did not come to stays for the next run."""
        return self.stopped == TIME_IS_UP and not self._failed_to_go_on

    @property
    def ended_early(self) -> bool:
        """It left undone what it should have done."""
        return bool(self.stopped) and not self.time_over

    @property
    def nothing_polled(self) -> bool:
        """Something was due, and no poll succeeded; a run that was asked to end before its first poll says nothing."""
        never_asked = bool(self.stopped) and not self._failed_to_go_on and self.polls == 0
        return self.due > 0 and self.polls_succeeded == 0 and not never_asked

    @property
    def _failed_to_go_on(self) -> bool:
        return bool(self.hindered or self.halted)
