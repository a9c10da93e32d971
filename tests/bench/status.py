"""How long `presswatch status` takes, by the number of entries.

    python tests/bench/status.py 10000 100000

The ledger is invented: twenty sources polled every half hour for a hundred days by live runs, one of them failing,
300 entries pending, an article with ten verdicts behind each of the others, three domains asked a day for each source.
Each number is CPU time, user and system: the median of nine readings in one process, and of five processes of the whole
command; the database in the page cache.
"""

import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import yaml
from sqlalchemy import Connection, insert

from crawler.config.load import load_config
from crawler.config.models import Config
from crawler.database import Database, sqlite_url
from crawler.tables import article, book, digest, endpoint, entry, run, sighting, traffic
from pipelines.health.status import status_of

NOW = datetime(2025, 3, 3, 4, 10, tzinfo=UTC)
DAYS, PENDING, BATCH = 100, 300, 5000
RUNS = DAYS * 48
START = NOW - timedelta(days=DAYS)
NAMES = [f"source{number:02}" for number in range(20)]
SICK = NAMES[3]
HOSTS = ("", "m.", "cdn.")
ERROR = "the server has an error: HTTP 503"


def write_config(folder: Path) -> None:
    (folder / "sources").mkdir(parents=True)
    for name in NAMES:
        source = {"name": name, "kind": "feed", "endpoints": [{"url": f"https://{name}.example/feed"}]}
        (folder / "sources" / f"{name}.yaml").write_text(yaml.safe_dump(source))
    theme = {"name": "robots", "title": "robots", "seeds": [{"title": "one"}], "words": {"plain": ["robot"]}}
    (folder / "themes.yaml").write_text(yaml.safe_dump({"themes": [theme]}))
    (folder / "subscriptions.yaml").write_text(yaml.safe_dump({"subscriptions": [{"name": "daily"}]}))


def fill(connection: Connection, count: int) -> None:
    source = random.Random(count)
    runs = [START + number * timedelta(minutes=30) for number in range(RUNS)]
    connection.execute(
        insert(run),
        [
            {"command": "crawl", "process": 1, "started": at, "ended": at + timedelta(minutes=1), "live": True}
            for at in runs
        ],
    )
    for number in range(1, RUNS + 1):
        connection.execute(insert(book), [a_book(number, name) for name in NAMES])
    connection.execute(
        insert(traffic), [a_cost(day, name, host) for day in range(DAYS) for name in NAMES for host in HOSTS]
    )
    connection.execute(insert(endpoint), [an_endpoint(name) for name in NAMES])
    for first in range(0, count, BATCH):
        rows = [a_row(number, count, source.choice(NAMES)) for number in range(first, min(count, first + BATCH))]
        connection.execute(insert(entry), rows)
        connection.execute(insert(sighting), [a_sighting(row) for row in rows])
        connection.execute(insert(article), [an_article(row) for row in rows if row["outcome"]])
    cut = NOW - timedelta(hours=4)
    cuts = {"cut_from": cut - timedelta(days=1), "cut_to": cut, "issued": cut}
    connection.execute(insert(digest).values(subscription="daily", date="2025-03-03", **cuts))


def a_book(number: int, name: str) -> dict:
    fails = name == SICK and number > RUNS - 200
    error = f"https://{name}.example/feed: {ERROR}" if fails else ""
    found = {"found": 1, "kept": 1, "carried_out": 0}
    return {"run": number, "source": name, **found, "polls": 1, "polls_failed": int(fails), "error": error}


def a_cost(back: int, name: str, host: str) -> dict:
    day = (NOW - timedelta(days=back)).date()
    return {"day": day, "source": name, "host": f"{host}{name}.example", "requests": 100, "bytes": 5_000_000}


def an_endpoint(name: str) -> dict:
    failing = {"last_outcome": "failed", "failures": 3.0, "last_error": ERROR}
    well = {"last_outcome": "known", "failures": 0.0, "last_error": ""}
    return {
        "source": name, "url": f"https://{name}.example/feed", "host": f"{name}.example", "first_polled": START,
        "last_polled": NOW, "last_success": NOW - timedelta(days=5), "last_new": NOW,
        "next_due": NOW + timedelta(minutes=20), **(failing if name == SICK else well),
    }  # fmt: skip


def a_row(number: int, count: int, name: str) -> dict:
    seen = START + timedelta(days=DAYS) * (number / count)
    ended = number < count - PENDING
    return {
        "id": number + 1, "key": f"url:{name}.example/{number}", "source": name, "endpoint": NAMES.index(name) + 1,
        "host": f"{name}.example", "url": f"https://{name}.example/{number}", "title": "机器人进厂" * 4,
        "summary": "工程师在旁记录。" * 8, "authors": [], "first_seen": seen, "first_run": 1,
        "outcome": "kept" if ended else None, "ended": seen if ended else None, "ended_run": 1 if ended else None,
    }  # fmt: skip


def a_sighting(row: dict) -> dict:
    return {"endpoint": row["endpoint"], "key": row["key"], "first_seen": row["first_seen"], "last_seen": NOW}


def an_article(row: dict) -> dict:
    verdicts = [{"theme": f"theme{n}", "score": 1.0, "floor": 3.0, "hits": [], "vetoed_by": ""} for n in range(10)]
    return {
        "entry": row["id"], "source": row["source"], "outcome": "kept", "title": row["title"], "authors": [],
        "url": row["url"], "final_key": row["key"], "datings": [], "fetched": row["first_seen"],
        "kept_at": row["first_seen"], "verdicts": verdicts, "themes": ["robots"], "images": [], "extractor": "x",
        "text_hash": str(row["id"]),
    }  # fmt: skip


def readings(database: Database, config: Config, name: str) -> Iterator[float]:
    for _ in range(9):
        began = time.process_time()
        with database.read() as connection:
            status_of(connection, config, NOW, name=name)
        yield time.process_time() - began


def whole_command(folder: Path) -> float:
    places = ["--config", str(folder / "config"), "--data", str(folder / "data"), "--now", NOW.isoformat()]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "crawler.cli", *places, "status"], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(folder: Path, count: int) -> None:
    write_config(folder / "config")
    (folder / "data").mkdir()
    config = load_config(folder / "config", environ={})
    database = Database.open(sqlite_url(folder / "data" / "presswatch.db"))
    with database.write() as connection:
        fill(connection, count)
    whole, one = median(readings(database, config, "")), median(readings(database, config, SICK))
    database.close()
    command = median(whole_command(folder) for _ in range(5))
    print(f"{count:>8} entries: all {whole:.3f} s, one source {one:.3f} s, the whole command {command:.2f} s")


def main() -> None:
    for count in map(int, sys.argv[1:] or ("10000", "100000")):
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder), count)


if __name__ == "__main__":
    main()
