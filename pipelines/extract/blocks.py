"""The lines of a Markdown text as blocks: what kind of block each line begins, and which lines belong together."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a line begins, by CommonMark's rules, less what html2text never writes."""

    BLANK = "blank"
    FENCE = "fence"  # of code
    HEADING = "heading"
    RULE = "rule"
    QUOTE = "quote"
    ITEM = "item"  # of a list
    ROW = "row"  # of a table
    CODE = "code"  # indented
    TEXT = "text"


@dataclass(frozen=True, kw_only=True)
class Block:
    """Lines of one kind that belong together; `apart` where an empty line stands before them."""

    kind: Kind
    lines: tuple[str, ...]
    apart: bool


HEADING = re.compile(r" {0,3}(?P<marks>#{1,6})(?:[ \t]+(?P<words>.*))?$")
QUOTE = re.compile(r" {0,3}> ?")
ITEM = re.compile(r"(?P<mark>[ \t]*(?:[-+*]|\d{1,3}[.)])(?:[ \t]+|$))(?P<words>.*)")
_FENCE = re.compile(r" {0,3}(?P<fence>`{3,}(?=[^`]*$)|~{3,})")
# Four or six stars are no rule here: they are what is left of bold around nothing.
_RULE = re.compile(r" {0,3}(?:(?:\*[ \t]+){2,}\*|\*{3}(?:\*\*)*|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})[ \t]*$")
_FIRST_THAT_FITS = (
    (Kind.BLANK, re.compile(r"\s*$")),
    (Kind.FENCE, _FENCE),
    (Kind.HEADING, HEADING),
    (Kind.RULE, _RULE),
    (Kind.QUOTE, QUOTE),
    (Kind.ITEM, ITEM),
    (Kind.ROW, re.compile(r"[ \t]*\|")),
    (Kind.CODE, re.compile(r" {4}|\t")),
)
# Which kind of line goes on with which kind of block.
_GOES_ON = {
    Kind.QUOTE: (Kind.QUOTE, Kind.TEXT),
    Kind.ITEM: (Kind.TEXT,),
    Kind.CODE: (Kind.CODE,),
    Kind.TEXT: (Kind.TEXT, Kind.CODE),
}
_NUMBER = re.compile(r"(\d+)([.)])")


def kind_of(line: str) -> Kind:
    """What the line would begin if an empty line stood before it."""
    return next((kind for kind, pattern in _FIRST_THAT_FITS if pattern.match(line)), Kind.TEXT)


def blocks(lines: Sequence[str]) -> Iterator[Block]:
    """The blocks that the lines form, blank lines left out.

    A fence that nobody closes would take the rest of the article for code, so it is text.
    """
    position, apart = 0, True
    unclosed: dict[str, int] = {}
    while position < len(lines):
        kind, end = _extent(lines, position, unclosed)
        if kind is not Kind.BLANK:
            yield Block(kind=kind, lines=tuple(lines[position:end]), apart=apart)
        position, apart = end, kind is Kind.BLANK


def as_text(line: str) -> str:
    """The line of a paragraph, escaped where it would begin another kind of block."""
    if kind_of(line) in {Kind.TEXT, Kind.BLANK}:
        return line
    number = _NUMBER.match(line)
    return f"{number[1]}\\{line[number.end(1) :]}" if number else f"\\{line}"


def _extent(lines: Sequence[str], start: int, unclosed: dict[str, int]) -> tuple[Kind, int]:
    """The kind of the block that begins at `start`, and where it ends.

    `unclosed` remembers by its character the shortest fence that nothing closes: nothing closes a later one then
    that is as long.
    """
    kind = kind_of(lines[start])
    if kind is Kind.FENCE:
        closed = _closing_fence(lines, start, unclosed)
        if closed is not None:
            return kind, closed + 1
        kind = Kind.TEXT
    end = start + 1
    while end < len(lines) and kind_of(lines[end]) in _GOES_ON.get(kind, ()):
        end += 1
    return kind, end


def _closing_fence(lines: Sequence[str], start: int, unclosed: dict[str, int]) -> int | None:
    opening = _FENCE.match(lines[start])
    fence = opening["fence"] if opening else ""
    if len(fence) >= unclosed.get(fence[0], len(fence) + 1):
        return None
    for number in range(start + 1, len(lines)):
        line = lines[number].strip()
        if len(line) >= len(fence) and not line.strip(fence[0]):
            return number
    unclosed[fence[0]] = len(fence)
    return None
