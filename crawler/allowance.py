"""How long the expressions of a config may take over what stands on a page, so that none of them holds a run up.

Counted is processor time of the thread that asks: neither a machine nor a thread with other work to do makes an
expression slow.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from contextvars import ContextVar
from time import thread_time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

# A whole page is read in some 40 ms: what needs half a second is not slow but without end.
ONCE = 0.5  # seconds for one expression over one text, page or answer
IN_ALL = 2.0  # seconds for all of them over one list, or one page, or one theme's judgement of an article

_LONGEST_STRIDE = 64  # steps
_SHORT = 0.001  # seconds

_left: ContextVar[_Left | None] = ContextVar("left", default=None)


class TooSlowError(Exception):
    """An expression took longer than it may over a text, a page or an answer.

    Attributes:
        expression: the one to blame: it had `ONCE`, or took the most of what all used up together.
    """

    def __init__(self, expression: str) -> None:
        super().__init__(
            f"{expression}: takes too long, more than {ONCE} s here or, with the others, {IN_ALL} s;"
            " say it so that it looks at less, or not twice at the same"
        )
        self.expression = expression


class _Left:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.taken = defaultdict[str, float](float)  # seconds, by expression

    def take(self, expression: str, seconds: float) -> None:
        self.seconds -= seconds
        self.taken[expression] += seconds


@contextmanager
def in_all(seconds: float = IN_ALL) -> Iterator[None]:
    """What is asked inside, of however many rows, may take this long together."""
    token = _left.set(_Left(seconds))
    try:
        yield
    finally:
        _left.reset(token)


class Spell:
    """The time in which one expression is asked; to be entered.

    Attributes:
        seconds: how long it may take.

    Raises:
        TooSlowError: at its begin, when nothing is left; by `step`, when it has taken too long.
    """

    def __init__(self, expression: str) -> None:
        self._expression = expression

    def __enter__(self) -> Self:
        self._all = _left.get()
        self._begun = thread_time()
        self.seconds = ONCE if self._all is None else min(ONCE, self._all.seconds)
        if self.seconds <= 0:
            raise self.too_slow()
        self._looked = self._begun
        self._stride = self._steps = 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._all is not None:
            self._all.take(self._expression, self.taken())

    def taken(self) -> float:
        """Seconds of this thread since it was entered."""
        return thread_time() - self._begun

    def step(self) -> None:
        """To be called at every step of the work.

        To look at the clock costs more than most steps: where they are quick, it is looked at every 64th.
        """
        self._steps -= 1
        if self._steps:
            return
        now = thread_time()
        if now - self._begun > self.seconds:
            raise self.too_slow()
        self._stride = min(self._stride * 2, _LONGEST_STRIDE) if now - self._looked < _SHORT else 1
        self._steps, self._looked = self._stride, now

    def too_slow(self) -> TooSlowError:
        """The fault of having used up what there was, with whoever is to blame."""
        if self._all is None or self.seconds >= ONCE:
            return TooSlowError(self._expression)
        taken = {**self._all.taken, self._expression: self._all.taken[self._expression] + self.taken()}
        return TooSlowError(max(taken, key=taken.__getitem__))
