"""Puts ${NAME} where the value of NAME stands, in whatever spelling texts and answers have it. Pure."""

import html
import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote, quote_plus

from w3lib.url import safe_url_string

FEWEST = 8  # characters; what is shorter stands in other words too, and could not be told from them
_ESCAPE = re.compile(r"%[0-9A-F]{2}")


class Concealer:
    """Conceals values. Those of fewer than FEWEST characters are left.

    What a percent-encoded value is replaced by is percent-encoded itself, so that a link keeps its spelling.

    Args:
        values: name → value.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        found: dict[str, str] = {}
        for name, value in values.items():
            if len(value) >= FEWEST:
                for spelling, shown in _spellings(value, f"${{{name}}}"):
                    found.setdefault(spelling, shown)
        # The longest first: one value may be a part of another.
        self._spellings = sorted(found.items(), key=lambda pair: -len(pair[0]))
        self._bytes = [*_encoded(self._spellings)]

    def __repr__(self) -> str:
        return "Concealer()"

    def __bool__(self) -> bool:
        return bool(self._spellings)

    def text(self, text: str) -> str:
        for spelling, shown in self._spellings:
            if spelling in text:
                text = text.replace(spelling, shown)
        return text

    def body(self, body: bytes) -> bytes:
        """A body in UTF-8, UTF-16 or an encoding that has the value's characters as UTF-8 has them."""
        for spelling, shown in self._bytes:
            if spelling in body:
                body = body.replace(spelling, shown)
        return body


def _spellings(value: str, shown: str) -> Iterator[tuple[str, str]]:
    """How a value is written in text, addresses, HTML, JSON and Python, each with what stands for it."""
    yield value, shown
    for quoted in (quote(value, safe=""), quote(value), quote_plus(value)):
        yield quoted, quote(shown, safe="")
        yield _ESCAPE.sub(lambda match: match[0].lower(), quoted), quote(shown, safe="")
    yield safe_url_string(value), shown
    escaped = html.escape(value)
    yield from (
        (spelling, shown) for spelling in (escaped, escaped.replace("&#x27;", "&#39;"), html.escape(value, quote=False))
    )
    for ascii_only in (True, False):
        inside = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        yield from ((spelling, shown) for spelling in (inside, inside.replace("/", "\\/")))
    yield from ((spelling, shown) for spelling in (repr(value)[1:-1], repr(value.encode(errors="surrogatepass"))[2:-1]))
    yield quote(quote(value, safe=""), safe=""), quote(quote(shown, safe=""), safe="")


def _encoded(spellings: list[tuple[str, str]]) -> Iterator[tuple[bytes, bytes]]:
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        for spelling, shown in spellings:
            yield spelling.encode(encoding, "surrogatepass"), shown.encode(encoding)
