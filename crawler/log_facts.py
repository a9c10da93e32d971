"""What a log line says of the work it was written in: which run, and the host that is visited.

The facts follow the work into the tasks and threads it starts, so that libraries' lines have them too, and lines of
visits that run side by side are told apart.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

_Facts = Mapping[str, int | str]

_facts: ContextVar[_Facts] = ContextVar("log_facts", default=MappingProxyType({}))
_ATTRIBUTE = "presswatch_log_facts"


@contextmanager
def log_facts(**facts: int | str) -> Iterator[None]:
    """Have every line say `facts` that is logged inside; an exception that leaves keeps them."""
    inside = {**_facts.get(), **facts}
    token = _facts.set(inside)
    try:
        yield
    except BaseException as error:
        # Logged where it is caught, it would not be known where it came from.
        if not hasattr(error, _ATTRIBUTE):
            setattr(error, _ATTRIBUTE, inside)
        raise
    finally:
        _facts.reset(token)


def facts_of(record: logging.LogRecord) -> _Facts:
    """Those of the work the line was written in, else of that which its exception comes from."""
    noted: _Facts = record.__dict__.get(_ATTRIBUTE, {})
    return noted


class LogFactsFilter(logging.Filter):
    """Notes the facts in the record, of whatever logger; it belongs to a handler."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        setattr(record, _ATTRIBUTE, {**getattr(error, _ATTRIBUTE, {}), **_facts.get()})
        return True
