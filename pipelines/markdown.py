"""Text and addresses from outside, made harmless inside Markdown. Pure."""

import re

from crawler.text import clean

# What opens a span, a link, a table cell or HTML; and what extended Markdown turns into a link by itself.
_SPANS = re.compile(r"[\\`*_\[\]<>&#|~]|:(?=//)|(?<=www)\.|@")
# What opens a block at the beginning of a line.
_BLOCK = re.compile(r"^(?:[-+=]|\d+(?=[.)]))")
# What would end a link's address, or the cell it stands in. "_" and "*" mean nothing there and stay as they are:
# not every server takes %5F for _.
_UNSAFE_IN_LINK = re.compile(r"[\s()<>\\`|\x00-\x1f\x7f]")


def escaped(text: str) -> str:
    """The text as Markdown that shows exactly it, on one line."""
    spans = _SPANS.sub(r"\\\g<0>", clean(text))
    return _BLOCK.sub(_escaped_block, spans)


def link(text: str, url: str) -> str:
    """A link that shows `text`; the text alone when `url` is no web address."""
    shown = escaped(text) or "（无标题）"
    if not url.startswith(("http://", "https://")):
        return shown
    return f"[{shown}]({_UNSAFE_IN_LINK.sub(_percent_encoded, url)})"


def address(url: str) -> str:
    """A link that shows its own address."""
    return f"<{_UNSAFE_IN_LINK.sub(_percent_encoded, url)}>"


def _escaped_block(match: re.Match[str]) -> str:
    # "1." is escaped at its point, "-" itself.
    return match[0] + "\\" if match[0].isdigit() else "\\" + match[0]


def _percent_encoded(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode())
