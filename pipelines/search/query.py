"""What a person typed → which articles that means. Pure: nothing of it reaches FTS5 but letters and digits in quotes.

Words stand between spaces, and all must occur. What stands in quotes, Chinese or ASCII, is one phrase. A leading minus
excludes. A run of characters that are written without spaces means exactly that run, whatever stands around it; a word
of other letters means the whole word.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from pipelines.search.tokens import WORD_CHARACTER, Run, fold, runs

_TERM = re.compile(
    r"(?P<minus>(?<!\S)[-－−])?"  # GPT-4o excludes nothing
    r"(?:[\"＂](?P<straight>[^\"＂]*)[\"＂]|[“”](?P<curved>[^“”]*)[“”]|「(?P<corner>[^」]*)」|『(?P<white>[^』]*)』"
    r"|(?P<word>[^\s\"＂“”「『]+)|\S)"  # a quote that nothing closes is no quote
)


class QueryError(ValueError):
    """The query asks for nothing; the message says why, and what would."""


@dataclass(frozen=True, kw_only=True)
class Term:
    """A word or a phrase: what must stand together, in this order."""

    runs: tuple[Run, ...]

    @property
    def is_prefix(self) -> bool:
        """Whether it ends in a single character: wherever that stands, a token begins with it."""
        last = self.runs[-1]
        return last.paired and len(last.text) == 1

    @property
    def tokens(self) -> tuple[str, ...]:
        """Neighbouring tokens of every text that has the term; of the last one the beginning, if `is_prefix`."""
        *before, last = self.runs
        # What follows the last character is not known: the token it begins is not asked for.
        end = list(last.pairs) if last.paired and not self.is_prefix else [last.text]
        return (*(token for run in before for token in run.tokens), *end)

    @property
    def pattern(self) -> str:
        """A regular expression that finds it in a folded text."""
        parts = [self.runs[0].text]
        for left, right in pairwise(self.runs):
            parts.append(f" {'+' if left.paired == right.paired else '*'}{right.text}")
        begin = "" if self.runs[0].paired else f"(?<!{WORD_CHARACTER})"
        end = "" if self.runs[-1].paired else f"(?!{WORD_CHARACTER})"
        return begin + "".join(parts) + end


@dataclass(frozen=True, kw_only=True)
class Query:
    wanted: tuple[Term, ...]  # at least one; all of them
    excluded: tuple[Term, ...] = ()  # none of them


def parse(text: str) -> Query:
    """
    Raises:
        QueryError: no word to look for.
    """
    wanted: dict[Term, None] = {}  # each once, in their order
    excluded: dict[Term, None] = {}
    for found in _TERM.finditer(text):
        term = Term(runs=tuple(runs(fold(_said(found)))))
        if term.runs:
            (excluded if found["minus"] else wanted)[term] = None
    if wanted:
        return Query(wanted=tuple(wanted), excluded=tuple(excluded))
    if excluded:
        raise QueryError(f"{text.strip()} only excludes; name a word to look for as well, such as 机器人 -足球")
    raise QueryError(f"no word to look for in {text!r}; give at least one letter, digit or character, such as 机器人")


def fts_expression(query: Query) -> str:
    """The query in the language of FTS5. It holds nothing but quoted letters and digits, and our own operators."""
    wanted = " AND ".join(map(_quoted, query.wanted))
    if not query.excluded:
        return wanted
    return f"({wanted}) NOT ({' OR '.join(map(_quoted, query.excluded))})"


def _said(found: re.Match[str]) -> str:
    groups = ("straight", "curved", "corner", "white", "word")
    return next((found[name] for name in groups if found[name] is not None), "")


def _quoted(term: Term) -> str:
    return f'"{" ".join(term.tokens)}"{" *" if term.is_prefix else ""}'
