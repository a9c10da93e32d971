"""Logs go to stderr: lines for a person on a terminal, else one JSON object a line. stdout carries results only."""

import json
import logging
import sys
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

_log = logging.getLogger("presswatch")


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and the traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class StderrHandler(logging.Handler):
    """Writes to whatever stderr is at that moment, in the form that suits it."""

    _person = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")
    _machine = JsonLines()

    def emit(self, record: logging.LogRecord) -> None:
        formatter = self._person if sys.stderr.isatty() else self._machine
        sys.stderr.write(formatter.format(record) + "\n")
        sys.stderr.flush()


def set_up_logs(*, verbose: bool) -> None:
    """Send warnings, with `verbose` also what is being done, to stderr; uncaught exceptions are logged."""
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, StderrHandler)]:
        root.removeHandler(handler)
    root.addHandler(StderrHandler())
    root.setLevel(logging.INFO if verbose else logging.WARNING)
    # What Scrapy warns of (a page too large, an answer that broke off) has its outcome and its line in the books.
    logging.getLogger("scrapy").setLevel(logging.INFO if verbose else logging.ERROR)
    # It warns of links without an address and the like, which every tenth page has.
    logging.getLogger("trafilatura").setLevel(logging.INFO if verbose else logging.ERROR)
    sys.excepthook = log_uncaught


def log_uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """The interpreter calls this for an exception nobody expected, and then exits with 1."""
    _log.critical("internal failure: %s: %s", kind.__name__, error, exc_info=(kind, error, traceback))
