"""What changed between two versions of a text, as a person reads it: by clause, with what stands around it. Pure."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

# A paragraph of Chinese is one long line; what its author changes is a clause.
_CLAUSE_END = re.compile(
    r"(?<=[。！？；!?;])(?![”’」』）)】\"'。！？；!?;])|(?<=[。！？；!?;][”’」』）)】\"'])|(?<=[^\s.][.!?;])\s+(?=\S)"
)
# From this many on, what stands again and again (in live blogs, in tables) is no anchor: the search for the best match
# would take time by the square of it.
_LONG = 1000
_CONTEXT = 1  # unchanged clauses shown on either side
_GAP = "  …"
REMOVED, ADDED, KEPT = "- ", "+ ", "  "


def readable_diff(old: str, new: str, *, old_title: str = "", new_title: str = "") -> str:
    """The clauses that went ("- ") and came ("+ "), each with one unchanged neighbour ("  "); "" when none did.

    A changed title comes first. `old` and `new` have a paragraph a line.
    """
    lines = []
    if old_title != new_title:
        lines += [f"{REMOVED}《{old_title}》", f"{ADDED}《{new_title}》"]
    before, after = _trimmed(list(_clauses(old)), list(_clauses(new)))
    matcher = SequenceMatcher(None, before, after, autojunk=max(len(before), len(after)) > _LONG)
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        if lines:
            lines.append(_GAP)
        for kind, a_from, a_to, b_from, b_to in group:
            lines += _shown(kind, before[a_from:a_to], after[b_from:b_to])
    return "\n".join(lines)


def changed_clauses(diff: str) -> tuple[int, int]:
    """How many clauses a diff removes and adds."""
    lines = diff.split("\n")
    return sum(line.startswith(REMOVED) for line in lines), sum(line.startswith(ADDED) for line in lines)


def _trimmed(before: list[str], after: list[str]) -> tuple[list[str], list[str]]:
    """Both without what they begin and end with alike, but for the neighbours that are shown."""
    shortest = min(len(before), len(after))
    same = (number for number in range(shortest) if before[number] != after[number])
    begin = max(0, next(same, shortest) - _CONTEXT)
    alike = (number for number in range(shortest - begin) if before[-1 - number] != after[-1 - number])
    end = max(0, next(alike, shortest - begin) - _CONTEXT)
    return before[begin : len(before) - end], after[begin : len(after) - end]


def _shown(kind: str, old: Sequence[str], new: Sequence[str]) -> list[str]:
    if kind == "equal":
        return [KEPT + clause for clause in old]
    return [*(REMOVED + clause for clause in old), *(ADDED + clause for clause in new)]


def _clauses(text: str) -> Iterator[str]:
    for paragraph in text.splitlines():
        yield from filter(None, (part.strip() for part in _CLAUSE_END.split(paragraph)))
