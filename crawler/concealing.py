"""Puts ${NAME} where the value of NAME stands, in whatever spelling texts and answers have it. Pure."""

import json
import re
from collections.abc import Mapping
from html.entities import codepoint2name
from urllib.parse import quote, unquote

FEWEST = 8  # characters; what is shorter stands in other words too, and could not be told from them
_PLAIN = re.compile(r"[A-Za-z0-9]+")
_PARTS = re.compile(r"\\+|.", re.DOTALL)
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_MOST_BACKSLASHES = 8  # that one has become, escaped again and again


class Concealer:
    """Conceals values. Those of fewer than FEWEST characters are left.

    What a percent-encoded value is replaced by is percent-encoded itself, so that a link keeps its spelling.

    Args:
        values: name → value.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        found = [_Spelt(name, value) for name, value in values.items() if len(value) >= FEWEST]
        # The longest first: one value may be a part of another.
        self._values = sorted(found, key=lambda one: -len(one.value))

    def __repr__(self) -> str:
        return "Concealer()"

    def __bool__(self) -> bool:
        return bool(self._values)

    def text(self, text: str) -> str:
        for value in self._values:
            text = value.conceal(text)
        return text

    def body(self, body: bytes) -> bytes:
        """A body in UTF-8, UTF-16 or an encoding that has the value's characters as UTF-8 has them."""
        for value in self._values:
            body = value.conceal_bytes(body)
        return body


class _Spelt:
    """A value in all its spellings: each sign may be written as itself or in any other way, whatever the others are."""

    def __init__(self, name: str, value: str) -> None:
        self.value = value
        self._name = f"${{{name}}}"
        # To look for it is a hundred times faster than for the pattern, and mostly it is not there.
        self._anchor = max(_PLAIN.findall(value), key=len, default="")
        pattern = "".join(map(_spellings, _PARTS.findall(value)))
        self._pattern = re.compile(pattern)
        self._of_bytes = re.compile(pattern.encode("utf-8", "surrogatepass"))

    def conceal(self, text: str) -> str:
        if self._anchor not in text:
            return text
        return self._pattern.sub(lambda match: self._shown(match[0]), text)

    def conceal_bytes(self, body: bytes) -> bytes:
        if self._anchor.encode() in body:
            body = self._of_bytes.sub(
                lambda match: self._shown(match[0].decode("utf-8", "surrogatepass")).encode(), body
            )
        for encoding in ("utf-16-le", "utf-16-be"):
            if b"\0" in body and self._anchor.encode(encoding) in body:
                body = self._conceal_wide(body, encoding)
        return body

    def _conceal_wide(self, body: bytes, encoding: str) -> bytes:
        try:
            text = body.decode(encoding, "surrogatepass")
        except UnicodeDecodeError:  # no text in this encoding
            return body
        return self.conceal(text).encode(encoding, "surrogatepass")

    def _shown(self, found: str) -> str:
        if found == self.value or not _ESCAPE.search(found):
            return self._name
        once, inner = quote(self._name, safe=""), unquote(found)
        return quote(once, safe="") if inner != self.value == unquote(inner) else once


def _spellings(part: str) -> str:
    """A pattern for a sign, or for several backslashes, as addresses, HTML, JSON, scripts and Python write it."""
    if part[0] == "\\":
        plain = rf"\\{{{len(part)},{_MOST_BACKSLASHES * len(part)}}}"
        return f"(?:{plain}|(?:{_coded(part[0])}){{{len(part)}}})"
    if _PLAIN.fullmatch(part):
        return part
    plain = rf"\\{{0,{_MOST_BACKSLASHES - 1}}}{re.escape(part)}" if part in "\"'/" else re.escape(part)
    forms = [_coded(part), plain, *([re.escape("+")] if part == " " else [])]  # the longest first
    return f"(?:{'|'.join(forms)})"


def _coded(sign: str) -> str:
    number = ord(sign)
    percent = "".join(f"%{byte:02X}" for byte in sign.encode("utf-8", "surrogatepass"))
    named = "apos" if sign == "'" else codepoint2name.get(number)
    forms = [
        *([f"&{named};"] if named else []),
        percent.replace("%", "%25"),
        percent,
        json.dumps(sign)[1:-1],
        rf"\x{number:02x}",
        rf"\u{number:04x}",
    ]
    patterns = [*map(re.escape, forms), f"&#0{{0,4}}{number};", f"&#x0{{0,4}}{number:x};"]
    return f"(?i:{'|'.join(patterns)})"
