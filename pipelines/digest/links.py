"""The addresses a digest shows. Pure."""

from collections.abc import Mapping
from typing import Any

from crawler.urls import without_tracking


def first_publication(row: Mapping[Any, Any]) -> str:
    """Of a row of article or entry: the address of its first publication where known, else its own."""
    return without_tracking(row["original_url"] or row["url"])


def own_place(row: Mapping[Any, Any]) -> str:
    """Of a row of article or entry: where it was found itself."""
    return without_tracking(row["url"])


def republished_at(row: Mapping[Any, Any]) -> str:
    """Where an article was found whose first publication is elsewhere; empty when it is its own."""
    place = own_place(row)
    return place if row["original_url"] and place != first_publication(row) else ""
