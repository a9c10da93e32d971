"""The tree of a page."""

import pytest

from crawler.markup import parse, text_of


@pytest.mark.parametrize(
    "text",
    [
        "<html><body><p>甲</p></body></html><p>乙</p>",
        "<html><head></head></html><body><p>甲</p></BODY ><p>乙</p></html>",
        "<p>甲</p><p>乙",
    ],
)
def test_what_stands_behind_an_early_end_is_read_on_as_browsers_do(text):
    assert text_of(parse(text)) == "甲 乙"
