"""Text and addresses from outside, made harmless inside Markdown. Pure."""

import re

from crawler.text import clean

# What opens a span, a link, a table cell or HTML; and what extended Markdown turns into a link by itself.
_SPANS = re.compile(r"[\\`*_\[\]<>&#|~]|:(?=//)|(?<=www)\.|@")
# What opens a block at the beginning of a line.
_BLOCK = re.compile(r"^(?:[-+=]|\d+(?=[.)]))")
# What would end a link's address, or the cell it stands in. "_" and "*" mean nothing there and stay as they are:
# not every server takes %5F for _.
# Marks that turn the direction of the text that follows would show a person another address than the one that is asked.
_UNSAFE_IN_LINK = re.compile(
    "[\\s()<>\\\\`|\\x00-\\x1f\\x7f-\\x9f\\u061c\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2069\\ufeff]"
)


def escaped(text: str) -> str:
    """The text as Markdown that shows exactly it, on one line."""
    spans = _SPANS.sub(r"\\\g<0>", clean(text))
    return _BLOCK.sub(_escaped_block, spans)


def link(text: str, url: str) -> str:
    """A link that shows `text`; the text alone when `url` is no web address."""
    shown = escaped(text) or "（无标题）"
    target = web_address(url)
    return f"[{shown}]({target})" if target else shown


def web_address(url: str) -> str:
    """The address as it may stand in a link; empty when it is none of the web's."""
    return harmless(url) if url.startswith(("http://", "https://")) else ""


def harmless(url: str) -> str:
    """The address with everything percent-encoded that would end it or turn what follows around."""
    return _UNSAFE_IN_LINK.sub(_percent_encoded, url)


def address(url: str) -> str:
    """A link that shows its own address."""
    return f"<{harmless(url)}>"


def _escaped_block(match: re.Match[str]) -> str:
    # "1." is escaped at its point, "-" itself.
    return match[0] + "\\" if match[0].isdigit() else "\\" + match[0]


def _percent_encoded(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode())
