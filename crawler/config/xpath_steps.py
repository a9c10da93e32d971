"""XPath expressions that tell of every step they take, so that one that takes too many can be ended.

libxml2 has no limit of time, and what passes over a page for each element of the page is quadratic: `h2 ~ p`,
`div span`, `//*[count(.//*) > 3]`. Such an expression gets a predicate at every step: always true, and it calls us.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

STEP = "[presswatch:step()]"
NAMESPACE = "https://presswatch.invalid/steps"

# The tokens of https://www.w3.org/TR/1999/REC-xpath-19991116/#exprlex
_WORD = re.compile(
    r"\s*(?P<word>\"[^\"]*\"|'[^']*'|\d+(?:\.\d*)?|\.\d+|::|//|\.\.|[!<>]=|\$?[^\W\d][\w.\-]*(?::(?:[^\W\d][\w.\-]*|\*))?"
    r"|[()\[\]@,|+=<>*/.\-])"
)
_NAME = re.compile(r"[^\W\d]|\*")
_OPERATORS = frozenset(("and", "or", "mod", "div", "*", "/", "//", "|", "+", "-", "=", "!=", "<", "<=", ">", ">="))
_OPENS = frozenset(("@", "::", "(", "[", ",")) | _OPERATORS  # behind one of these a name is no operator
_NODE_TYPES = frozenset(("comment", "text", "processing-instruction", "node"))
_WIDE = frozenset(
    (
        "//", "descendant", "descendant-or-self", "following", "following-sibling", "preceding", "preceding-sibling",
        "ancestor", "ancestor-or-self", "parent", "..",
    )
)  # fmt: skip
_PAIRS = frozenset(("|", "=", "!=", "<", "<=", ">", ">="))
_OUTWARD = frozenset(("following", "preceding", "ancestor", "ancestor-or-self", "parent", ".."))


class Steps(NamedTuple):
    """What is known of an expression.

    Attributes:
        counted: with a call at every step.
        is_simple: it passes over the page once and is as good without.
        is_paired: what one path finds may be compared with all that another finds, or joined with it.
        is_inward: it looks into the element it is asked of, and nowhere else.
    """

    counted: str
    is_simple: bool
    is_paired: bool
    is_inward: bool


def steps_of(expression: str) -> Steps:
    """The steps of an expression that libxml2 has found to be XPath."""
    words = [match["word"] for match in _WORD.finditer(expression)]
    ends = [match.end() for match in _WORD.finditer(expression)]
    calls = [ends[number] for number in _ends_of_steps(words)]
    pieces = [expression[start:end] for start, end in zip([0, *calls], [*calls, None], strict=True)]
    wide = sum(word in _WIDE for word in words)
    is_absolute = any(word in {"/", "//"} and _begins(words, number) for number, word in enumerate(words))
    return Steps(
        counted=STEP.join(pieces),
        is_simple=wide <= 1 and "|" not in words and not _reads_content_in_predicates(words),
        is_paired=not _PAIRS.isdisjoint(words),
        is_inward=not is_absolute and not _OUTWARD.intersection(words),
    )


def _ends_of_steps(words: list[str]) -> Iterator[int]:
    """The numbers of the words that end a node test."""
    for number, word in enumerate(words):
        if not _NAME.match(word) or _is_operator(words, number):
            continue
        following = words[number + 1] if number + 1 < len(words) else ""
        if following == "(":
            if word in _NODE_TYPES:
                yield words.index(")", number)
        elif following != "::":
            yield number


def _is_operator(words: list[str], number: int) -> bool:
    """Whether a name or a star stands where only an operator can."""
    before = words[number - 1] if number else "("
    if before in _OPENS and not (before in _OPERATORS and _NAME.match(before) and not _is_operator(words, number - 1)):
        return False
    return words[number] in _OPERATORS


def _begins(words: list[str], number: int) -> bool:
    """Whether nothing stands before a slash that it would go on from."""
    before = words[number - 1] if number else "("
    return before in {"(", "[", ",", "|", "=", "!=", "<", "<=", ">", ">=", "+", "-"} or (
        before in {"and", "or", "div", "mod", "*"} and _is_operator(words, number - 1)
    )


def _reads_content_in_predicates(words: list[str]) -> bool:
    """Whether texts of elements are read in a predicate, by `.`, `string()`, `*` or a path."""
    depth = 0
    for number, word in enumerate(words):
        depth += (word == "[") - (word == "]")
        if not depth:
            continue
        is_path = _NAME.match(word) and not _is_operator(words, number) and words[number - 1] not in {"@", "::"}
        is_function = words[number + 1 : number + 2] == ["("] and word not in _NODE_TYPES
        if word in {".", "..", "string"} or (is_path and not is_function):
            return True
    return False
