"""The form in which two texts are compared: what differs only in spacing, punctuation, width, case or script is one."""

import unicodedata
from functools import cache

from opencc import OpenCC


def comparable(text: str) -> str:
    """NFKC, lower case, traditional characters folded to simplified; letters, digits and Han only."""
    folded = _simplified().convert(unicodedata.normalize("NFKC", text).lower())
    return "".join(character for character in folded if character.isalnum())


def simplified_character(character: str) -> str:
    """The simplified form of one traditional character, whatever word it stands in; any other is returned as it is."""
    simplified: str = _simplified().convert(character)
    return simplified


@cache
def _simplified() -> OpenCC:
    return OpenCC("t2s")
