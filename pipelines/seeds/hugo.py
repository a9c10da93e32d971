"""Markdown below Hugo front matter to a seed: a file of the corpus, or an article that presswatch exported."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from crawler.config.yaml_lines import explain
from crawler.dates import read_date
from crawler.items import Dating
from crawler.text import one_line, without_controls
from crawler.urls import UrlError, host_of
from pipelines.extract.plain import linked_images, plain_text
from pipelines.seeds.seed import Seed, SeedError, Shape

_FENCE = re.compile(r"^---[ \t]*$", re.MULTILINE)
_CITATION = re.compile(r"\[(?P<label>[^\[\]]+)\]\((?P<url>https?://(?P<host>[^/?#\s()]+)[^\s()]*)\)")
_YEARS = range(1900, 2100)
_NOTHING = ("", "~", "null")


def is_hugo(text: str) -> bool:
    """Whether the file begins as front matter does, closed or not."""
    return _FENCE.match(text.lstrip()) is not None


def read_hugo(text: str, name: str, zone: str) -> Seed:
    """The seed in a file that `is_hugo`. Its body is taken as it is, less the last line that cites the source.

    Args:
        text: the file, its line ends those of Unix.
        name: what error messages call it.
        zone: assumed for a date without one, an IANA name.

    Raises:
        SeedError: no closing ---, broken YAML, no title, a date or an address that is none, no body.
    """
    head, body, first_line = _parts(text, name)
    front = _Front(_mapping(head, name, first_line))
    title = front.text("title")
    if not title:
        raise SeedError(f'{name}: the front matter has no title; expected a line title: "…"')
    markdown, label, url = _without_citation(without_controls(body).strip(), front)
    if not plain_text(markdown):
        raise SeedError(f"{name}: nothing stands below the front matter; expected the article as Markdown")
    ours = front.inner("presswatch")
    place = f"{name}:{first_line + _line_of('date', head)}"
    return Seed(
        shape=Shape.HUGO,
        title=title,
        markdown=markdown,
        text=plain_text(markdown),
        published=_recorded(ours, name) or _shown(front.text("date"), place, zone),
        source=front.first("categories") or label,
        account=ours.text("account"),
        url=_address(url or ours.text("url"), name),
        language=front.first("lang") or Seed.language,
        thumbnail=front.text("thumbnail"),
        images=linked_images(markdown),
    )


class _Front:
    """The values of the front matter by their keys, as text."""

    def __init__(self, values: Mapping[Any, Any]) -> None:
        self._values = values

    def text(self, key: str) -> str:
        value = self._values.get(key)
        return "" if not isinstance(value, str) or value in _NOTHING else one_line(value).strip()

    def first(self, key: str) -> str:
        """The only value, or the first of a list."""
        value = self._values.get(key)
        first = value[0] if isinstance(value, list) and value else value
        return _Front({key: first}).text(key)

    def inner(self, key: str) -> "_Front":
        """The values below a key; none where there is no such mapping."""
        return _Front(self.mapping(key))

    def mapping(self, key: str) -> Mapping[Any, Any]:
        value = self._values.get(key)
        return value if isinstance(value, dict) else {}


def _parts(text: str, name: str) -> tuple[str, str, int]:
    """Front matter, body, and the line of the file in which the front matter begins."""
    start = text.index("---")
    opened = text.count("\n", 0, start) + 1
    head_start = text.find("\n", start) + 1
    closing = _FENCE.search(text, head_start) if head_start else None
    if closing is None:
        raise SeedError(f"{name}:{opened}: front matter begins here and no line --- closes it; expected one below it")
    return text[head_start : closing.start()], text[closing.end() :], opened + 1


def _mapping(head: str, name: str, first_line: int) -> dict[Any, Any]:
    """The front matter with every value as it is written: a title that looks like a number or a date is none."""
    try:
        loader = yaml.BaseLoader(head)
        try:
            read = loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.reader.ReaderError as error:
        line = first_line + head.count("\n", 0, error.position)
        raise SeedError(f"{name}:{line}: a control character stands here; expected YAML front matter") from error
    except yaml.MarkedYAMLError as error:
        line, rule, hint = explain(error, head)
        told = hint or "expected front matter with a line key: value for each key"
        raise SeedError(f"{name}:{first_line - 1 + line}: {rule}; {told}") from error
    except RecursionError as error:
        raise SeedError(f"{name}: the front matter is nested too deeply; expected lines of key: value") from error
    if not isinstance(read, dict):
        raise SeedError(f"{name}:{first_line}: the front matter holds no keys; expected lines of key: value")
    return read


def _without_citation(body: str, front: _Front) -> tuple[str, str, str]:
    """Body, name and address of the source. The last line cites it when it is a link and names the source or its
    host; any other last link is the article's own.
    """
    above, _, last = body.rpartition("\n")
    cited = _CITATION.fullmatch(last.strip())
    if cited is None:
        return body, "", ""
    label, source = cited["label"].strip(), front.first("categories")
    if source and label.casefold() != source.casefold() and label.casefold() not in cited["host"].casefold():
        return body, "", ""
    return above.rstrip(), label, cited["url"]


def _address(url: str, name: str) -> str:
    """The address, which may be that of the original."""
    try:
        if url:
            host_of(url)
    except UrlError as error:
        raise SeedError(f"{name}: the address of the original, {error}; expected one like https://host/path") from error
    return url


def _recorded(ours: _Front, name: str) -> Dating | None:
    """The date with its evidence, where presswatch wrote the file."""
    if not ours.mapping("published"):
        return None
    evidence, told = ours.inner("published"), "expected what presswatch wrote there"
    try:
        dating = Dating.from_json({key: evidence.text(key) for key in ("at", "precision", "where", "text", "zone")})
    except ValueError as error:
        raise SeedError(f"{name}: presswatch.published cannot be read ({error}); {told}") from error
    if dating.at.tzinfo is None:
        raise SeedError(f"{name}: presswatch.published.at is {evidence.text('at')!r}, without an offset; {told}")
    if dating.at.year not in _YEARS:
        raise SeedError(f"{name}: presswatch.published.at is in the year {dating.at.year}; {told}")
    return dating


def _shown(date: str, place: str, zone: str) -> Dating | None:
    if not date:
        return None
    dating = read_date(date, zone, "seed")
    if dating is None or dating.text != date:
        raise SeedError(f'{place}: date is {date!r}; expected "YYYY-MM-DD HH:MM:SS", or "" where it is not known')
    return dating


def _line_of(key: str, head: str) -> int:
    """How many lines of the front matter stand above the key."""
    lines = head.split("\n")
    return next((number for number, line in enumerate(lines) if line.startswith(f"{key}:")), 0)
