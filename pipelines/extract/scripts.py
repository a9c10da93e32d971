"""What a page's own scripts say: JSON and string literals, read without running anything."""

import html
import json
import re
from typing import Any

from crawler.markup import Element

_LITERAL = r"'(?P<single>[^'\\]*(?:\\.[^'\\]*)*)'|\"(?P<double>[^\"\\]*(?:\\.[^\"\\]*)*)\"|(?P<number>\d+)"
# One operand of  "" || JsDecode('…') || …
_OPERAND = re.compile(rf"\s*(?:\|\|)?\s*(?:\w+\(\s*)?(?:{_LITERAL})\s*\)?", re.DOTALL)
_BRACKET_OR_STRING = re.compile(rf"[\[\]]|{_LITERAL}", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:x(?P<byte>[0-9a-fA-F]{2})|u(?P<unit>[0-9a-fA-F]{4})|(?P<sign>.))", re.DOTALL)
_SIGNS = {"n": "\n", "r": "\r", "t": "\t", "b": "", "f": "", "v": "", "0": "", "\n": ""}


def script_text(tree: Element) -> str:
    """The page's scripts, one below the other."""
    return "\n".join(script.text for script in tree.iter("script") if script.text)


def json_after(text: str, name: str) -> Any:
    """The JSON that is assigned to a name, whatever stands behind it; None where there is none that can be read.

    `name` is a regular expression.
    """
    decoder = json.JSONDecoder(strict=False)
    for found in re.finditer(rf"(?<![\w$]){name}\s*=\s*(?=[\[{{])", text):
        try:
            return decoder.raw_decode(text, found.end())[0]
        except (ValueError, RecursionError):  # a script's object that is no JSON, or an absurd one, says nothing
            continue
    return None


def literal(text: str, *names: str) -> str:
    """The first non-empty string or number that scripts assign to one of the names, in the names' order.

    It is read from `name = "…"`, `name: '…'`, `name = "" || "…"` and `name = decode("…")`; JavaScript's escapes are
    undone, HTML's are not.
    """
    for name in names:
        for head in re.finditer(rf"(?<![\w$.])(?:window\.)?{name}[\"']?\s*[:=](?!=)", text):
            value = operand(text, head.end())
            if value:
                return value
    return ""


def bracketed(text: str, start: int) -> str:
    """The list that opens at a position, up to the bracket that closes it; brackets inside strings do not count."""
    depth = 0
    for found in _BRACKET_OR_STRING.finditer(text, start):
        depth += {"[": 1, "]": -1}.get(found[0], 0)
        if not depth:
            return text[start : found.end()]
    return ""


def plain(value: str) -> str:
    """A title or name that scripts carry in HTML's escapes."""
    return html.unescape(value)


def operand(text: str, position: int) -> str:
    """The first non-empty one of the literals that begin at a position, `||` between them."""
    while found := _OPERAND.match(text, position):
        value = next((part for part in found.groups() if part), "")
        if value:
            return _unescaped(value)
        position = found.end()
    return ""


def _unescaped(value: str) -> str:
    text = _ESCAPE.sub(_meant, value)
    # Two halves that make one character together.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _meant(escape: re.Match[str]) -> str:
    code = escape["byte"] or escape["unit"]
    return chr(int(code, 16)) if code else _SIGNS.get(escape["sign"], escape["sign"])
