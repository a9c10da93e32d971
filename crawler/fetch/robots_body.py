"""The body of a robots.txt as text: as much of it as is read, and no half line. Pure."""

import re
import zlib
from collections.abc import Callable, Sequence

import brotli
from backports import zstd
from w3lib.encoding import read_bom

MAX_BYTES = 512 * 1024  # RFC 9309, section 2.5 asks for 500 KiB at least

LINE_END = re.compile("\r\n|\r|\n")  # RFC 9309, section 2.2

_BROKEN = (zlib.error, brotli.error, zstd.ZstdError)


class EncodingError(ValueError):
    """The body is not what its Content-Encoding says, or that is none we know."""


def decoded(body: bytes, encodings: Sequence[str], *, most: int, is_cut: bool = False) -> bytes:
    """The first `most` bytes of a body without its content codings.

    Args:
        body: as it was sent.
        encodings: in the order they were applied.
        most: bytes.
        is_cut: it is but the beginning of what was sent, and gives what can be read of it.

    Raises:
        EncodingError: see there.
    """
    for name in reversed(encodings):
        decode = _DECODERS.get(name)
        if decode is None:
            raise EncodingError(f"a Content-Encoding that nobody asked for: {name}")
        try:
            body, is_whole = decode(body, most)
        except _BROKEN as error:
            raise EncodingError(f"the body is not {name}: {error}") from error
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


# Each gives what it can read, and whether that is all there was.


def _unzipped(body: bytes, most: int) -> tuple[bytes, bool]:
    coder = zlib.decompressobj(wbits=31)
    return coder.decompress(body, most), coder.eof


def _inflated(body: bytes, most: int) -> tuple[bytes, bool]:
    try:
        coder = zlib.decompressobj()
        return coder.decompress(body, most), coder.eof
    except zlib.error:
        coder = zlib.decompressobj(wbits=-15)  # what some servers mean by deflate
        return coder.decompress(body, most), coder.eof


def _unbrotlied(body: bytes, most: int) -> tuple[bytes, bool]:
    coder = brotli.Decompressor()
    return coder.process(body, output_buffer_limit=most), coder.is_finished()


def _unzstandarded(body: bytes, most: int) -> tuple[bytes, bool]:
    coder = zstd.ZstdDecompressor()
    return coder.decompress(body, most), coder.eof


_DECODERS: dict[str, Callable[[bytes, int], tuple[bytes, bool]]] = {
    "identity": lambda body, most: (body, True),
    "gzip": _unzipped,
    "x-gzip": _unzipped,
    "deflate": _inflated,
    "br": _unbrotlied,
    "zstd": _unzstandarded,
}
