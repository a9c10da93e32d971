"""The nearest known name, for a message about an unknown one."""

from collections.abc import Sequence
from difflib import get_close_matches

_ALL = 12  # names that are listed without a choice
_FEW = 5  # that are, of more


def nearest(asked: str, known: Sequence[str]) -> str:
    """What to name instead: the nearest of those known, else all of them, of many how many and the nearest few."""
    near = get_close_matches(asked, known, n=1)
    if near:
        return f"did you mean {near[0]}?"
    if len(known) > _ALL:
        return f"there are {len(known)}, the nearest: {', '.join(get_close_matches(asked, known, n=_FEW, cutoff=0))}"
    return f"there are: {', '.join(known)}" if known else "there is none yet"
