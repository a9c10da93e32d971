"""Which values of a source's file are sent, and therefore keep their ${NAME}: addresses, headers, bodies.

Each is checked with what the names stand for, and then read as it is written. All other values have their names
replaced, as presswatch.yaml has: they are ours to work with, and are shown.
"""

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crawler.concealing import FEWEST
from crawler.config.report import KeyPath
from crawler.config.sent import Part, Use, server_of
from crawler.config.yaml_lines import Document, escaped_names_in, names_in, unescaped
from crawler.urls import UrlError, host_of

_SCHEMES = ("http://", "https://")
_ORIGIN = re.compile(r"https?://[^/?#$]+(?=[/?#])", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """A value that is sent, as it is written."""

    path: KeyPath
    part: Part
    text: str
    names: frozenset[str]


def is_sent(path: KeyPath, written: str) -> Part | None:
    """The part of a request that the value at `path` of a source's file goes into, if it is sent as it stands."""
    inner = path[2:] if path[:1] == ("endpoints",) else path
    if path[:1] == ("endpoints",) and inner == ("url",):
        return Part.URL
    if path[:1] == ("endpoints",) and inner[:1] in {("post_json",), ("post_form",)}:
        return Part.BODY
    if inner[:2] == ("entries", "link") and written.startswith(_SCHEMES):
        return Part.URL
    return Part.HEADER if path[:1] == ("headers",) and len(path) == 2 else None


def kept_values(document: Document) -> Any:
    """The data of a source's file with ${NAME} left in what is sent."""
    data = copy.deepcopy(document.data)
    for kept in _kept(document):
        place = data
        for step in kept.path[:-1]:
            place = place[step]
        place[kept.path[-1]] = unescaped(kept.text)
    return data


def uses_of(document: Document, source: str) -> Iterator[Use]:
    """Where a file without faults has secrets sent to."""
    own = [endpoint["url"].strip() for endpoint in document.data["endpoints"]]
    for kept in _kept(document):
        for url in _sent_to(kept, own):
            for name in kept.names:
                is_tls = url.lower().startswith("https:")
                yield Use(source=source, name=name, part=kept.part, server=_server(kept, url), is_tls=is_tls)


def _sent_to(kept: _Kept, own: list[str]) -> list[str]:
    if kept.part is Part.URL:
        return [kept.text]
    return own if kept.part is Part.HEADER else [own[int(kept.path[1])]]


def _server(kept: _Kept, url: str) -> str:
    origin = _ORIGIN.match(url) if kept.part is Part.URL else None
    return server_of(origin[0] if origin else url)


def add_faults_of_secrets(document: Document, values: Mapping[str, str]) -> None:
    """Add to a document what keeps a secret from being sent or concealed safely.

    Args:
        document: a source's file.
        values: what its names stand for, as far as that was found.
    """
    kept = [one for one in _kept(document) if one.path not in document.refused]
    sent = {name: one for one in reversed(kept) for name in one.names}
    for one in kept:
        fault = next(_faults(one, {name: values[name] for name in one.names if name in values}), None)
        if fault is not None:
            document.refuse(one.path, *fault)
    for path, text in document.unfilled.items():
        twins = [name for name in names_in(text) if name in sent] if is_sent(path, text) is None else []
        twins += [name for name in escaped_names_in(text) if name in sent]
        if twins and path not in document.refused:
            line = document.line(sent[twins[0]].path)
            rule = f"{twins[0]} is a secret that line {line} sends, and would be told here"
            document.refuse(path, rule, "use a variable of another name")


def _faults(kept: _Kept, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if kept.part is Part.URL and not _has_own_host(kept.text):
        yield "a secret may stand in path and query alone, not in scheme, host or port", "write the host out"
    for name, value in values.items():
        if len(value) < FEWEST:
            rule = f"the value of {name} has fewer than {FEWEST} characters: too few to find and hide it in answers"
            yield rule, "ask for a longer one; what is no secret is written out here"
        elif not value.isprintable():
            yield f"the value of {name} holds control characters", "put the value alone there"
        elif not value.isascii():
            rule = f"the value of {name} is not ASCII: it could not be found and hidden in answers of every encoding"
            yield rule, "percent-encode it where it stands in an address, or ask for another one"
        elif kept.part is Part.URL and "#" in value:
            yield f"the value of {name} holds #, and what stands behind that is not sent", "write %23 for it"


def _has_own_host(text: str) -> bool:
    origin = _ORIGIN.match(text)
    try:
        return origin is not None and bool(host_of(origin[0]))
    except UrlError:
        return False


def _kept(document: Document) -> list[_Kept]:
    found = []
    for path, text in document.written.items():
        part = is_sent(path, text)
        if part is not None:
            found.append(_Kept(path=path, part=part, text=text.strip(), names=frozenset(names_in(text))))
    return found
