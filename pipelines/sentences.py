"""The lead of an article: whole sentences of the article, taken as they stand. Pure."""

import re
from collections.abc import Iterator

_OPENING = "“‘（《「『【([{"
_CLOSING = "”’）》」』】)]}"
_HAN_ENDS = "。！？"
_LATIN_ENDS = ".!?"
_ELLIPSIS = "…"
_TRAILING = _CLOSING + '"' + "'"
_ABBREVIATION = re.compile(r"(?:^|[\s(])(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|No|Inc|Ltd|Co|Corp|vs|[A-Z]\.[A-Z])\.$")
_SHORTEST = 8  # characters of a lead's first sentence; "好。" is a sentence and no lead


def lead_of(text: str, *, title: str = "", sentences: int = 2, limit: int = 200) -> str:
    """The first `sentences` sentences of `text`, or as many of them as fit into `limit` characters, or "".

    A line of `text` is a paragraph. Lines without a sentence's end (bylines, headings, captions) are passed over, and
    so are the title repeated and sentences of a few characters, until one tells something. From there on nothing
    within a paragraph is left out: a short sentence may turn what stands before it into its opposite.
    """
    lead = ""
    for number, (sentence, begins_paragraph) in enumerate(_sentences(text, title)):
        longer = _joined(lead, sentence) if begins_paragraph else lead + sentence
        if number == sentences or len(longer.strip()) > limit:
            break
        lead = longer
    return lead.strip()


def _sentences(text: str, title: str) -> Iterator[tuple[str, bool]]:
    """The sentences from the first that tells something, as they stand; and whether each begins its paragraph."""
    has_begun = False
    for paragraph in text.splitlines():
        for number, sentence in enumerate(split_sentences(paragraph.strip())):
            shown = sentence.strip()
            has_begun = has_begun or (len(shown) >= _SHORTEST and shown != title.strip())
            if has_begun:
                yield sentence, number == 0


def split_sentences(paragraph: str) -> Iterator[str]:
    """The complete sentences of one paragraph, with the space before them; what has no end is left out.

    A quotation is never cut.
    """
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
                yield paragraph[start:index]
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
