"""Which key of a config an expression stands under that took too long, in words for whoever wrote it."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from crawler.allowance import TooSlowError
from crawler.config.models import Source


def told_of(source: Source, error: TooSlowError) -> str:
    """The fault, with the key of the source's file."""
    return f"{key_of(source, error.expression)}: {error}"


def key_of(model: BaseModel, expression: str) -> str:
    """The first key under which an expression stands, such as articles.url or endpoints.0.entries.items.0.

    Where there is none, "source": the rule is presswatch's own.
    """
    found = next((path for path, value in _leaves(model.model_dump(), "") if value == expression), "")
    return found or type(model).__name__.lower()


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list | tuple):
        value = dict(enumerate(value))
    if not isinstance(value, Mapping):
        yield path, value
        return
    for key, one in value.items():
        yield from _leaves(one, f"{path}.{key}" if path else str(key))
