"""Text from outside, made harmless to the terminal, the file and the rule it meets. Pure."""

import re

# Control characters, halves of characters, and the marks that turn the direction of the text that follows. What
# joins the parts of one emoji stays.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_LINE_END = re.compile("[\t-\r\x1c-\x1f\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def without_controls(text: str) -> str:
    """The text and its lines as they are, less the characters that no database stores and no terminal shows."""
    return _CONTROL.sub("", text)


def one_line(text: str) -> str:
    """The visible characters on one line, their spaces as they are."""
    return _LINE_END.sub(" ", _INVISIBLE.sub("", text))


def clean(text: str) -> str:
    """One line of visible text, spaces squeezed."""
    return " ".join(one_line(text).split())
