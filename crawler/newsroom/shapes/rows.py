"""What a list says of a publication, filled into a pattern from press.yaml."""

import re
from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import urlsplit

from crawler.newsroom.records import Publication
from crawler.newsroom.shapes.base import Site

Values = Mapping[str, Any]


def values_of(site: Site, one: Publication) -> Values:
    """{url} {path} {number} {title} {lead} {seconds} {milliseconds}, and {at:%Y-%m-%d} in the site's zone."""
    path = one.url.partition(urlsplit(one.url).netloc)[2]
    return {
        "url": one.url,
        "path": path,
        "number": int((re.findall(r"\d+", path) or ["0"])[-1]),
        "title": one.title,
        "lead": site.article(one).lead,
        "seconds": int(one.at.timestamp()),
        "milliseconds": int(one.at.timestamp() * 1000),
        "at": one.at.astimezone(site.data.zone),
    }


def html_row(pattern: str, values: Values) -> str:
    """A row of a list page."""
    return pattern.format_map(
        {name: escape(value) if isinstance(value, str) else value for name, value in values.items()}
    )


def filled(pattern: Any, values: Values) -> Any:
    """JSON with the values in its texts; a text that is one {name} alone keeps the value's type."""
    if isinstance(pattern, Mapping):
        return {key: filled(inner, values) for key, inner in pattern.items()}
    if isinstance(pattern, list | tuple):
        return [filled(inner, values) for inner in pattern]
    if not isinstance(pattern, str):
        return pattern
    name = pattern[1:-1]
    return values[name] if pattern == f"{{{name}}}" and name in values else pattern.format_map(values)
