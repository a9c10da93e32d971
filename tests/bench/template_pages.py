"""What is read of pages that carry labels: text, title, pictures, time.

    python tests/bench/template_pages.py FOLDER

FOLDER holds pages and `labels.jsonl` (page, template, title, published or null, text, neutral, counts.images). Text is
compared by runs of four tokens, a Chinese character or a word each; what is neutral counts on neither side.
"""

import json
import re
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path

from crawler.config.models import Source
from crawler.items import Article, Entry, Page, PendingEntry
from pipelines.extract.extract import extract
from pipelines.text import comparable

_TOKEN = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+")
_SOURCE = Source(name="pages", kind="feed", endpoints=[{"url": "https://pages.example/feed"}])
_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def runs(text):
    tokens = _TOKEN.findall(text)
    return Counter(tuple(tokens[start : start + 4]) for start in range(max(1, len(tokens) - 3)))


def without(text, neutral):
    for line in sorted(neutral, key=len, reverse=True):  # one may lie within another
        pattern = r"\W*".join(map(re.escape, _TOKEN.findall(line)))
        text = re.sub(pattern, "\n", text) if pattern else text
    return text


def read(body, url):
    entry = Entry(key=f"url:{url}", url=url)
    pending = PendingEntry(id=1, source="pages", host="pages.example", entry=entry, first_seen=_NOW)
    return extract(
        Page(pending=pending, url=url, status=200, content_type="text/html", body=body, fetched_at=_NOW), _SOURCE
    )


def main():
    folder = Path(sys.argv[1])
    labels = [json.loads(line) for line in (folder / "labels.jsonl").read_text("utf-8").splitlines()]
    sums = defaultdict(list)
    for label in labels:
        name = label["page"]
        found = read((folder / name).read_bytes(), f"https://pages.example/{name}")
        if not isinstance(found, Article):
            print(f"{name}: {found.outcome}: {found.reason}")
            sums[label["template"]].append((0, 0, 0, 0, 0))
            continue
        truth, got = (runs(without(text, label["neutral"])) for text in (label["text"], found.text))
        common = sum((truth & got).values())
        recall, precision = common / truth.total(), common / max(1, got.total())
        title = comparable(found.title) == comparable(label["title"])
        shown = found.published.at.strftime("%Y-%m-%d %H:%M:%S") if found.published else None
        dated = (shown or "")[:16] == (label["published"] or "")[:16]
        pictures = found.markdown.count("![")
        images = pictures / max(1, label["counts"]["images"]) if label["counts"]["images"] else 1
        sums[label["template"]].append((recall, precision, title, dated, min(1, images)))
        print(
            f"{name}: recall {recall:.4f} precision {precision:.4f} images {pictures}/"
            f"{label['counts']['images']} title {'yes' if title else found.title!r} "
            f"published {'yes' if dated else shown!r} by {found.extractor}"
        )
    for template, rows in sums.items():
        means = [sum(values) / len(values) for values in zip(*rows, strict=True)]
        print("{}: recall {:.4f} precision {:.4f} title {:.2f} published {:.2f} images {:.2f}".format(template, *means))


if __name__ == "__main__":
    main()
