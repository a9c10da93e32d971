"""Puts ${NAME} where the value of NAME stands, in whatever spelling texts and answers have it. Pure."""

import json
import re
from collections.abc import Mapping
from html.entities import html5
from typing import AnyStr
from urllib.parse import quote, unquote

FEWEST = 8  # characters; what is shorter stands in other words too, and could not be told from them
_PLAIN = re.compile(r"[A-Za-z0-9]+")
_PARTS = re.compile(r"\\+| +|.", re.DOTALL)
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_MOST_BACKSLASHES = 8  # that one has become, escaped again and again
_SLASHES = rf"\\{{1,{_MOST_BACKSLASHES}}}"
_AMP, _PERCENT = "&(?:amp;){0,4}", "%(?:25){0,4}"  # escaped again and again
_HEX = "(3[0-9]|[46][1-9a-fA-F]|[57][0-9aA])"
_DECIMAL = "(4[89]|5[0-7]|6[5-9]|[78][0-9]|90|9[7-9]|1[01][0-9]|12[0-2])"
_CODED = r"(?=[%&\\])(?:{})".format(
    "|".join(  # a letter or digit that nobody needs to write in another way
        [
            rf"(?:{_PERCENT}|{_SLASHES}(?:[xX]|[uU]00)){_HEX}",
            rf"{_SLASHES}[uU]\{{0{{0,4}}{_HEX}\}}",
            rf"{_AMP}#[xX]0{{0,4}}{_HEX};",
            rf"{_AMP}#0{{0,4}}{_DECIMAL};",
        ]
    )
)
_CODED_TEXT, _CODED_BYTES = re.compile(_CODED), re.compile(_CODED.encode())
_SIGN = rb"[\x01-\x7f]"
_WIDE = {  # encodings whose letters are no letters of UTF-8: what runs of ASCII look like in them, wherever they begin
    "utf-16-le": re.compile(rb"(?:%b\0){%d,}" % (_SIGN, FEWEST)),
    "utf-16-be": re.compile(rb"(?:\0%b){%d,}" % (_SIGN, FEWEST)),
    "utf-32-le": re.compile(rb"(?:%b\0\0\0){%d,}" % (_SIGN, FEWEST)),
    "utf-32-be": re.compile(rb"(?:\0\0\0%b){%d,}" % (_SIGN, FEWEST)),
}


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
        found = self._text(text)
        if self and _CODED_TEXT.search(found):
            plain = _CODED_TEXT.sub(lambda match: chr(_number(match)), found)
            concealed = self._text(plain)
            return found if concealed == plain else concealed
        return found

    def body(self, body: bytes) -> bytes:
        """A body in UTF-8, UTF-16, UTF-32 or an encoding that has ASCII as it is.

        Of a value that is not ASCII only what is UTF-8 is found.
        """
        if not self:
            return body
        found = self._narrow(body)
        if b"\0" not in found:
            return found
        bare = found.replace(b"\0", b"")  # to look there is faster than run by run
        return found if self._narrow(bare) == bare else self._wide(found)

    def _narrow(self, body: bytes) -> bytes:
        found = self._bytes(body)
        if _CODED_BYTES.search(found):
            plain = _CODED_BYTES.sub(lambda match: bytes([_number(match)]), found)
            concealed = self._bytes(plain)
            return found if concealed == plain else concealed
        return found

    def _text(self, text: str) -> str:
        for value in self._values:
            text = value.conceal(text)
        return text

    def _bytes(self, body: bytes) -> bytes:
        for value in self._values:
            body = value.conceal_bytes(body)
        return body

    def _wide(self, body: bytes) -> bytes:
        # Run by run: whatever else stands there, and whether it is text at all, keeps no value from being found.
        for encoding, runs in _WIDE.items():

            def concealed(match: re.Match[bytes], encoding: str = encoding) -> bytes:
                return self.text(match[0].decode(encoding)).encode(encoding)

            body = runs.sub(concealed, body)
        return body


class _Spelt:
    """A value in all its spellings: each sign may be written as itself or in any other way, whatever the others are."""

    def __init__(self, name: str, value: str) -> None:
        self.value = value = value.strip()  # as headers and pages lose what surrounds it
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
        return body

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
    if part[0] == " ":  # pages squeeze them
        return rf"(?:{_coded(' ')}|{_AMP}nbsp;|[+\s]){{1,{4 * len(part)}}}"
    plain = rf"\\{{0,{_MOST_BACKSLASHES - 1}}}{re.escape(part)}" if part in "\"'/" else re.escape(part)
    return f"(?:{_coded(part)}|{plain})"  # the longest first


def _coded(sign: str) -> str:
    number = ord(sign)
    names = [name for name, meant in html5.items() if meant == sign and name.endswith(";")]
    percent = "".join(f"{_PERCENT}{byte:02X}" for byte in sign.encode("utf-8", "surrogatepass"))
    patterns = [
        *(f"{_AMP}{name}" for name in names),
        percent,
        rf"{_SLASHES}x{number:02x}",
        rf"{_SLASHES}u{number:04x}",
        rf"{_SLASHES}u\{{0{{0,4}}{number:x}\}}",
        f"{_AMP}#0{{0,4}}{number};",
        f"{_AMP}#x0{{0,4}}{number:x};",
        *([re.escape(json.dumps(sign)[1:-1])] if number > 0xFFFF else []),  # two halves
    ]
    return f"(?i:{'|'.join(patterns)})"


def _number(match: re.Match[AnyStr]) -> int:
    """Of the character that a match of _CODED stands for."""
    decimal = match[4]
    return int(decimal) if decimal else int(match[match.lastindex or 0], 16)
