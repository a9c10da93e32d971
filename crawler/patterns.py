"""Regular expressions of the config: checked when it is read, searched under a limit of time.

They are written as Python's `re` documents them. `re` itself knows no limit, so `regex` searches: what the two read
differently is refused. Where `regex` knows more (\\p{Han}, sets in sets, a look-behind of any length) the syntax is
`re`'s all the same; that \\w is also a combining accent and \\s no control character is all that differs.
"""

import re
import warnings
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import regex  # type: ignore[import-untyped]

from crawler.allowance import Spell

_MOST_REPEATS = 10_000  # `regex` writes out what must repeat: three thousands in one another take all memory there is
_OWN = 0.9  # of the limit: what a search has certainly had that is ended, the two clocks being read at two times
_PIECE = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*+\]|(?P<open>\()|(?P<close>\))|\{(?P<times>\d+)(?:,\d*)?\}|(?P<brace>\{)|.", re.DOTALL
)
# "at most so many errors", as `regex` reads it and `re` does not: a{e}, a{e<=1}, a{1<=e<=2}, a{2i+1d<3}.
_FUZZY = re.compile(r"\{[\d\s<=]*[eids]")


class Pattern(NamedTuple):
    """A regular expression that a person wrote."""

    written: str
    compiled: Any  # of `regex`

    def search(self, text: str) -> Any:
        """The first match, as of `re`, or None.

        Raises:
            TooSlowError: it took too long.
        """
        return self._timed(lambda seconds: self.compiled.search(text, timeout=seconds))

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Begin and end of every match, which all together count as one search.

        Raises:
            TooSlowError: they took too long.
        """
        spans: list[tuple[int, int]] = self._timed(
            lambda seconds: [found.span() for found in self.compiled.finditer(text, timeout=seconds)]
        )
        return spans

    def _timed(self, asked: Callable[[float], Any]) -> Any:
        with Spell(self.written) as spell:
            seconds = spell.seconds
            while True:
                begun = spell.taken()
                try:
                    return asked(seconds)
                except TimeoutError as error:
                    # `regex` counts the time of all threads: where others took a part of it, it is asked once more.
                    if spell.taken() - begun >= spell.seconds * _OWN:
                        raise spell.too_slow() from error
                    seconds *= 2


@lru_cache(maxsize=2048)
def pattern(written: str, *, ignore_case: bool = False) -> Pattern:
    """
    Raises:
        ValueError: no regular expression, or one that would mean something else than it says.
    """
    _check(written)
    flags = regex.VERSION0 | (regex.IGNORECASE if ignore_case else 0)
    try:
        return Pattern(written, regex.compile(written, flags, cache_pattern=False))
    except regex.error as error:
        raise ValueError(f"not a regular expression: {error}") from error


def _check(written: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        try:
            re.compile(written)
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(f"not a regular expression: {error}") from error
        except FutureWarning as error:
            at = str(error).removeprefix("Possible ")
            raise ValueError(
                f"a {at}, which means nothing here; write \\[ or \\-\\- for the signs themselves"
            ) from error
    if any(piece["brace"] and _FUZZY.match(written, piece.start()) for piece in _pieces(written)):
        raise ValueError("braces that are no count, such as {2,3}; write \\{ where the sign { is meant")
    if _repeats(written) > _MOST_REPEATS:
        raise ValueError(f"counts in counts that make more than {_MOST_REPEATS} of one thing")


def _pieces(written: str) -> Iterator["re.Match[str]"]:
    return _PIECE.finditer(written)


def _repeats(written: str) -> int:
    """How often counts in counts repeat one thing, at the most: 600 for (?:a{20}b){30}."""
    most, last = [1], 1
    for piece in _pieces(written):
        if piece["open"]:
            most.append(1)
            last = 1
        elif piece["close"] and len(most) > 1:
            last = most.pop()
            most[-1] = max(most[-1], last)
        elif piece["times"]:
            most[-1] = max(most[-1], last * int(piece["times"]))
        else:
            last = 1
    return max(most)
