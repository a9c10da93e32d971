"""An article that is to be forgotten, and whether anything still names it."""

from archive_rows import HOUR, NOON
from house import LONG

from crawler.books import close_run
from crawler.intake import intake_run
from pipelines.archive.verify import verify
from pipelines.seeds.seed import Seed, Shape
from pipelines.seeds.store import SeedStore, source_of

TITLE, URL, BODY = "无人问津的那一篇", "https://chenfeng.example/7", LONG.format("七七四十九")
NEEDLES = {
    "title": TITLE.encode(),
    "url": b"chenfeng.example/7",
    "text": BODY[:40].encode(),
    "summary": "独一无二的摘要".encode(),
}


def keep(house, **facts):
    return house.keep(7, TITLE, body=BODY, summary="独一无二的摘要", **facts)


def a_seed(house, **facts):
    """Store a seed of the same text, in a run of its own."""
    seed = Seed(**{"shape": Shape.HUGO, "title": TITLE, "text": BODY, "markdown": BODY, **facts})
    sources, now = {source_of(seed, house.config)}, lambda: house.now
    with intake_run(house.database, command="seeds", now=now, sources=sources) as run:
        store = SeedStore(house.database, house.archive, house.config, now)
        return store.store(seed, run=run.number, file="a.md")


def forget(house, query=URL, *options):
    return house.call("forget", query, "--reason", "律师函", "--yes", *options)


def named_in(house):
    """Which of the needles occur in which files of the data folder, in content or name."""
    found = set()
    for path in house.data.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        found |= {(name, path.name) for name, needle in NEEDLES.items() if needle in content + path.name.encode()}
    return found


def all_is_well(house):
    return list(verify(house.database, house.config, house.files)) == []


def close(house, run):
    with house.database.write() as connection:
        close_run(connection, run, NOON + HOUR)
