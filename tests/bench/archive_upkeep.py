"""How long the upkeep of the archive takes, and how much memory `verify` holds, by the number of articles.

    python tests/bench/archive_upkeep.py 1000 10000

Articles are generated: 2,150 characters of text each, as in the measurements of the search index; one in ten is a
copy. Every number is of one process on this machine.
"""

import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from crawler.config.models import Config
from crawler.database import Database, sqlite_url
from crawler.tables import article, copy, endpoint, entry, run, version
from pipelines.archive.files import archive_path
from pipelines.archive.rebuild import Rebuild
from pipelines.archive.retention import Retention
from pipelines.archive.store import Archive
from pipelines.copies.fingerprint import text_hash

START = datetime(2025, 1, 1, tzinfo=UTC)
HAN = [chr(code) for code in range(0x4E00, 0x5E00)]


def a_text(random_source: random.Random) -> str:
    return "\n".join("".join(random_source.choices(HAN, k=214)) + "。" for _ in range(10))


def fill(database: Database, config: Config, count: int) -> None:
    source = random.Random(count)
    with database.write() as connection:
        connection.execute(insert(run).values(id=1, command="bench", process=1, started=START, ended=START))
        connection.execute(
            insert(endpoint).values(id=1, source="bench", url="https://a.example/feed", host="a.example")
        )
        for number in range(1, count + 1):
            original = number - 1 if number % 10 == 0 else None
            add(connection, config, number, original, a_text(source))


def add(connection, config, number, original, text):
    kept_at, title = START + timedelta(minutes=10 * number), "".join(text[:20])
    key, url = f"url:a.example/{number}", f"https://a.example/{number}"
    place = {"source": "bench", "title": title, "authors": [], "url": url}
    outcome = "kept" if original is None else "copy"
    hashed = text_hash(text, title)
    seen = {"endpoint": 1, "host": "a.example", "first_seen": kept_at, "first_run": 1, "outcome": outcome}
    connection.execute(insert(entry).values(id=number, key=key, **place, **seen))
    path = archive_path(source="bench", title=title, key=key, day=kept_at, zone=config.settings.zone)
    connection.execute(
        insert(article).values(
            entry=number, **place, outcome=outcome, final_key=key, published=None, datings=[], fetched=kept_at,
            kept_at=kept_at, verdicts=[], themes=[], images=[], extractor="bench 1", text_hash=hashed,
            representative=original, path=path.as_posix(),
        )
    )  # fmt: skip
    words = {"title": title, "markdown": text.replace("\n", "\n\n"), "text": text, "text_hash": hashed}
    connection.execute(insert(version).values(entry=number, number=1, seen=kept_at, **words))
    if original is not None:
        found = {"level": "same_text", "measure": 1.0, "found": kept_at}
        connection.execute(insert(copy).values(entry=number, original=original, **found))


def timed(work):
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def verify_as_a_person_would(folder: Path) -> tuple[float, float]:
    """Seconds of the whole command, and the most megabytes it held."""
    (folder / "config").mkdir()
    command = [
        sys.executable,
        "-m",
        "crawler.cli",
        "--config",
        folder / "config",
        "--data",
        folder,
        "archive",
        "verify",
    ]
    seconds, _ = timed(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def one(count: int) -> str:
    with tempfile.TemporaryDirectory() as work:
        folder, config = Path(work), Config(folder=Path(work))
        database = Database.open(sqlite_url(folder / "presswatch.db"))
        fill(database, config, count)
        archive = Archive(database, folder / "archive", config, lambda: START)
        rebuilt, _ = timed(
            lambda: Rebuild(database, folder / "archive", config, archive).run(
                everything=False, watch=lambda path: None
            )
        )
        nothing, _ = timed(lambda: Retention(database, folder / "archive", config).apply(START + timedelta(days=1)))
        verified, memory = verify_as_a_person_would(folder)
        compacted, _ = timed(database.scrub)
        size = (folder / "presswatch.db").stat().st_size / 1_000_000
        database.close()
    return (
        f"| {count} | {size:.0f} | {rebuilt:.1f} | {verified:.1f} | {memory:.0f} | {nothing * 1000:.1f} "
        f"| {compacted:.1f} |"
    )


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        print(one(int(sys.argv[2])))
        return
    columns = "database MB | rebuild s | verify s | verify's peak MB | retention, nothing due, ms | scrub s"
    print(f"| articles | {columns} |")
    print("|--:|--:|--:|--:|--:|--:|--:|", flush=True)
    for count in sys.argv[1:]:  # each in a process of its own, so that the memory is its own
        subprocess.run([sys.executable, __file__, "--one", count], check=True)


if __name__ == "__main__":
    main()
