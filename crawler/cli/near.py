"""The nearest known name, for a message about an unknown one."""

from collections.abc import Sequence
from difflib import get_close_matches


def nearest(asked: str, known: Sequence[str]) -> str:
    """What to name instead: the nearest of those known, else all of them."""
    near = get_close_matches(asked, known, n=1)
    if near:
        return f"did you mean {near[0]}?"
    return f"there are: {', '.join(known)}" if known else "there is none yet"
