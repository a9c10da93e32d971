"""Twice the document takes at most three times as long: shapes that once took a parser hours."""

import pytest
from fuzz.doubling import BAITS, growth
from fuzz.targets import TARGETS

# Each found quadratic, or as likely to become it again.
SHAPES = [
    ("scripts", "spaced"),
    ("scripts", "strings in a list"),
    ("scripts", "quotes"),
    ("json_list", "escaped quotes"),
    ("linked_data", "escaped quotes"),
    ("scripts", "assigned quotes"),
    ("scripts", "escaped quotes"),
    ("mirror_list", "row of brackets"),
    ("mirror_list", "row of copies"),
]


@pytest.mark.parametrize(("name", "shape"), SHAPES)
def test_time_grows_with_the_document_and_not_with_its_square(name, shape):
    size, times, seconds = growth(TARGETS[name], BAITS[name][shape], largest=256 * 1024, most=10)
    assert times < 3, f"{size} bytes took {seconds:.2f} s, {times:.1f} times as long as half of it"
