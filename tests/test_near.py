"""What is named instead of a name nobody knows."""

import pytest

from crawler.cli.near import nearest

MANY = [f"source-{number}" for number in range(35)]


@pytest.mark.parametrize(
    ("asked", "known", "told"),
    [
        pytest.param("crwal", ["crawl", "status"], "did you mean crawl?", id="one is like it"),
        pytest.param("x", ["alpha", "beta"], "there are: alpha, beta", id="few, none like it"),
        pytest.param("x", [], "there is none yet", id="none"),
    ],
)
def test_the_nearest_is_named(asked, known, told):
    assert nearest(asked, known) == told


def test_of_many_the_nearest_few_are_named_and_how_many_there_are():
    told = nearest("xx3", MANY)
    assert told.startswith("there are 35, the nearest: ")
    assert told.count("source-") == 5
