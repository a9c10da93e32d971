"""The body of a robots.txt as text: as much of it as is read, and no half line. Pure."""

import re
from collections.abc import Sequence

from w3lib.encoding import read_bom

from crawler.fetch.codings import EncodingError, undone
from crawler.fetch.limits import MOST_CODINGS

MAX_BYTES = 512 * 1024  # RFC 9309, section 2.5 asks for 500 KiB at least

LINE_END = re.compile("\r\n|\r|\n")  # RFC 9309, section 2.2


def decoded(body: bytes, encodings: Sequence[str], *, most: int, is_cut: bool = False) -> bytes:
    """The first `most` bytes of a body without its content codings.

    Args:
        body: as it was sent.
        encodings: in the order they were applied.
        most: bytes.
        is_cut: it is but the beginning of what was sent, and gives what can be read of it.

    Raises:
        EncodingError: see there; or it was compressed more than MOST_CODINGS times over.
    """
    if len(encodings) > MOST_CODINGS:
        raise EncodingError(f"compressed {len(encodings)} times over; at most {MOST_CODINGS} are undone")
    for name in reversed(encodings):
        body, is_whole = undone(body, name, most=most)
        is_cut = is_cut or len(body) >= most
        if not (is_whole or is_cut):
            raise EncodingError(f"the {name} body is cut off")
    return body[:most]


def text_of(body: bytes, *, is_cut: bool) -> str:
    """The text, UTF-8 unless a byte order mark says otherwise.

    Letters in another encoding come out as U+FFFD, in rules and addresses alike; a UTF-16 without a mark is read too.

    Args:
        body: without content codings.
        is_cut: there is more: the last line is a half one, and no rule.
    """
    mark, _ = read_bom(body)
    text = body.decode(mark or "utf-8", "replace").removeprefix("\ufeff").replace("\0", "")
    return text[: max(text.rfind("\n"), text.rfind("\r")) + 1] if is_cut else text
