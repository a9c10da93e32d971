"""What the conversion to Markdown broke in a mirror's article files, put right where it is safe."""

import re

from pipelines.extract.plain import join_wrapped

_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\u00ad]")
_SPACES = re.compile("[ \t\u00a0\u3000]+")
# An address that was wrapped: what stands between "](" and ")" across a line end.
_WRAPPED_ADDRESS = re.compile(r"\]\((https?://[^()\s]*)\n[ \t]*([^()\s]*)\)")
_ADDRESS = re.compile(r"\]\(([^()\s]*)\)")
_BROKEN_NAME = re.compile(r"&(\w+);(_?\w*)=")
# WeChat's image server takes the format from wx_fmt; the other parameters name the client that asked.
_IMAGE_HOST = re.compile(r"https?://mmbiz\.(?:qpic|qlogo)\.cn/")
_IMAGE_FORMAT = re.compile(r"[?&](wx_fmt=\w+)")
_EMPTY_LINK = re.compile(r"(?<!!)\[[ \t]*\]\([^()\s]*\)")
_LINK_TO_NOTHING = re.compile(r"(?<!!)\[((?:!\[[^\]\n]*\]\([^()\s]*\)|[^\[\]\n])*)\]\(\)")
_STARS = re.compile(r"\*{4,}")
_BLANK_BOLD = re.compile(r"\*\*[ \t]+\*\*")
# A line that begins a block of its own and so is never the rest of a wrapped paragraph.
_BLOCK = re.compile(r"\s*(?:#{1,6}\s|>|[-+*]\s|\d{1,3}[.)]\s|```|~~~|\||!\[|(?:\*\s?){3,}$|(?:-\s?){3,}$| {4}|\t)")
_LINE_BREAKS = ("  ", "\\")
_MOST_WRAPS = 8  # of one address


def strip_invisible(text: str) -> str:
    """The text less zero-width, direction and control characters; runs with no-break spaces become one space."""
    return _SPACES.sub(lambda run: " " if "\u00a0" in run[0] else run[0], _INVISIBLE.sub("", text))


def repair_markdown(markdown: str) -> str:
    """Readable Markdown with the same words: whole addresses, no debris of removed marks, a paragraph a line."""
    text = strip_invisible(markdown)
    for _ in range(_MOST_WRAPS):
        text = _WRAPPED_ADDRESS.sub(r"](\1\2)", text)
    text = _ADDRESS.sub(lambda match: f"]({_repaired_address(match[1])})", text)
    text = _LINK_TO_NOTHING.sub(r"\1", _EMPTY_LINK.sub("", text))
    text = _BLANK_BOLD.sub(" ", _STARS.sub("", text))
    return _unwrapped(text)


def _repaired_address(url: str) -> str:
    whole = _BROKEN_NAME.sub(r"&\1\2=", url)
    if not _IMAGE_HOST.match(whole):
        return whole
    kind = _IMAGE_FORMAT.search(whole)
    return whole.split("?")[0] + (f"?{kind[1]}" if kind else "")


def _unwrapped(text: str) -> str:
    """A paragraph a line, paragraphs apart by one empty line; quotes, lists, tables and code keep their lines."""
    blocks: list[str] = []
    paragraph = ""
    for line in text.split("\n"):
        bare = line.strip()
        if bare and not _BLOCK.match(line):
            paragraph = join_wrapped(paragraph, bare) if paragraph else bare
            if not line.endswith(_LINE_BREAKS):
                continue
        if paragraph:
            blocks += [paragraph.removesuffix("\\").rstrip(), ""]
            paragraph = ""
        if bare and _BLOCK.match(line):
            blocks.append(line.rstrip())
        elif not bare and blocks and blocks[-1]:
            blocks.append("")
    return "\n".join([*blocks, paragraph]).strip()
