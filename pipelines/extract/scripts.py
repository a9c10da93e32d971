"""What a page's own scripts say: JSON and string literals, read without running anything."""

import html
import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from crawler.bounds import check_json
from crawler.markup import Element

# A page assigns its data once or twice. Every text that is no JSON costs a walk through the whole of it.
MOST_TRIES = 8

_LITERAL = r"'(?P<single>[^'\\]*(?:\\.[^'\\]*)*)'|\"(?P<double>[^\"\\]*(?:\\.[^\"\\]*)*)\"|(?P<number>\d+)"
_HEAD = r"(?<![\w$.])(?:window\.)?{}[\"']?\s*[:=](?!=)"
_DECLARED = r"\bvar\s+{}\s*=(?=\s*[\"'])"
# One operand of  "" || JsDecode('…') || …  Spaces are given back to nobody (*+): a megabyte of them would take hours.
_OPERAND = re.compile(rf"\s*+(?:\|\|\s*+)?(?:\w++\(\s*+)?(?:{_LITERAL})\s*+\)?", re.DOTALL)
_BRACKET_OR_STRING = re.compile(rf"[\[\]]|{_LITERAL}|(?P<unclosed>['\"])", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:x(?P<byte>[0-9a-fA-F]{2})|u(?P<unit>[0-9a-fA-F]{4})|(?P<sign>.))", re.DOTALL)
_SIGNS = {"n": "\n", "r": "\r", "t": "\t", "b": "", "f": "", "v": "", "0": "", "\n": ""}


def script_text(tree: Element) -> str:
    """The page's scripts, one below the other."""
    return "\n".join(script.text for script in tree.iter("script") if script.text)


def json_after(text: str, name: str) -> Any:
    """The JSON that is assigned to a name, whatever stands behind it; None where there is none that can be read.

    `name` is a regular expression.
    """
    return json_behind(text, rf"(?<![\w$]){name}\s*=\s*")


def json_behind(text: str, pattern: str) -> Any:
    """The first JSON list or object that begins behind a match of the regular expression and can be read, else None."""
    decoder = json.JSONDecoder(strict=False)
    for found in islice(re.finditer(rf"(?:{pattern})(?=[\[{{])", text), MOST_TRIES):
        try:
            check_json(text, found.end())
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
        value = next(filter(None, _assigned(text, _HEAD.format(name))), "")
        if value:
            return value
    return ""


def formed(text: str, form: str, *names: str) -> str:
    """The first string or number that scripts assign to one of the names and that is of the whole form, or "".

    Short names are anybody's: what the page's own scripts declare (`var NAME = "…"`) comes before the rest.

    Args:
        text: of the scripts.
        form: a regular expression.
        names: in their order.
    """
    values = (value for name in names for head in (_DECLARED, _HEAD) for value in _assigned(text, head.format(name)))
    return next((value for value in values if re.fullmatch(form, value)), "")


def _assigned(text: str, head: str) -> Iterator[str]:
    for found in re.finditer(head, text):
        yield operand(text, found.end())


def bracketed(text: str, start: int) -> str:
    """The list that opens at a position, up to the bracket that closes it; brackets inside strings do not count."""
    depth = unclosed = 0
    for found in _BRACKET_OR_STRING.finditer(text, start):
        unclosed += found["unclosed"] is not None
        if unclosed > MOST_TRIES:  # each was looked for up to the end of the page
            break
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
