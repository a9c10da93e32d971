"""The passage of a text that shows why it was found, in the text's own spelling. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

from crawler.text import clean
from pipelines.search.query import Term
from pipelines.search.tokens import fold

_WIDTH = 80  # characters: a line or two of a terminal
_LEAD = 24  # of them before the first hit
_GIVE = 24  # characters a passage may be shorter for the sake of a sentence's end
_SENTENCE = re.compile("[。！？；…][”’」』）]*|[.!?;](?= )")
_PART = re.compile("[，、：][”’」』）]*|[,:](?= )")
_JOINER = "\u200d"


@dataclass(frozen=True, kw_only=True)
class Snippet:
    """`hits` are places in `text`, as [start, end) in characters; they do not overlap."""

    text: str
    hits: tuple[tuple[int, int], ...] = ()


def snippet(text: str, terms: Sequence[Term]) -> Snippet:
    """About 80 characters of a text, those that hold the most of the terms; its beginning when it holds none."""
    shown = clean(text)
    found = _find(shown, terms)
    first = _best(found)
    begin = _beginning(shown, found[first][0]) if found else 0
    end = _ending(shown, begin, found[first][1] if found else 0)
    begin += shown[begin : begin + 1] == " "
    end -= shown[end - 1 : end] == " "
    head, tail = "…" if begin else "", "…" if end < len(shown) else ""
    shift = len(head) - begin
    inside = _merged([(start, stop) for start, stop, _ in found if begin <= start and stop <= end])
    hits = tuple((start + shift, stop + shift) for start, stop in inside)
    return Snippet(text=f"{head}{shown[begin:end]}{tail}", hits=hits)


def whole(text: str, terms: Sequence[Term]) -> Snippet:
    """A text on one line, with its hits."""
    shown = clean(text)
    return Snippet(text=shown, hits=tuple(_merged([(start, stop) for start, stop, _ in _find(shown, terms)])))


def marked(passage: Snippet, before: str, after: str) -> str:
    """The passage with each hit between two marks."""
    parts, place = [], 0
    for start, stop in passage.hits:
        parts += [passage.text[place:start], before, passage.text[start:stop], after]
        place = stop
    return "".join([*parts, passage.text[place:]])


def _find(shown: str, terms: Sequence[Term]) -> list[tuple[int, int, int]]:
    """Start, end and number of the term of each hit, in their order."""
    folded, begins, ends = _folded(shown)
    return sorted(
        (begins[hit.start()], ends[hit.end() - 1], number)
        for number, term in enumerate(terms)
        for hit in re.finditer(term.pattern, folded)
    )


def _folded(shown: str) -> tuple[str, Sequence[int], Sequence[int]]:
    """The text as it is compared, and where in `shown` begins and ends what each of its characters was made of."""
    if all(map(_stays_one, set(shown))):
        return fold(shown), range(len(shown)), range(1, len(shown) + 1)
    pieces = [place for place, sign in enumerate(shown) if place == 0 or not _leans(sign)]
    folded, begins, ends = [], [], []
    for begin, end in pairwise([*pieces, len(shown)]):
        piece = _fold_piece(shown[begin:end])
        folded.append(piece)
        begins += [begin] * len(piece)
        ends += [end] * len(piece)
    return "".join(folded), begins, ends


@cache
def _stays_one(sign: str) -> bool:
    """Whether one character is compared as one, whatever stands before it."""
    return len(fold(sign)) == 1 and not _leans(sign)


@lru_cache(maxsize=20_000)
def _fold_piece(piece: str) -> str:
    return fold(piece)


@cache
def _leans(sign: str) -> bool:
    """Whether NFKC may make one character of this one and the one before."""
    first = unicodedata.normalize("NFKC", sign)[0]
    return unicodedata.category(first).startswith("M") or "\u1160" <= first <= "\u11ff"  # the latter parts of Hangul


def _best(found: Sequence[tuple[int, int, int]]) -> int:
    """The first hit from which on a passage holds the most different terms."""
    most = _WIDTH * len({number for _, _, number in found})  # hits that can begin in one passage

    def terms_from(place: int) -> int:
        limit = found[place][0] + _WIDTH - _LEAD
        return len({number for _, end, number in found[place : place + most] if end <= limit})

    return max(range(len(found)), key=terms_from, default=0)


def _beginning(shown: str, hit: int) -> int:
    """Where to begin, so that the hit stands near the beginning: after a sentence, a part of one, or a word."""
    earliest = hit - _LEAD
    if earliest <= 0:
        return 0
    for sign in (_SENTENCE, _PART):
        ends = [found.end() for found in sign.finditer(shown, earliest, hit)]
        if ends:
            return ends[-1]
    return next(place for place in range(earliest, hit + 1) if place == hit or _may_part(shown, place))


def _ending(shown: str, begin: int, hit_end: int) -> int:
    """Where to end, so that the hit is in and no word, if it can be helped no sentence, is cut."""
    limit = max(begin + _WIDTH, hit_end)
    if limit >= len(shown):
        return len(shown)
    shortest = max(limit - _GIVE, hit_end)
    for sign in (_SENTENCE, _PART):
        ends = [found.end() for found in sign.finditer(shown, shortest, limit)]
        if ends:
            return ends[-1]
    return next(place for place in range(limit, shortest - 1, -1) if place == shortest or _may_part(shown, place))


def _may_part(shown: str, place: int) -> bool:
    """Whether a cut there parts neither a character from what belongs to it, nor a word."""
    left, right = shown[place - 1], shown[place]
    if _leans(right) or _JOINER in (left, right) or "\U0001f3fb" <= right <= "\U0001f3ff":  # a skin tone
        return False
    return not (left.isascii() and left.isalnum() and right.isascii() and right.isalnum())


def _merged(places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Places that overlap made one."""
    merged: list[tuple[int, int]] = []
    for start, end in places:
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
