"""Finding a theme's terms in a text: folded for comparison, shown as written."""

import itertools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from crawler.allowance import TooSlowError
from crawler.patterns import Pattern, pattern

_EXCERPT = 40
# Letters and digits that make up a word with what stands beside them; Han and kana do not.
_WORD = "0-9a-z\u00df-\u024f\u0370-\u052f"
_EDGE = re.compile(f"[{_WORD}]")


@dataclass(frozen=True, kw_only=True)
class Term:
    """A word or a regular expression to look for."""

    term: str  # as the theme spells it
    pattern: re.Pattern[str] | Pattern  # over folded text; a person's own may take too long
    probe: str = ""  # a part that every match holds; looked for first, because that is fast


@dataclass(frozen=True, kw_only=True)
class Found:
    """Where one term occurs in one text."""

    term: str
    count: int
    excerpt: str  # the text around the first occurrence, as written


@dataclass(kw_only=True)
class Unasked:
    """What a theme is judged without, gathered while an article is judged."""

    terms: set[str]  # expressions that are not asked, or were not answered in time
    slow: set[str] = field(default_factory=set)  # expressions that took the time


class FoldedText:
    """A text as it is compared (NFKC, case folded), and as it was written."""

    def __init__(self, written: str) -> None:
        self.written = written
        self.folded = "".join(map(_fold, written))

    def excerpt(self, start: int, end: int) -> str:
        """About forty characters around a place in the folded text, line ends as spaces."""
        first, last = self._place(start), self._place(end)
        margin = max(0, _EXCERPT - (last - first)) // 2
        return " ".join(self.written[max(0, first - margin) : last + margin].split())

    def _place(self, folded_place: int) -> int:
        if len(self.folded) == len(self.written):
            return folded_place
        length = 0
        for place, character in enumerate(self.written):
            if length >= folded_place:
                return place
            length += len(_fold(character))
        return len(self.written)


def word(term: str) -> Term:
    """A plain term. Latin ends must be the ends of words; a space beside Han may be there or not."""
    folded = "".join(map(_fold, term)).strip()
    before = f"(?<![{_WORD}])" if _EDGE.match(folded[0]) else ""
    after = f"(?![{_WORD}])" if _EDGE.match(folded[-1]) else ""
    pieces = _pieces(folded)
    inner = re.escape(pieces[0])
    for left, right in itertools.pairwise(pieces):
        both_latin = _EDGE.match(left[-1]) and _EDGE.match(right[0])
        inner += (r"\s+" if both_latin else r"\s*") + re.escape(right)
    return Term(term=term, pattern=re.compile(before + inner + after), probe=max(pieces, key=len))


def expression(written: str) -> Term:
    """A regular expression over folded text, its own case not minded."""
    return Term(term=written, pattern=pattern(written, ignore_case=True))


def find_terms(terms: Sequence[Term], text: FoldedText, unasked: Unasked) -> tuple[Found, ...]:
    """The terms that occur, in their own order; what lies inside a longer term's match is not counted again.

    Expressions that take too long are noted in `unasked`, and those that stand there already are not asked.
    """
    places = [
        (start, end, number)
        for number, term in enumerate(terms)
        if term.probe in text.folded
        for start, end in _spans(term, text.folded, unasked)
        if end > start
    ]
    spans: dict[int, list[tuple[int, int]]] = {}
    covered = 0
    # By start, the longest first: a span is inside an earlier one exactly when it ends before the furthest end.
    for start, end, number in sorted(places, key=lambda place: (place[0], -place[1], place[2])):
        if end > covered:
            spans.setdefault(number, []).append((start, end))
            covered = end
    return tuple(
        Found(term=terms[number].term, count=len(spans[number]), excerpt=text.excerpt(*spans[number][0]))
        for number in sorted(spans)
    )


def _spans(term: Term, folded: str, unasked: Unasked) -> list[tuple[int, int]]:
    if not isinstance(term.pattern, Pattern):
        return [match.span() for match in term.pattern.finditer(folded)]
    if term.term in unasked.terms:
        return []
    try:
        return term.pattern.spans(folded)
    except TooSlowError as error:
        unasked.terms.add(term.term)
        unasked.slow.add(error.expression)
        return []


@lru_cache(maxsize=65536)
def _fold(character: str) -> str:
    return unicodedata.normalize("NFKC", character).casefold()


def _pieces(term: str) -> list[str]:
    """The term cut at its spaces and between Latin and Han: there writers put a space or none."""
    pieces: list[str] = []
    for part in term.split():
        start = 0
        for place in range(1, len(part)):
            if _is_boundary(part[place - 1], part[place]):
                pieces.append(part[start:place])
                start = place
        pieces.append(part[start:])
    return pieces


def _is_boundary(left: str, right: str) -> bool:
    return left.isalnum() and right.isalnum() and bool(_EDGE.match(left)) != bool(_EDGE.match(right))
