"""Bold and pictures inside a paragraph, written so that every reader of Markdown sees them as they were meant."""

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from pipelines.extract.plain import is_cjk

IMAGE = r"!\[[^\[\]\n]*\]\([^()\s]*\)"
LINK = rf"\[(?:{IMAGE}|[^\[\]\n])*\]\([^()\s]*\)"
_PICTURE = rf"(?:{IMAGE}|\[(?:{IMAGE}\s*)+\]\([^()\s]*\))"
_PICTURES = re.compile(rf"(?:{_PICTURE}\s*)+")
_CODE = r"(?<!`)(?P<ticks>`++)[^`\n]+(?P=ticks)(?!`)"
_PICTURE_OR_WHOLE = re.compile(rf"(?P<picture>{_PICTURE})|{LINK}|{_CODE}")
# A mark of bold; what comes first is never looked into: code, escaped characters, the address of a link.
_MARK = re.compile(rf"{_CODE}|\\.|\]\([^()\s]*\)|(?<!\*)(?P<marks>(?:\*\*)+)(?!\*)")
_DEBRIS = re.compile(r"[\s_*]*")
_EMPTY_ITALIC = re.compile(r"(?<!\S)__(?!\S)")
_SENTENCE_ENDS = "。！？!?…”’」』）)：:；;"
# The title of a section: it has no mark of a sentence's end.
_TITLE = re.compile(r"(?=.{4,40}$)[^。！？!?；;]*：[^。！？!?；;]*[\w”’」』》）)]")


class _Piece(NamedTuple):
    text: str
    bold: bool
    spaced: bool = False  # a space stands before it


def line(text: str) -> str:
    """One line with its bold put right; empty where only debris was left."""
    return next(iter(_rendered(_lines(text))), "")


def paragraph(text: str, *, below_picture: bool) -> list[str]:
    """The lines of a paragraph, each a paragraph of its own: it ends where a line was broken, and at pictures.

    A picture inside a sentence stays there. Below a picture a bold title that runs into its section's first
    paragraph is parted from it again.

    Args:
        text: the paragraph on one line, "\\n" where the author broke the line.
        below_picture: whether a picture, or a heading that had no words, stands above it.
    """
    written: list[str] = []
    for pieces in _lines(_pictures_apart(text)):
        written += _rendered(_title_apart(pieces) if below_picture else [pieces])
        below_picture = bool(written) and is_picture(written[-1])
    return written


def is_picture(text: str) -> bool:
    """Whether the text is one image or several, linked or not, and nothing else."""
    return _PICTURES.fullmatch(text) is not None


def _pictures_apart(text: str) -> str:
    return _PICTURE_OR_WHOLE.sub(lambda found: _placed(found) if found["picture"] else found[0], text)


def _placed(picture: re.Match[str]) -> str:
    before = picture.string[: picture.start()].rstrip("*")[-1:]
    after = picture.string[picture.end() :].lstrip("*")[:1]
    inside = before.strip() and after.strip() and before not in _SENTENCE_ENDS
    return picture[0] if inside else f"\n{picture[0]}\n"


def _lines(text: str) -> list[list[_Piece]]:
    """The text's lines as plain and bold pieces, no two of a kind in a row, none blank."""
    lines: list[list[_Piece]] = [[]]
    for piece in _toggled(text):
        first, *more = piece.text.split("\n")
        lines[-1].append(_Piece(first, piece.bold))
        lines += [[_Piece(part, piece.bold)] for part in more]
    return [merged for merged in map(_merged, lines) if merged]


def _toggled(text: str) -> list[_Piece]:
    """The text cut at every mark of bold. Marks close and open in turn; a last one without a partner is no mark."""
    text = _EMPTY_ITALIC.sub("", text)
    parts, position = [""], 0
    for found in _MARK.finditer(text):
        parts[-1] += text[position : found.start()]
        if found["marks"]:
            parts += [""] * (len(found["marks"]) // 2)
        else:
            parts[-1] += found[0]
        position = found.end()
    parts[-1] += text[position:]
    closed = len(parts) - (len(parts) + 1) % 2
    return [_Piece(part, number % 2 == 1 and number < closed) for number, part in enumerate(parts)]


def _merged(pieces: Iterable[_Piece]) -> list[_Piece]:
    merged: list[_Piece] = []
    spaced = False
    for text, bold, _ in pieces:
        core = text.strip()
        spaced = spaced or text[:1].isspace()
        if not core:
            continue
        kind = bold and not is_picture(core)
        if merged and merged[-1].bold == kind:
            last = merged[-1]
            merged[-1] = last._replace(text=last.text + _gap(last.text, core, spaced=spaced) + core)
        else:
            merged.append(_Piece(core, kind, spaced))
        spaced = text[-1:].isspace()
    return merged


def _title_apart(pieces: list[_Piece]) -> list[list[_Piece]]:
    first, *rest = pieces
    if first.bold and rest and rest[0].spaced and _TITLE.fullmatch(first.text):
        return [[first], rest]
    return [pieces]


def _rendered(lines: Iterable[list[_Piece]]) -> list[str]:
    written = ("".join(_marked(pieces)) for pieces in lines)
    return [text for text in written if not _DEBRIS.fullmatch(text)]


def _marked(pieces: list[_Piece]) -> Iterable[str]:
    for number, piece in enumerate(pieces):
        if number:
            yield _between(pieces[number - 1], piece)
        yield f"**{piece.text}**" if piece.bold else piece.text


def _between(before: _Piece, after: _Piece) -> str:
    """The space between plain and bold text. CommonMark sees no bold that begins or ends with punctuation and
    touches a letter outside.
    """
    inner, outer = (before.text[-1], after.text[0]) if before.bold else (after.text[0], before.text[-1])
    if _is_punctuation(inner) and not _is_punctuation(outer):
        return " "
    if after.bold:
        return " " * (after.spaced and before.text != "_")
    return _gap(before.text, after.text, spaced=after.spaced)


def _gap(before: str, after: str, *, spaced: bool) -> str:
    """html2text puts a space behind all that is bold; Chinese has none."""
    return " " * (spaced and not (is_cjk(before[-1]) and is_cjk(after[0])))


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"
