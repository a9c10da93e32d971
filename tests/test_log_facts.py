"""Log lines say which run they were written in, and in whose visit."""

import asyncio
import errno
import io
import json
import logging
import sys
import threading

import pytest
from rig import Answer, article_page, feed

from crawler.cli.logs import StderrHandler, log_uncaught, set_up_logs
from crawler.log_facts import log_facts


@pytest.fixture
def logs(capsys):
    """The lines on stderr so far, as objects; the root logger is as it was afterwards."""
    root, hook = logging.getLogger(), sys.excepthook
    level = root.level
    set_up_logs(verbose=True)
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    root.handlers = [handler for handler in root.handlers if not isinstance(handler, StderrHandler)]
    root.setLevel(level)
    sys.excepthook = hook


def said(line):
    return line["message"], line.get("run"), line.get("host")


def test_a_line_has_the_facts_of_the_work_it_was_written_in_and_none_outside(logs):
    log = logging.getLogger("scrapy.core")
    log.warning("before")
    with log_facts(run=212):
        log.warning("in the run")
        with log_facts(host="alpha.example"):
            log.warning("in the visit")
    log.warning("after")
    assert [said(line) for line in logs()] == [
        ("before", None, None),
        ("in the run", 212, None),
        ("in the visit", 212, "alpha.example"),
        ("after", None, None),
    ]


def test_visits_side_by_side_are_told_apart_in_the_tasks_and_threads_they_start(logs):
    both = threading.Barrier(2)

    def write(text):
        both.wait(timeout=10)
        logging.getLogger("trafilatura").info(text)

    async def visit(host):
        with log_facts(host=host):
            await asyncio.create_task(asyncio.to_thread(write, f"of {host}"))

    async def main():
        with log_facts(run=7):
            await asyncio.gather(visit("a"), visit("b"))

    asyncio.run(main())
    assert sorted(said(line) for line in logs()) == [("of a", 7, "a"), ("of b", 7, "b")]


def test_an_exception_that_nobody_caught_says_where_it_comes_from(logs):
    async def main():
        with log_facts(run=9), log_facts(host="alpha.example"):
            raise KeyError("gone")

    try:
        asyncio.run(main())
    except KeyError as error:
        log_uncaught(KeyError, error, error.__traceback__)
    [line] = logs()
    assert said(line) == ("internal failure: KeyError: 'gone'", 9, "alpha.example")
    assert "KeyError" in line["traceback"]


def test_a_person_reads_run_and_host_in_brackets(capsys, monkeypatch, logs):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with log_facts(run=212), log_facts(host="alpha.example"):
        logging.getLogger("scrapy").warning("slow")
    logging.getLogger("scrapy").warning("after")
    lines = [line.split(" ", 1)[1] for line in capsys.readouterr().err.splitlines()]
    assert lines == ["WARNING [run 212] [alpha.example] scrapy: slow", "WARNING scrapy: after"]


def test_every_line_of_a_run_has_its_number_scrapys_and_the_broken_visits_included(rig, site, monkeypatch, logs):
    site.routes["alpha.example/feed"] = Answer(feed("https://alpha.example/a"))
    site.routes["alpha.example/a"] = Answer(article_page("机器人进厂"))
    rig.source("beta", "https://beta.example/feed")
    site.routes["beta.example/feed"] = Answer(feed())
    monkeypatch.setattr("pipelines.archive.store.Archive.store", lambda *args, **more: 1 / 0)
    logs()
    rig.crawl(watch=logging.getLogger("watch").info)
    rig.crawl(poll_now=True, watch=logging.getLogger("watch").info)
    lines = [line for line in logs() if not line["logger"].startswith(("alembic", "asyncio", "filelock"))]
    assert {line.get("run") for line in lines} == {1, 2}
    assert {line["host"] for line in lines if line["logger"].startswith("scrapy")} == {"alpha.example", "beta.example"}
    assert not any("Overridden settings" in line["message"] for line in lines)
    assert any("ZeroDivisionError" in line.get("traceback", "") for line in lines)


class Full(io.StringIO):
    def write(self, text):
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("stderr", [Full, io.StringIO], ids=["on a full disk", "there"])
@pytest.mark.parametrize("arguments", [("one",), ("a word", "too many")], ids=["good", "wrong"])
def test_a_line_that_cannot_be_written_breaks_no_work(monkeypatch, stderr, arguments):
    monkeypatch.setattr(sys, "stderr", stderr())
    StderrHandler().handle(logging.LogRecord("x", logging.WARNING, "x.py", 1, "%s page", arguments, None))
