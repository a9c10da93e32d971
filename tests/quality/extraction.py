"""How well texts and days are read off labelled pages.

    python tests/quality/extraction.py FOLDER

FOLDER holds labels.jsonl, a page a line: {"set", "page": a file below FOLDER, gzipped or not, "url", "text",
"published"}. Texts are compared as the article-extraction-benchmark does: shingles of four words as multisets, each
Han character a word; precision and recall are means over the pages of a set, F1 is that of the means. Days are counted
where the label is a full one.
"""

import argparse
import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from crawler.config.models import Source
from crawler.items import Article, Entry, Page, PendingEntry
from pipelines.extract.extract import extract

_WORD = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]|[^\W\u3400-\u9fff\uf900-\ufaff]+")
_FULL_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_READ = datetime(2026, 1, 1, tzinfo=UTC)  # later than any page
_NOBODY = Source(name="labelled", kind="feed", endpoints=[{"url": "https://labelled.example/"}])


@dataclass(frozen=True, kw_only=True)
class Score:
    precision: float
    recall: float
    day: str  # right, wrong, unknown; "" where the label is no full day


def score(folder: Path, label: dict[str, Any]) -> Score:
    found = read(folder / label["page"], label.get("url") or "https://labelled.example/page")
    got, wanted = shingles(found.text if found else ""), shingles(label["text"])
    same = (got & wanted).total()
    return Score(
        precision=same / got.total() if got else 0.0,
        recall=same / wanted.total() if wanted else 0.0,
        day=_day(found, str(label.get("published") or "")),
    )


def read(file: Path, url: str) -> Article | None:
    body = file.read_bytes()
    body = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
    entry = PendingEntry(id=1, source="labelled", host="", entry=Entry(key="", url=url), first_seen=_READ)
    page = Page(pending=entry, url=url, status=200, content_type="text/html", body=body, fetched_at=_READ)
    found = extract(page, _NOBODY, keeps=False)
    return found if isinstance(found, Article) else None


def shingles(text: str) -> Counter[tuple[str, ...]]:
    words = _WORD.findall(text)
    return Counter(tuple(words[at : at + 4]) for at in range(max(1, len(words) - 3))) if words else Counter()


def _day(found: Article | None, label: str) -> str:
    full = _FULL_DAY.match(label)
    if full is None:
        return ""
    if found is None or found.published is None:
        return "unknown"
    return "right" if found.published.at.date() == date(*map(int, full.groups())) else "wrong"


def lines(scores: dict[str, list[Score]]) -> Iterator[str]:
    for name, found in scores.items():
        precision = sum(one.precision for one in found) / len(found)
        recall = sum(one.recall for one in found) / len(found)
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        days = Counter(one.day for one in found if one.day)
        told = ", ".join(f"{days[word]} {word}" for word in ("right", "wrong", "unknown")) if days else "no full labels"
        yield f"{name}: {len(found)} pages, precision {precision:.4f}, recall {recall:.4f}, F1 {f1:.4f}; days: {told}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    folder = parser.parse_args().folder
    scores: dict[str, list[Score]] = defaultdict(list)
    for line in (folder / "labels.jsonl").read_text(encoding="utf-8").splitlines():
        label = json.loads(line)
        scores[label["set"]].append(score(folder, label))
    print("\n".join(lines(scores)))


if __name__ == "__main__":
    main()
