"""Logs go to stderr: lines for a person on a terminal, else one JSON object a line. stdout carries results only.

The fields of a JSON line:
    time: when it was written; ISO 8601, UTC, to the millisecond.
    level: debug, info, warning, error or critical.
    logger: the module it comes from, Scrapy's and other libraries' included.
    message: one text.
    run: the number of the run under way, or that the exception comes from; absent outside of runs.
    host: the host whose visit it was written in; absent outside of visits.
    traceback: of the exception; absent where there is none.

A line for a person has the machine's local time, and says `[run 212]` and `[alpha.example]` where the other has these.
The report of a run that did not go well is no log line but text, see `crawler.cli.report`.
"""

import json
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from crawler.log_facts import LogFactsFilter, facts_of

_log = logging.getLogger("presswatch")

# They list their set-up anew at every visit, which tells nothing of what is being done.
_SET_UP = ("alembic.runtime", "scrapy.addons", "scrapy.crawler", "scrapy.middleware")


class JsonLines(logging.Formatter):
    """One JSON object a line, with the fields this file's head describes."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **facts_of(record),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class PersonLines(logging.Formatter):
    """What a person reads, a line each; a traceback follows on its own."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(where)s%(name)s: %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # the library's name
        facts = facts_of(record)
        run = f"[run {facts['run']}] " if "run" in facts else ""
        record.where = run + (f"[{facts['host']}] " if "host" in facts else "")
        return super().formatMessage(record)


class StderrHandler(logging.Handler):
    """Writes to whatever stderr is at that moment, in the form that suits it."""

    _person = PersonLines()
    _machine = JsonLines()

    def __init__(self, hide: Callable[[str], str] = str) -> None:
        super().__init__()
        self._hide = hide
        self.addFilter(LogFactsFilter())

    def emit(self, record: logging.LogRecord) -> None:
        try:
            formatter = self._person if sys.stderr.isatty() else self._machine
            sys.stderr.write(self._hide(formatter.format(record)) + "\n")
            sys.stderr.flush()
        except Exception:  # noqa: BLE001  # a full disk, a reader that has gone: nowhere to tell it, the work must go on
            self.handleError(record)


def set_up_logs(*, verbose: bool, hide: Callable[[str], str] = str) -> None:
    """Send warnings, with `verbose` also what is being done, to stderr; uncaught exceptions are logged.

    `hide`: a line → the line with no secret in it.
    """
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, StderrHandler)]:
        root.removeHandler(handler)
    root.addHandler(StderrHandler(hide))
    root.setLevel(logging.INFO if verbose else logging.WARNING)
    # What Scrapy warns of (a page too large, an answer that broke off) has its outcome and its line in the books.
    logging.getLogger("scrapy").setLevel(logging.INFO if verbose else logging.ERROR)
    for name in _SET_UP:
        logging.getLogger(name).setLevel(logging.WARNING if verbose else logging.ERROR)
    # It warns of links without an address and the like, which every tenth page has.
    logging.getLogger("trafilatura").setLevel(logging.INFO if verbose else logging.ERROR)
    sys.excepthook = log_uncaught


def log_uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """The interpreter calls this for an exception nobody expected, and then exits with 1."""
    _log.critical("internal failure: %s: %s", kind.__name__, error, exc_info=(kind, error, traceback))
