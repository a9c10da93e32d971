"""kill -9 of the real process at chosen instants: nothing is lost, nothing is stored twice, the books balance."""

import subprocess
import sys

import pytest
from rig import START, Answer, article_page, feed

# Runs the real command line; the process kills itself at the n-th event, as a power switch would: no handler, no
# finally, no flush.
KILLED_AT = """
import contextlib, itertools, os, signal, sys
from pathlib import Path
from crawler.cli import main
from crawler.database import Database

what, nth = sys.argv.pop(1), int(sys.argv.pop(1))
counts = {name: itertools.count(1) for name in ("before commit", "after commit", "before rename", "after rename")}

def event(name):
    if next(counts[name]) == nth and name == what:
        os.kill(os.getpid(), signal.SIGKILL)

write, replace = Database.write, Path.replace

@contextlib.contextmanager
def counted_write(self):
    with write(self) as connection:
        yield connection
        event("before commit")
    event("after commit")

def counted_replace(self, target):
    event("before rename")
    result = replace(self, target)
    event("after rename")
    return result

Database.write, Path.replace = counted_write, counted_replace
main()
"""

POINTS = [
    *[("before commit", number) for number in (2, 3, 4, 5, 6, 7, 8, 9, 11, 13)],
    *[("after commit", number) for number in (1, 3, 4, 5, 7, 8, 10, 14)],
    *[("before rename", number) for number in (1, 2)],
    *[("after rename", number) for number in (1, 2)],
]


@pytest.fixture
def three_articles(rig, site):
    links = [f"https://alpha.example/{name}" for name in ("one", "two", "twin", "missing")]
    site.routes["alpha.example/feed"] = Answer(feed(*links))
    for name, text in (("one", "第一"), ("two", "第二"), ("twin", "第二")):
        body = f"{text}台机器人今天走进了工厂，工程师记录它的动作。" * 6
        site.routes[f"alpha.example/{name}"] = Answer(article_page(f"机器人{name}", body))
    return rig


def crawl_and_kill(rig, what, nth):
    options = ["--config", rig.config, "--data", rig.data, "--route", rig.route, "--now", START.isoformat()]
    command = [sys.executable, "-c", KILLED_AT, what, str(nth), *map(str, options), "crawl"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(("what", "nth"), POINTS, ids=[f"{what} {nth}" for what, nth in POINTS])
def test_a_killed_run_is_taken_up_where_it_was(three_articles, site, what, nth):
    rig = three_articles
    killed = crawl_and_kill(rig, what, nth)
    assert killed.returncode == -9, killed.stderr
    report = rig.crawl(poll_now=True)
    assert (report.errors, report.balances, report.books[0].carried_out) == ((), True, 0)
    assert rig.outcomes() == {"one": "kept", "two": "kept", "twin": "copy", "missing": "gone"}
    assert rig.query("SELECT count(*), sum(filed) FROM article WHERE path != ''") == [(3, 3)]
    assert [str(path) for path in rig.files()] == [
        path for [path] in rig.query("SELECT path FROM article ORDER BY path")
    ]
    assert not list((rig.data / "archive").rglob("*.tmp"))
    assert all("[alpha](" in (rig.data / "archive" / path).read_text(encoding="utf-8") for path in rig.files())
    pages = [hit for hit in site.hits if hit != "alpha.example/feed" and not hit.endswith("robots.txt")]
    assert max(pages.count(page) for page in pages) <= 2


def test_the_books_of_a_killed_run_and_of_the_next_add_up(three_articles):
    rig = three_articles
    crawl_and_kill(rig, "after commit", 8)
    rig.crawl(poll_now=True)
    rows = rig.query(
        "SELECT run, carried_in, found, kept + copy + gone, carried_out FROM book WHERE source = 'alpha' ORDER BY run"
    )
    assert [interrupted for [interrupted] in rig.query("SELECT interrupted FROM run ORDER BY id")] == [1, 0]
    assert all(carried_in + found == ended + carried_out for _, carried_in, found, ended, carried_out in rows)
    assert rows[1][1] == rows[0][4]
    assert sum(found for _, _, found, _, _ in rows) == 4
