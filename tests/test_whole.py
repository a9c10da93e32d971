"""A packed body that was cut, anywhere, is not whole."""

import gzip
import zlib

import brotli
import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st
from scrapy import Request
from scrapy.http import Response

from crawler.fetch.codings import EncodingError, undone
from crawler.fetch.decoding import BodyDecoder
from crawler.fetch.middlewares import DecompressionMiddleware

MOST = 1_000_000


def raw_deflate(body):
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


PACKED = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "deflate without its head": raw_deflate,
    "br": brotli.compress,
    "zstd": zstd.compress,
}
BODIES = st.binary(min_size=1, max_size=300) | st.integers(1, 400_000).map(
    lambda size: bytes(range(256)) * (size // 256 + 1)
)


@pytest.mark.parametrize("name", PACKED)
@given(body=BODIES, data=st.data())
@settings(max_examples=60, deadline=None)
def test_what_is_whole_passes_and_what_is_cut_does_not(name, body, data):
    packed, coding = PACKED[name](body), name.split(" ")[0]
    assert undone(packed, coding, most=MOST) == (body, True)
    cut = data.draw(st.integers(1, len(packed) - 1))
    read, is_whole = undone(packed[:cut], coding, most=MOST)
    assert (body.startswith(read), is_whole) == (True, False)
    most = data.draw(st.integers(1, len(body)))
    assert undone(packed, coding, most=most)[0] == body[:most]


@pytest.mark.parametrize(
    ("behind", "read", "is_whole"),
    [
        (b"\0" * 40, b"a" * 9, True),
        (b"\x1f\x8bnonsense", b"a" * 9, True),
        (gzip.compress(b"b"), b"a" * 9 + b"b", True),
        (gzip.compress(b"b")[:-3], b"a" * 9 + b"b", False),
        (gzip.compress(b"") * 99, b"a" * 9, True),
        (gzip.compress(b"") * 200, b"a" * 9, False),
    ],
    ids=["zeroes", "nonsense", "a second", "half a second", "many", "more than anybody sends"],
)
def test_what_follows_a_whole_body(behind, read, is_whole):
    assert undone(gzip.compress(b"a" * 9) + behind, "gzip", most=MOST) == (read, is_whole)


def test_several_frames_of_zstd_are_one_body():
    assert undone(zstd.compress(b"a") + zstd.compress(b"b"), "zstd", most=MOST) == (b"ab", True)


@pytest.mark.parametrize("codings", ["compress", "gzip, compress"])
def test_a_coding_that_nobody_decodes_is_left(codings):
    left = BodyDecoder(MOST).decode("https://a.example/", (("Content-Encoding", codings),), b"\0anything")
    assert (left.body, left.headers["Content-Encoding"]) == (b"\0anything", codings.encode())
    with pytest.raises(EncodingError, match="nobody asked for"):
        undone(b"anything", "compress", most=MOST)


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_is_none_that_was_cut(status):
    response = Response("https://a.example/", status=status, headers={"Content-Encoding": "gzip"})
    assert DecompressionMiddleware(MOST).process_response(Request("https://a.example/"), response) is response
