"""Two hundred broken, odd and hostile documents for each parser: a result that keeps its laws, or a declared error."""

import sys

import pytest
from fuzz.grammar import bodies
from fuzz.long import some_of
from fuzz.targets import TARGETS
from fuzz.watch import MemoryHogError, limited_memory, limited_time
from hypothesis import HealthCheck, given, settings

CASES = 200


@pytest.mark.parametrize("name", TARGETS)
def test_a_parser_gives_a_lawful_result_or_a_declared_error(name):
    target = TARGETS[name]

    @settings(
        max_examples=CASES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(bodies(target))
    def fire(data):
        with limited_time():
            target.try_with(data)

    with limited_memory():
        fire()


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_the_guard_sees_what_is_held_and_let_go():
    with pytest.raises(MemoryHogError), limited_memory(30):
        len(b"x" * 60_000_000)
    with limited_memory(30):
        len(b"x" * 1_000_000)


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus_itself_is_read(name):
    target = TARGETS[name]
    assert target.corpus
    read = 0
    for data in target.corpus:
        with limited_time():
            read += target.try_with(data) is not None
    assert read


@pytest.mark.parametrize(("minutes", "most"), [(0, 1), (1, 3), (4, 15), (30, 29)])
def test_a_short_time_is_given_to_some_targets_and_a_long_one_to_all(minutes, most):
    names = [f"target-{number:02}" for number in range(29)]
    chosen = some_of(names, minutes * 60)
    assert len(chosen) == most
    assert set(chosen) <= set(names)
