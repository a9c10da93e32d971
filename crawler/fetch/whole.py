"""Whether a packed body is all there. Scrapy takes what it can get out of a cut one, and half an article is none."""

import sys
import zlib

import brotli
from scrapy.exceptions import ResponseDataLossError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_CHUNK = 65536  # bytes of what comes out at once: none of it is kept


def check_whole(body: bytes, encoding: bytes) -> None:
    """
    Args:
        body: that Scrapy could decode, and so no larger than its limit once decoded.
        encoding: one of Content-Encoding's.

    Raises:
        ResponseDataLossError: it ends before its end.
    """
    ends = _ENDS.get(encoding)
    if ends is not None and not ends(body):
        raise ResponseDataLossError(f"it is cut off: {len(body)} bytes are not all of it")


def _gzip_ends(body: bytes) -> bool:
    """Its first member alone: what some servers send behind it is no gzip at all."""
    return _zlib_ends(body, zlib.MAX_WBITS | 16)


def _deflate_ends(body: bytes) -> bool:
    try:
        return _zlib_ends(body, zlib.MAX_WBITS)
    except zlib.error:
        return _zlib_ends(body, -zlib.MAX_WBITS)  # without its head, as Microsoft's servers sent it


def _zlib_ends(body: bytes, wbits: int) -> bool:
    stream, rest = zlib.decompressobj(wbits), body
    while rest and not stream.eof:
        stream.decompress(rest, _CHUNK)
        rest = stream.unconsumed_tail
    if not stream.eof:
        stream.flush()
    return stream.eof


def _brotli_ends(body: bytes) -> bool:
    stream = brotli.Decompressor()
    came = stream.process(body, output_buffer_limit=_CHUNK)
    while came and not stream.is_finished():
        came = stream.process(b"", output_buffer_limit=_CHUNK)
    return bool(stream.is_finished())


def _zstd_ends(body: bytes) -> bool:
    stream = zstd.ZstdDecompressor()
    stream.decompress(body, _CHUNK)
    while not stream.eof and not stream.needs_input:
        stream.decompress(b"", _CHUNK)
    return stream.eof


_ENDS = {
    b"gzip": _gzip_ends,
    b"x-gzip": _gzip_ends,
    b"deflate": _deflate_ends,
    b"br": _brotli_ends,
    b"zstd": _zstd_ends,
}
