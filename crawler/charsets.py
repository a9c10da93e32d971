"""Bytes to text where labels are often wrong."""

import codecs
import re

from charset_normalizer import from_bytes
from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom

# Python codecs that are no character encoding of a page, or that accept any bytes and so prove nothing.
_REFUSED = frozenset("idna punycode raw_unicode_escape undefined unicode_escape utf-7".split())
# What servers say when nobody configured them; it fits any bytes, so it is asked last.
_DEFAULTS = frozenset(("cp1252", "iso8859-1", "ascii"))
# The commonest characters of Chinese text: a third of any, and next to none of other bytes misread as gb18030.
_COMMON = re.compile("[的一是不了在有人我他这中大来上国个到说们为子和你地出也时年得就要下以生会自之过家学对可日月新]")
# A page holds one broken byte in a hundred foreign characters at most, else the encoding is the wrong one.
_DAMAGE = 0.01
_LIE = 0.2  # a mark is a strong sign: it is believed over more broken bytes than a label is
_GUESS_BYTES = 65536
# What bytes that are all ASCII may be meant as, the first with NUL among them. Every other guess makes EBCDIC of a
# page, or a Han character of two letters.
_IN_ASCII = ("utf", "iso2022", "hz")


def decode(body: bytes, content_type: str, charset: str = "") -> tuple[str, str]:
    """The text of a page and the name of the encoding it was read with. Never raises.

    In this order: a byte order mark that is none by chance; UTF-8 that holds more than ASCII; the labels of the header,
    then of the page (the gb family as gb18030), read strictly; the same labels with a little damage; a guess; UTF-8
    with U+FFFD.
    Before all of them a `charset` that the source's config names, unless the bytes are plainly something else: what
    would come out is garbage, and nobody could see why it is on no theme.
    """
    if charset and (named := _fitting(body, charset)):
        return named
    mark, _ = read_bom(body)
    if mark is not None and (marked := _marked(body, mark)):
        return marked
    labels = _labels(body, content_type)
    if not body.isascii():
        labels = ["utf-8", *(label for label in labels if label != "utf-8")]
    for label in labels:
        text = _strict(body, label)
        if text is not None:
            return text, label
    return _damaged(body, labels) or _guessed(body) or (body.decode("utf-8", "replace"), "utf-8")


def _marked(body: bytes, encoding: str) -> tuple[str, str] | None:
    """The text behind its mark, unless that is a lie: most of what would come out could not be read."""
    text = body.decode(encoding, "replace").removeprefix("\ufeff")
    return (text, encoding) if text.count("\ufffd") <= max(1, len(text) * _LIE) else None


def _labels(body: bytes, content_type: str) -> list[str]:
    """Encodings that header and page claim, the meaningless defaults last, after what the bytes say themselves."""
    claimed: list[str] = []
    for label in (http_content_type_encoding(content_type), html_body_declared_encoding(body)):
        name = _usable(label, body)
        if name and name not in claimed:
            claimed.append(name)
    defaults = [name for name in claimed if name in _DEFAULTS]
    meant = [name for name in claimed if name not in _DEFAULTS]
    if not meant and _reads_as_chinese(body):
        meant.append("gb18030")
    return meant + defaults


def _usable(label: str | None, body: bytes) -> str:
    if not label:
        return ""
    try:
        name = codecs.lookup(label).name
    except LookupError:
        return ""
    # A page that calls itself UTF-16 in readable ASCII is not.
    if name in _REFUSED or (name.startswith(("utf-16", "utf-32")) and b"\0" not in body):
        return ""
    return name


def _strict(body: bytes, encoding: str) -> str | None:
    try:
        return body.decode(encoding)
    except (LookupError, UnicodeError):  # LookupError: a codec that makes no text, such as hex
        return None


def _reads_as_chinese(body: bytes) -> bool:
    text = body.decode("gb18030", "replace")
    foreign = _foreign(text)
    return text.count("\ufffd") <= foreign * _DAMAGE and len(_COMMON.findall(text)) > foreign * 0.05


def _foreign(text: str) -> int:
    return sum(1 for character in text if not character.isascii())


def _fitting(body: bytes, charset: str) -> tuple[str, str] | None:
    """The text in the named encoding, with a little damage at most."""
    text = body.decode(charset, "replace")
    return (text, codecs.lookup(charset).name) if text.count("\ufffd") <= _foreign(text) * _DAMAGE else None


def _damaged(body: bytes, labels: list[str]) -> tuple[str, str] | None:
    """The labelled text with its few broken bytes as U+FFFD: one stray byte is no reason to guess."""
    for label in labels:
        if label in _DEFAULTS or _usable(label, body) != label:
            continue
        try:
            text = body.decode(label, "replace")
        except LookupError:
            continue
        if text.count("\ufffd") <= _foreign(text) * _DAMAGE:
            return text, label
    return None


def _guessed(body: bytes) -> tuple[str, str] | None:
    best = from_bytes(body[:_GUESS_BYTES]).best()
    if best is None or (body.isascii() and not best.encoding.startswith(_IN_ASCII[b"\0" not in body :])):
        return None
    encoding = "gb18030" if best.encoding in {"gb2312", "gbk"} else best.encoding
    text = _strict(body, encoding)
    return None if text is None else (text, encoding)
