"""How well a config's theme words tell labelled headlines apart.

    python tests/quality/themes.py FILE.jsonl [--config DIR] [--stream FILE.jsonl]

FILE has lines {"title", "text"?, "label": on|borderline|off}; borderline counts in neither class. A headline's score is
that of its best theme, divided by the theme's floor; 0 when it is vetoed. --stream tells, of unlabelled lines
{"title"}, how many each theme takes.
"""

import argparse
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from crawler.config.load import load_config
from crawler.config.places import shipped_config
from pipelines.themes.judge import LEAD, Judge

Scored = tuple[float, bool]  # a score, and whether it belongs to the class that is looked for


def auc(scored: Sequence[Scored]) -> float:
    """The chance that one of the class scores higher than one that is not; an equal score is half a chance."""
    wanted = [score for score, is_on in scored if is_on]
    others = [score for score, is_on in scored if not is_on]
    won = sum((one > other) + (one == other) / 2 for one in wanted for other in others)
    return won / (len(wanted) * len(others))


def precisions(scored: Sequence[Scored]) -> Iterator[tuple[float, float]]:
    """Recall and precision at each threshold, the highest first; equal scores pass together."""
    wanted = sum(is_on for _, is_on in scored)
    for threshold in sorted({score for score, _ in scored}, reverse=True):
        passed = [is_on for score, is_on in scored if score >= threshold]
        yield sum(passed) / wanted, sum(passed) / len(passed)


def average_precision(scored: Sequence[Scored]) -> float:
    """The precisions, each weighed by how much the recall grows at it."""
    total = before = 0.0
    for recall, precision in precisions(scored):
        total, before = total + (recall - before) * precision, recall
    return total


def precision_at_recall(scored: Sequence[Scored], least: float) -> float:
    """The best precision of the thresholds at which at least this share is found."""
    return max(precision for recall, precision in precisions(scored) if recall >= least)


def score_of(judge: Judge, title: str, text: str) -> float:
    verdicts = judge.judge(title, text[:LEAD], text)
    return max(0.0 if verdict.vetoed_by else verdict.score / verdict.floor for verdict in verdicts)


def measured(judge: Judge, rows: Sequence[dict[str, str]]) -> dict[str, float]:
    scored = [
        (score_of(judge, row["title"], row.get("text", "")), row["label"] == "on")
        for row in rows
        if row["label"] != "borderline"
    ]
    taken = [is_on for score, is_on in scored if score >= 1]
    return {
        "auc": auc(scored),
        "average_precision": average_precision(scored),
        "precision_at_recall_90": precision_at_recall(scored, 0.9),
        "recall_at_floor": sum(taken) / sum(is_on for _, is_on in scored),
        "precision_at_floor": sum(taken) / max(1, len(taken)),
    }


def read_lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("file", type=Path)
    options.add_argument("--config", type=Path, default=shipped_config())
    options.add_argument("--stream", type=Path)
    given = options.parse_args()
    judge, rows = Judge(load_config(given.config, environ=os.environ).themes), read_lines(given.file)
    print(" ".join(f"{label} {count}" for label, count in Counter(row["label"] for row in rows).items()))
    for name, value in measured(judge, rows).items():
        print(f"  {name:24}{value:.3f}")
    if given.stream:
        tell_stream(judge, [row["title"] for row in read_lines(given.stream)])


def tell_stream(judge: Judge, titles: Sequence[str]) -> None:
    themes = [{verdict.theme for verdict in judge.judge(title, "", "") if verdict.on_theme} for title in titles]
    print(f"stream: {sum(map(bool, themes))} of {len(titles)} taken")
    for name, count in Counter(name for taken in themes for name in taken).most_common():
        print(f"  {name:24}{count}")


if __name__ == "__main__":
    main()
