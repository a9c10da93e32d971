"""The lines of a manifest: pages in files, one JSON object a line. A bad line is told, and the others are read."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO


class ManifestError(Exception):
    """The manifest cannot be read to its end; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line that is not blank, as far as it can be read."""

    number: int  # from 1
    page: str | None = None  # as it stands in the line
    url: str | None = None
    fault: str = ""  # why no page can be read by it


def lines_of(manifest: Path) -> Iterator[Line]:
    """The lines, each when it is asked for.

    Raises:
        ManifestError: see there.
    """
    number = 0
    try:
        file = manifest.open("rb")
    except OSError as error:
        raise ManifestError(error.strerror) from error
    with file:
        while raw := _next(file):
            number += 1
            text = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
            if text.strip():
                yield _line(number, text)


def _next(file: BinaryIO) -> bytes:
    try:
        return file.readline()
    except OSError as error:
        raise ManifestError(error.strerror) from error


def _line(number: int, raw: bytes) -> Line:
    try:
        value = json.loads(raw.decode())
    except (ValueError, RecursionError) as error:
        return Line(number=number, fault=f"is not JSON: {error}")
    if not isinstance(value, dict):
        return Line(number=number, fault="is no JSON object")
    page, url = _text(value.get("page")), _text(value.get("url"))
    fault = ""
    if page is None:
        fault = 'has no "page", the path of a file'
    elif url is None and value.get("url"):
        fault = 'has a "url" that is no text'
    return Line(number=number, page=page, url=url, fault=fault)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
