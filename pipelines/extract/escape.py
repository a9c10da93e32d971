"""Plain text to Markdown: every word stays a word."""

import re

from pipelines.extract.blocks import as_text

# Stars and underscores of emphasis, code, links, tags, entities and struck-out text.
_MARKS = re.compile(r"[\\`*_\[<]|&(?=#?\w+;)|~(?=~)")


def escaped(text: str) -> str:
    """One paragraph of Markdown that reads as the line of plain text does; its spaces squeezed."""
    return as_text(marks_escaped(" ".join(text.split())))


def marks_escaped(text: str) -> str:
    """A part of a paragraph that reads as the plain text does."""
    return _MARKS.sub(r"\\\g<0>", text)
