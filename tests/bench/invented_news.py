"""Invented Chinese articles in any number, the same at every call: words drawn as Zipf's law has them in real text."""

import random
from itertools import accumulate
from typing import NamedTuple

from sqlalchemy import insert

from archive_rows import NOON, HOUR, Rows, a_dating, a_verdict  # isort: skip
from crawler.tables import article, entry, version

CHARACTERS = [chr(code) for code in range(0x4E00, 0x4E00 + 3500)]
LATIN = ("DeepSeek", "GPT-4o", "Optimus", "AI", "R1", "Figure", "SpaceX", "LLM", "CEO", "5G")
SOURCES = ("chenfeng", "xinchao", "jinghe", "haitang", "guanlan")
THEMES = ("humanoid", "space")
WORDS = 30_000
LENGTHS = ((1, 0.06), (2, 0.66), (3, 0.15), (4, 0.13))  # of words, in characters: about those of a news dictionary


class Written(NamedTuple):
    """Titles and texts."""

    characters: int
    size: int  # bytes


class Press:
    """Writes articles of about `length` characters."""

    def __init__(self, *, length: int = 2000, seed: int = 7) -> None:
        self._random = random.Random(seed)
        self._length = length
        by_use = list(accumulate(1 / (rank + 20) for rank in range(len(CHARACTERS))))
        sizes = self._random.choices(*zip(*LENGTHS, strict=True), k=WORDS)
        self.words = ["".join(self._random.choices(CHARACTERS, cum_weights=by_use, k=size)) for size in sizes]
        self._by_use = list(accumulate(1 / (rank + 3) for rank in range(WORDS)))

    def title(self) -> str:
        return "".join(self._draw(9))

    def text(self) -> str:
        sentences, written = [], 0
        while written < self._length:
            sentence = self._sentence()
            written += len(sentence)
            sentences.append(sentence)
        return "\n".join("".join(sentences[place : place + 5]) for place in range(0, len(sentences), 5))

    def _sentence(self) -> str:
        words = self._draw(self._random.randint(8, 24))
        if self._random.random() < 0.2:
            words[self._random.randrange(len(words))] = self._random.choice(LATIN)
        half = len(words) // 2
        return "".join([*words[:half], "，", *words[half:], "。"])

    def _draw(self, count: int) -> list[str]:
        return self._random.choices(self.words, cum_weights=self._by_use, k=count)


def store(rows: Rows, press: Press, first: int, count: int) -> Written:
    """Write `count` articles from number `first` on, none of them indexed; every tenth is a copy of the one before.

    Returns:
        How much text that was.
    """
    texts = [(press.title(), press.text()) for _ in range(count)]
    facts = [_facts(number, title) for number, (title, _) in enumerate(texts, first)]
    origin = {"endpoint": rows.an_endpoint(), "first_run": rows.run}
    rows.connection.execute(insert(entry), [{**_entry(row), **origin} for row in facts])
    rows.connection.execute(insert(article), facts)
    versions = [
        {"entry": number, "number": 1, "seen": NOON, "title": title, "text": text, "markdown": text, "text_hash": "h"}
        for number, (title, text) in enumerate(texts, first)
    ]
    rows.connection.execute(insert(version), versions)
    written = "".join(title + text for title, text in texts)
    return Written(characters=len(written), size=len(written.encode()))


def _entry(row: dict) -> dict:
    return {
        "id": row["entry"],
        "key": row["final_key"],
        "source": row["source"],
        "host": "bench.example",
        "url": row["url"],
        "title": row["title"],
        "outcome": row["outcome"],
        "first_seen": NOON,
    }


def _facts(number: int, title: str) -> dict:
    kept_at = NOON + number * HOUR / 10
    is_copy = number % 10 == 0
    theme = THEMES[number % len(THEMES)]
    return {
        "entry": number,
        "source": SOURCES[number % len(SOURCES)],
        "outcome": "copy" if is_copy else "kept",
        "title": title,
        "authors": ["林一舟"],
        "url": f"https://bench.example/{number}",
        "final_key": f"url:bench.example/{number}",
        "published": a_dating(kept_at - HOUR).to_json(),
        "datings": [a_dating(kept_at - HOUR).to_json()],
        "fetched": kept_at,
        "kept_at": kept_at,
        "verdicts": [a_verdict(theme).to_json(), a_verdict("other", score=1.0).to_json()],
        "themes": [theme],
        "images": [],
        "extractor": "trafilatura 2.3.1",
        "text_hash": f"bench{number}",
        "representative": number - 1 if is_copy else None,
        "filed": True,
    }
