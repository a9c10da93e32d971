"""What the conversion to Markdown broke in a mirror's article files, put right where it is safe."""

import re
from collections.abc import Sequence

from pipelines.extract.blocks import HEADING, ITEM, QUOTE, Block, Kind, as_text, blocks
from pipelines.extract.emphasis import IMAGE, is_picture, line, paragraph
from pipelines.extract.plain import join_wrapped

_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\u00ad]")
_SPACES = re.compile("[ \t\u00a0\u3000]+")
_WRAP = r"[ \t]*\n[ \t]*"
# An address between "](" and ")" that was wrapped: it goes on behind a line end, or behind a space with its query.
_WRAPPED_ADDRESS = re.compile(
    rf"\]\((?:{_WRAP}|[ \t]*)(?P<address>https?://[^()\s]*(?:{_WRAP}(?![\"'])[^()\s]+|[ \t]+[&?#%/=][!-'*-~]*)*)"
    rf"(?:{_WRAP}|[ \t]*)\)"
)
_ADDRESS = re.compile(r"\]\(([^()\s]*)\)")
_BROKEN_NAME = re.compile(r"&(\w+);(_?\w*)=")
# WeChat's image server takes the format from wx_fmt; the other parameters name the client that asked.
_IMAGE_HOST = re.compile(r"https?://mmbiz\.(?:qpic|qlogo)\.cn/")
_IMAGE_FORMAT = re.compile(r"[?&](wx_fmt=\w+)")
_LINK_TEXT = re.compile(rf"(?<![\\!])\[((?:{IMAGE}|(?!\n[ \t]*\n)[^\[\]])*)\](?=\()")
_EMPTY_LINK = re.compile(r"(?<![\\!])\[([ \t*_]*)\]\([^()\s]*\)")
_NO_IMAGE = re.compile(r"!\[([^\[\]\n]*)\]\(\)")
_LINK_TO_NOTHING = re.compile(rf"(?<![\\!])\[((?:{IMAGE}|[^\[\]\n])*)\]\(\)")
_LINE_BREAKS = ("  ", "\\")
_TIGHT = {Kind.ITEM, Kind.ROW, Kind.CODE}
_MOST_ROUNDS = 8
_DEEPEST_QUOTE = 8


def strip_invisible(text: str) -> str:
    """The text less zero-width, direction and control characters; runs with no-break spaces become one space."""
    return _SPACES.sub(lambda run: " " if "\u00a0" in run[0] else run[0], _INVISIBLE.sub("", text))


def repair_markdown(markdown: str) -> str:
    """Readable Markdown with the same words: whole addresses, no debris of removed marks, a paragraph a line.

    One repair uncovers what another mends, so they are repeated until nothing changes.
    """
    text = strip_invisible(markdown)
    for _ in range(_MOST_ROUNDS):
        before, text = text, _repaired_blocks(_whole_links(text).split("\n"))
        if text == before:
            break
    return text


def _whole_links(text: str) -> str:
    """Links and images on one line each with a whole address; none that is empty or leads nowhere."""
    text = _WRAPPED_ADDRESS.sub(lambda found: f"]({''.join(found['address'].split())})", text)
    text = _ADDRESS.sub(lambda found: f"]({_repaired_address(found[1])})", text)
    text = _LINK_TEXT.sub(lambda found: f"[{_unwrapped(found[1].split(chr(10)))}]", text)
    text = _EMPTY_LINK.sub(lambda found: "*" * found[1].count("*"), _NO_IMAGE.sub(r"\1", text))
    return _LINK_TO_NOTHING.sub(r"\1", text)


def _repaired_address(url: str) -> str:
    whole = _BROKEN_NAME.sub(r"&\1\2=", url.replace("&amp;", "&"))
    if not _IMAGE_HOST.match(whole):
        return whole
    kind = _IMAGE_FORMAT.search(whole)
    return whole.split("?")[0] + (f"?{kind[1]}" if kind else "")


def _repaired_blocks(lines: Sequence[str], depth: int = 0) -> str:
    """A paragraph a line, one empty line between blocks; lists, tables and code keep their lines."""
    text, last, below_picture = "", Kind.BLANK, False
    for block in blocks(lines):
        written = _repaired(block, depth, below_picture=below_picture)
        # The empty headings of WeChat's editor held a picture or a number; what stands below is still below it.
        below_picture = is_picture(written[-1]) if written else block.kind is Kind.HEADING
        for part in written:
            tight = not block.apart and {last, block.kind} <= _TIGHT
            text += ("\n" if tight else "\n\n") * bool(text) + part
            last = block.kind
    return text


def _repaired(block: Block, depth: int, *, below_picture: bool) -> list[str]:
    if block.kind is Kind.TEXT:
        return [as_text(part) for part in paragraph(_unwrapped(block.lines), below_picture=below_picture)]
    if block.kind is Kind.HEADING:
        return _heading(block.lines[0])
    if block.kind is Kind.QUOTE and depth < _DEEPEST_QUOTE:
        inner = _repaired_blocks([QUOTE.sub("", quoted, count=1) for quoted in block.lines], depth + 1)
        return ["\n".join(f"> {quoted}".rstrip() for quoted in inner.split("\n"))] if inner else []
    if block.kind is Kind.ITEM:
        return _item(block.lines)
    return ["\n".join(kept.rstrip() for kept in block.lines)]


def _heading(text: str) -> list[str]:
    found = HEADING.match(text)
    words = line((found["words"] or "") if found else text)
    if not words.strip("#"):
        return []
    return [words] if is_picture(words) or found is None else [f"{found['marks']} {words}"]


def _item(lines: Sequence[str]) -> list[str]:
    found = ITEM.match(lines[0])
    mark, words = (found["mark"], found["words"]) if found else ("", lines[0])
    first, *more = paragraph(_unwrapped([words, *lines[1:]]), below_picture=False) or [""]
    return [f"{mark.rstrip()} {first}".rstrip(), *map(as_text, more)] if first else []


def _unwrapped(lines: Sequence[str]) -> str:
    """The lines of a paragraph as one, with a line end only where the author broke the line."""
    text, broken = "", False
    for wrapped in lines:
        words = wrapped.strip().removesuffix("\\").rstrip()
        if broken or not text:
            text += "\n" * bool(text) + words
        elif words:
            text = join_wrapped(text, words)
        broken = wrapped.endswith(_LINE_BREAKS)
    return text
