"""What a text is found by: its tokens, the same for SQLite's FTS5 and for PostgreSQL's tsvector. Pure.

Chinese writes no spaces, and a dictionary's idea of its words loses whatever it does not know. So a run of characters
becomes its overlapping pairs and its last character: 人形机器人 → 人形 形机 机器 器人 人. A word of any length is then
a row of neighbouring pairs, and wherever a single character stands, a token begins with it. Kana and Hangul are paired
like Han, as Lucene's CJK analyser does: Japanese has no spaces either, and Korean hangs its particles on the words.
Everything else that is a letter or a digit forms whole words: GPT-4o → gpt 4o; 4.5亿 → 4 5 亿.
"""

import re
import unicodedata
from collections.abc import Iterator
from operator import add
from typing import NamedTuple

import opencc

from crawler.text import one_line
from pipelines.text import simplified_character

#: Raise it whenever a text gets other tokens than before: indexes that were made with others are then made anew.
TOKENIZER_VERSION = 1

_LONGEST_WORD = 64  # characters; what is longer is data, and PostgreSQL takes no lexeme beyond 2,046 bytes

# Characters that are written without spaces: 々 and 〇, kana, bopomofo, Hangul, Han with all its extensions.
_PAIRED = (
    "\u1100-\u11ff\u3005\u3007\u3031-\u3035\u303b\u303c\u3041-\u318f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u9fff"
    "\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
WORD_CHARACTER = f"[^ {_PAIRED}]"  # of a folded text
_RUN = re.compile(f"([{_PAIRED}]+)|({WORD_CHARACTER}+)")


def tokenizer() -> str:
    """All that decides which tokens a text gets: this file's version, and those of the tables it looks into."""
    return f"{TOKENIZER_VERSION}, Unicode {unicodedata.unidata_version}, OpenCC {opencc.__version__}"


def tokens(text: str) -> str:
    """The tokens of a text, in their order, joined by spaces. They hold letters and digits only."""
    found: list[str] = []
    for run in runs(fold(text)):
        found += run.tokens
    return " ".join(found)


def fold(text: str) -> str:
    """Letters and digits in the one form in which they are compared, a space for each other sign.

    NFKC, case folded, each traditional character simplified by itself: a word has the same form in any neighbourhood.
    What is not seen, and marks that NFKC leaves on their own, vanish.
    """
    return unicodedata.normalize("NFKC", one_line(text)).translate(_FOLDED)


class Run(NamedTuple):
    """A word, or a run of characters that are written without spaces, as far as nothing interrupts it."""

    text: str
    paired: bool

    @property
    def pairs(self) -> Iterator[str]:
        return map(add, self.text, self.text[1:])

    @property
    def tokens(self) -> list[str]:
        return [*self.pairs, self.text[-1]] if self.paired else [self.text]


def runs(folded: str) -> Iterator[Run]:
    """What stands in a folded text, in its order."""
    for paired, word in _RUN.findall(folded):
        yield Run(paired, paired=True) if paired else Run(word[:_LONGEST_WORD], paired=False)


class _Folded(dict[int, str]):
    """Code point → what becomes of that character; each is worked out once."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _fold_character(chr(code))
        return folded


_FOLDED = _Folded()


def _fold_character(character: str) -> str:
    folded = unicodedata.normalize("NFKC", character.casefold()).casefold()
    return "".join(map(_fold_sign, folded))


def _fold_sign(sign: str) -> str:
    if sign.isalnum():
        return simplified_character(sign)
    invisible = unicodedata.category(sign) in {"Mn", "Mc", "Me", "Cf", "Cc"} and not sign.isspace()
    return "" if invisible else " "
