"""The lead of a digest line: whole sentences of the article, taken as they stand. Pure."""

import re
from collections.abc import Iterator

_OPENING = "“‘（《「『【([{"
_CLOSING = "”’）》」』】)]}"
_HAN_ENDS = "。！？"
_LATIN_ENDS = ".!?"
_ELLIPSIS = "…"
_TRAILING = _CLOSING + '"' + "'"
_ABBREVIATION = re.compile(r"(?:^|[\s(])(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|No|Inc|Ltd|Co|Corp|vs|[A-Z]\.[A-Z])\.$")
_SHORTEST = 8  # characters; "好。" is a sentence and no lead


def lead_of(text: str, *, title: str = "", sentences: int = 2, limit: int = 200) -> str:
    """The first `sentences` sentences of `text`, or as many of them as fit into `limit` characters, or "".

    A line of `text` is a paragraph. Lines without a sentence's end (bylines, headings, captions) are passed over, and
    so is the title repeated.
    """
    lead = ""
    for number, sentence in enumerate(_sentences(text, title)):
        longer = _joined(lead, sentence)
        if number == sentences or len(longer) > limit:
            break
        lead = longer
    return lead


def _sentences(text: str, title: str) -> Iterator[str]:
    for paragraph in text.splitlines():
        for sentence in split_sentences(paragraph):
            if len(sentence) >= _SHORTEST and sentence != title.strip():
                yield sentence


def split_sentences(paragraph: str) -> Iterator[str]:
    """The complete sentences of one paragraph; what has no end is left out, a quotation is never cut."""
    start = depth = index = 0
    while index < len(paragraph):
        character = paragraph[index]
        index += 1
        if character in _OPENING:
            depth += 1
        elif character in _CLOSING:
            depth = max(0, depth - 1)
        if _ends_here(paragraph, start, index):
            index, depth = _past_closing(paragraph, index, depth)
            if depth == 0:
                yield paragraph[start:index].strip()
                start = index


def _ends_here(paragraph: str, start: int, index: int) -> bool:
    """Whether the character before `index` can end a sentence that begins at `start`."""
    character = paragraph[index - 1]
    rest = paragraph[index:].lstrip(_TRAILING)
    if character in _HAN_ENDS:
        return not rest.startswith(tuple(_HAN_ENDS))
    if character == _ELLIPSIS:
        return not rest.strip()
    if character not in _LATIN_ENDS or (rest and not rest[0].isspace()):
        return False
    return not _ABBREVIATION.search(paragraph[start:index])


def _past_closing(paragraph: str, index: int, depth: int) -> tuple[int, int]:
    """Take the closing quotes and brackets that follow a sentence's end into it."""
    while index < len(paragraph) and paragraph[index] in _TRAILING:
        depth = max(0, depth - 1) if paragraph[index] in _CLOSING else depth
        index += 1
    return index, depth


def _joined(first: str, second: str) -> str:
    return f"{first} {second}" if first and first[-1].isascii() else first + second
