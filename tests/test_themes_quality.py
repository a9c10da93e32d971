"""What the shipped words reach on labelled headlines, and the measures that say so."""

import pytest
from quality.themes import auc, average_precision, measured, precision_at_recall, read_lines
from shared import SHARED, needs_shared

from crawler.config.load import load_config
from crawler.config.places import shipped_config
from pipelines.themes.judge import Judge

ON, OFF = True, False


@pytest.mark.parametrize(
    ("scored", "area", "average", "at_90"),
    [
        pytest.param([(3, ON), (2, ON), (1, OFF)], 1, 1, 1, id="apart"),
        pytest.param([(3, OFF), (2, ON), (1, ON)], 0, (1 / 2 + 2 / 3) / 2, 2 / 3, id="the-wrong-way"),
        pytest.param([(1, ON), (1, OFF)], 1 / 2, 1 / 2, 1 / 2, id="all-alike"),
        pytest.param([(2, ON), (1, ON), (1, OFF), (0, OFF)], 7 / 8, (1 + 2 / 3) / 2, 2 / 3, id="a-tie"),
    ],
)
def test_the_measures(scored, area, average, at_90):
    assert auc(scored) == pytest.approx(area)
    assert average_precision(scored) == pytest.approx(average)
    assert precision_at_recall(scored, 0.9) == pytest.approx(at_90)


def test_borderline_counts_in_neither_class():
    rows = [{"title": "固态电池", "label": "on"}, {"title": "奶茶", "label": "off"}]
    judge = Judge(load_config(shipped_config(), environ={}).themes)
    assert measured(judge, [*rows, {"title": "AI", "label": "borderline"}]) == measured(judge, rows)
    assert set(measured(judge, rows).values()) == {1.0}


@needs_shared("data", "judging", "themes.jsonl")
def test_of_the_labelled_headlines_most_are_taken_and_hardly_another():
    rows = read_lines(SHARED / "data" / "judging" / "themes.jsonl")
    found = measured(Judge(load_config(shipped_config(), environ={}).themes), rows)
    assert found["auc"] >= 0.88
    assert found["recall_at_floor"] >= 0.75
    assert found["precision_at_floor"] >= 0.95
