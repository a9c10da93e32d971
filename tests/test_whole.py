"""A packed body that was cut, anywhere, is not whole."""

import gzip
import sys
import zlib

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scrapy.exceptions import ResponseDataLossError

from crawler.fetch.whole import check_whole

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


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
    packed, encoding = PACKED[name](body), name.split(" ")[0].encode()
    check_whole(packed, encoding)
    cut = data.draw(st.integers(1, len(packed) - 1))
    with pytest.raises(ResponseDataLossError):
        check_whole(packed[:cut], encoding)


def test_what_follows_a_whole_body_is_no_fault():
    check_whole(gzip.compress(b"x" * 100_000) + b"\0" * 40, b"gzip")


def test_a_coding_that_nobody_decodes_is_not_judged():
    check_whole(b"anything", b"compress")
