"""Documents made worse: what a broken server, a careless theme or a hostile page does to bytes. Pure."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass

_WHOLE = 1 << 16  # places are fractions of a document in 65536ths, so that they fit one of any length
LARGEST = 200_000  # bytes; what is larger is the business of tests/fuzz/doubling.py
CODECS = ("gb18030", "big5", "utf-16", "utf-16-be", "utf-32", "utf-8-sig", "shift_jis", "latin-1", "hz", "utf-7")

TOKENS = tuple(
    token.encode("utf-8", "surrogatepass")
    for token in (
        # Characters.
        "\0", "\x1b[2J", "\x7f", "\x85", "\u2028", "\u202e", "\ufeff", "\ufffd", "\uffff", "\ud800", "\U0010ffff",
        "ſ", "İ", "²", "٣",
        "\\ud800", "\\ud83d\\ude00", "\\u0000", "\\x26amp;", "\\x3c", "\\", "\\\\\\", "'", '"', "`", "\r", "\t",
        "%", "%00", "%ff", "%2F",
        # References.
        "&#xD800;", "&#xFFFFFFFF;", "&#0;", "&#1;", "&#99999999999999999999;", "&amp;lt;b&amp;gt;", "&nbsp",
        "&copy=", "&unknown;", "&#8238;", "&#x85;",
        # Numbers.
        "1e999", "-1", "NaN", "-Infinity", "9" * 30, "9" * 5000, "0x7fffffff", "1740967800", "99999999999999",
        "-62135596801",
        # Dates.
        "0000-00-00", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "10000-01-01",
        "2016-12-31T23:59:60Z", "2025-02-30",
        "2025-03-03T09:30:00+99:99", "Mon, 03 Mar 2025 24:61:61 +9999", "1天3小时前", "9999年前", "昨天 25:61",
        "2099-12-31 23:59:59 UTC-12",
        # Addresses.
        "http://[", "http://[::1%25eth0]/", "http://a:99999/", "http://a:٣/", "//", "data:,", "http://xn--/",
        "http://ß。com/", "../" * 9, "http://u:p@h/", "#/",
        # Markup.
        "<", ">", "</", "<!--", "-->", "<![CDATA[", "]]>", "<!DOCTYPE x [<!ELEMENT x ANY>",
        "<?xml version='1.0' encoding='utf-32'?>", "<script>", "</script>",
        "<textarea>", "<plaintext>", "<svg>", "<table>", "<b", "</html>", "<base href='http://['>", "<a href=",
        "<img src=x>", "xmlns:a='b'", "xml:base='http://['",
        "<meta charset=hex>", "<meta charset=utf-16>", "type='html'", "mode='base64'", "<link>", "<title>", "<p>",
        "<br>", "<noscript>", "<template>",
        # Scripts, JSON, YAML, Markdown.
        "{", "}", "[", "]", "],[", "{}", "null", "true", '"":', ",", "||", "=", "JsDecode('", "window.DATA = [",
        "*a", "&a ", "!!binary x", "? ", "<<: ", "---\n", "- ",
        "**", "_", "![", "](", "|", "| - |\n", "```", "    ", "> ", "1. ", "\n\n", "#", "~~", "<http://x>",
        "[a]: /b\n",
    )
)  # fmt: skip
BRACKETS = (
    (b"<div>", b"</div>"), (b"<b>", b""), (b"<table><tr><td>", b""), (b"[", b"]"), (b'{"a":', b"}"), (b"(", b")"),
    (b"> ", b""), (b"<ul><li>", b"</ul>"),
    (b"<section><p>", b"</section>"), (b"**", b"**"), (b"[x](", b")"), (b"<item>", b"</item>"), (b"- ", b""),
    (b"&amp;", b""), (b"\\", b""), (b"<svg>", b""),
)  # fmt: skip


@dataclass(frozen=True)
class Flip:
    """One byte is another one."""

    at: int
    byte: int

    def __call__(self, body: bytes) -> bytes:
        place = _place(body, self.at)
        return body[:place] + bytes([self.byte]) + body[place + 1 :]


@dataclass(frozen=True)
class Insert:
    """Something stands there that should not."""

    at: int
    token: bytes

    def __call__(self, body: bytes) -> bytes:
        place = _place(body, self.at)
        return body[:place] + self.token + body[place:]


@dataclass(frozen=True)
class Replace:
    """What stands between two quotes or two tags is something else."""

    at: int
    token: bytes

    def __call__(self, body: bytes) -> bytes:
        place = _place(body, self.at)
        start = max(body.rfind(mark, 0, place) for mark in (b'"', b">", b"'", b"\n", b"=", b"("))
        ends = [end for mark in (b'"', b"<", b"'", b"\n", b")") if (end := body.find(mark, place)) >= 0]
        return body[: start + 1] + self.token + body[min(ends, default=len(body)) :]


@dataclass(frozen=True)
class Cut:
    """A piece is missing, or the whole rest."""

    at: int
    length: int  # 0: the rest

    def __call__(self, body: bytes) -> bytes:
        place = _place(body, self.at)
        return body[:place] + (body[place + self.length :] if self.length else b"")


@dataclass(frozen=True)
class Repeat:
    """A piece stands there several times."""

    at: int
    length: int
    times: int

    def __call__(self, body: bytes) -> bytes:
        place = _place(body, self.at)
        piece = body[place : place + self.length]
        return body[:place] + piece * self.times + body[place + self.length :]


@dataclass(frozen=True)
class Splice:
    """The beginning of one document and the end of another."""

    at: int
    other: bytes
    behind: int

    def __call__(self, body: bytes) -> bytes:
        return body[: _place(body, self.at)] + self.other[_place(self.other, self.behind) :]


@dataclass(frozen=True)
class Nest:
    """Brackets or elements around a place, many of them."""

    at: int
    brackets: tuple[bytes, bytes]
    depth: int

    def __call__(self, body: bytes) -> bytes:
        place = _place(body, self.at)
        opening, closing = self.brackets
        return body[:place] + opening * self.depth + closing * self.depth + body[place:]


@dataclass(frozen=True)
class Recode:
    """The same text in another encoding than it declares."""

    codec: str

    def __call__(self, body: bytes) -> bytes:
        return body.decode("utf-8", "replace").encode(self.codec, "ignore")


@dataclass(frozen=True)
class Pack:
    """Gzip where none was expected, whole or broken off."""

    kept: int

    def __call__(self, body: bytes) -> bytes:
        packed = gzip.compress(body, mtime=0)
        return packed[: 1 + _place(packed, self.kept)]


Mutation = Callable[[bytes], bytes]


def mutated(body: bytes, mutations: list[Mutation]) -> bytes:
    for mutation in mutations:
        body = mutation(body)[:LARGEST]
    return body


def _place(body: bytes, at: int) -> int:
    return len(body) * at // _WHOLE
