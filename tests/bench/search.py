"""How long the search index takes to build, how large it is, how fast it answers, and how that grows.

    python tests/bench/search.py [--articles 10000,100000] [--length 2000] [--folder DIR]

Each size is a database of its own below DIR, made of invented articles (invented_news.py) and removed afterwards. Cold
means: the first query of a new process's connection after the system was asked to drop the file from its memory.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parent.parent))

from archive_rows import Rows
from invented_news import Press, store
from sqlalchemy import text

from crawler.database import Database, sqlite_url
from pipelines.search.find import search
from pipelines.search.index import index_missing
from pipelines.search.model import Filters, Order, Search
from pipelines.search.tokens import tokens

ZONE = ZoneInfo("Asia/Shanghai")
WARM = 15  # times each query is asked once it is warm
SIZES = text("SELECT sum(pgsize) FROM dbstat WHERE name LIKE 'search_index%'")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--articles", default="10000,100000")
    options.add_argument("--length", type=int, default=2000, help="characters of an article")
    options.add_argument("--folder", default=None)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        measured = [measure(Path(folder), int(size), given.length) for size in given.articles.split(",")]
    if len(measured) > 1:
        tell_growth(measured[0], measured[-1])


def measure(folder, size, length):
    press, path = Press(length=length), folder / f"{size}.db"
    database = Database.open(sqlite_url(path))
    characters, written = fill(database, press, size)
    facts = build(database, size, written)
    print(f"\n{size} articles, {characters / size:.0f} characters each, {written / 1e6:.0f} MB of text")
    print(f"  tokens        {tokenizer_ms(press):6.2f} ms for 2,000 characters")
    print(f"  indexing      {facts['cpu_ms']:6.2f} ms of processor an article ({facts['ms']:.2f} ms by the clock)")
    print(f"  index / text  {facts['share']:6.2f}")
    database.close()
    print(f"  {'query':34}{'found':>8}{'cold':>9}{'median':>9}{'p95':>9}   ms")
    facts["queries"] = {name: ask(path, name, asked) for name, asked in questions(press).items()}
    path.unlink()
    return facts


def fill(database, press, size):
    characters = written = 0
    with database.write() as connection:
        rows = Rows(connection)
    for first in range(1, size + 1, 500):
        with database.write() as connection:
            rows.connection = connection
            more = store(rows, press, first, min(500, size + 1 - first))
            characters, written = characters + more.characters, written + more.size
    return characters, written


def build(database, size, written):
    clock, processor = time.perf_counter(), time.process_time()
    more = True
    while more:
        with database.write() as connection:
            more = index_missing(connection, 200)
    facts = {"ms": (time.perf_counter() - clock) / size * 1e3, "cpu_ms": (time.process_time() - processor) / size * 1e3}
    with database.read() as connection:
        facts["share"] = connection.scalar(SIZES) / written
    return facts


def tokenizer_ms(press):
    texts = [press.text()[:2000] for _ in range(200)]
    tokens("".join(texts))  # each character once
    started = time.process_time()
    for one in texts:
        tokens(one)
    return (time.process_time() - started) / len(texts) * 1e3


def questions(press):
    """Name → what is asked. The words of the vocabulary stand in it by how often they are used."""
    by_length = {size: [word for word in press.words if len(word) == size] for size in (2, 4)}
    common, usual, rare = by_length[2][0], by_length[2][300], by_length[2][8000]
    every, some = Filters(zone=ZONE), Filters(zone=ZONE, sources=("chenfeng",), since=date(2025, 3, 10))
    return {
        "two characters, in every article": Search(query=common, filters=every),
        "two characters, usual": Search(query=usual, filters=every),
        "two characters, rare": Search(query=rare, filters=every),
        "four characters, in every article": Search(query=by_length[4][0], filters=every),
        "four characters, usual": Search(query=by_length[4][300], filters=every),
        "Latin word": Search(query="DeepSeek", filters=every),
        "single character, common": Search(query=common[0], filters=every),
        "single character, usual": Search(query=usual[0], filters=every),
        "phrase": Search(query=f'"{usual}"', filters=every),
        "two words, one excluded": Search(query=f"{common} {usual} -{by_length[2][50]}", filters=every),
        "every article, by source and date": Search(query=common, filters=some),
        "usual, by source and date": Search(query=usual, filters=some),
        "every article, newest first": Search(query=common, filters=every, order=Order.DATE),
    }


def ask(path, name, asked):
    forget(path)
    database = Database(sqlite_url(path))
    times = []
    for _ in range(WARM + 1):
        with database.read() as connection:
            started = time.perf_counter()
            found = search(connection, asked)
            times.append((time.perf_counter() - started) * 1e3)
    database.close()
    cold, warm = times[0], sorted(times[1:])
    facts = {"cold": cold, "median": statistics.median(warm), "p95": warm[round(0.95 * (WARM - 1))]}
    print(f"  {name:34}{found.total:8}{cold:9.1f}{facts['median']:9.1f}{facts['p95']:9.1f}")
    return facts


def forget(path):
    """Ask the system to drop the file from its memory."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def tell_growth(first, last):
    print("\ngrowth from the first size to the last")
    print(f"  indexing an article  x{last['cpu_ms'] / first['cpu_ms']:.2f}")
    print(f"  index / text         x{last['share'] / first['share']:.2f}")
    for name, facts in last["queries"].items():
        before = first["queries"][name]
        print(
            f"  {name:34} median x{facts['median'] / before['median']:.1f}, cold x{facts['cold'] / before['cold']:.1f}"
        )


if __name__ == "__main__":
    main()
