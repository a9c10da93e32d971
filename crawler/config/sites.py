"""What presswatch knows of a site by itself, and what its config therefore need not say: data/<kind>.yaml.

A kind that is a site stands for rules of the general kinds. They are filled in when the config is read; what the
config says itself is never changed by them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

import yaml

from crawler.config.models import (
    ArticleRules,
    Endpoint,
    EndpointRules,
    Kind,
    Model,
    Pages,
    Reader,
    Source,
    reader_of_kind,
)
from crawler.config.report import KeyPath
from crawler.config.selectors import check_in_row, check_jmespath, check_selector
from crawler.config.values import Regex

M = TypeVar("M", bound=Model)

_LISTS = (Reader.LISTING, Reader.JSON)
_IN_A_ROW = ("link", "title", "summary", "author", "published")
_OF_JSON = ("after", "html", "ok", "error")
_BODIES = {"post_json", "post_form"}
_PLACEHOLDER = re.compile(r"(?<!\$)\{\w+\}")
_FINDS_TEXT = re.compile(r"::text\b|::attr\(|(?:^|/)@[\w:*-]+\s*$|(?:^|/)text\(\)\s*$")
_IN_ADDRESSES = ("{page}", "{cursor}", "{fragment}")
_IN_BODIES = (*_IN_ADDRESSES, "{installation}")


class EndpointPreset(EndpointRules):
    """The rules for the endpoints whose address matches."""

    match: Regex


class Site(Model):
    """One file of data/."""

    endpoints: tuple[EndpointPreset, ...]
    articles: ArticleRules = ArticleRules()


@cache
def site_of(kind: Kind) -> Site | None:
    """What is known of a kind, or None where it is no site but a way to read."""
    file = files("crawler.config") / "data" / f"{kind}.yaml"
    return Site.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))) if file.is_file() else None


def expanded(source: Source) -> Source:
    """The source with the rules of its site filled in, and every endpoint's kind where it is known."""
    site = site_of(source.kind)
    endpoints = tuple(_endpoint(source, site, endpoint) for endpoint in source.endpoints)
    articles = source.articles if site is None else _filled(source.articles, site.articles)
    return source.model_copy(update={"endpoints": endpoints, "articles": articles})


def faults_of_endpoints(source: Source) -> Iterator[tuple[KeyPath, str, str]]:
    """What an expanded source lacks or has too much of: where, the rule, what to do."""
    found = [fault for number in range(len(source.endpoints)) for fault in _faults_of_endpoint(source, number)]
    # Rules of the source are asked of each of its endpoints, and told once.
    yield from dict.fromkeys(found)
    yield from _faults_of_referer(source)
    yield from _faults_of_articles(source.articles)


def _faults_of_articles(articles: ArticleRules) -> Iterator[tuple[KeyPath, str, str]]:
    """A text or an attribute has no paragraphs, and cannot be taken out."""
    for key in ("body", "drop"):
        for number, expression in enumerate(getattr(articles, key)):
            if _FINDS_TEXT.search(expression):
                rule = "finds a text or an attribute, and an element is wanted"
                yield ("articles", key, number), rule, "leave out ::text, ::attr(…), /text() or /@…"


def _faults_of_endpoint(source: Source, number: int) -> Iterator[tuple[KeyPath, str, str]]:
    endpoint, place = source.endpoints[number], ("endpoints", number)
    is_own = endpoint.entries is not None and endpoint.entries is not source.entries
    if endpoint.kind is None:
        kinds = ", ".join(Reader)
        yield (*place, "url"), f"a source of kind {source.kind} does not know how to read it", f"add kind: {kinds}"
    elif endpoint.kind in _LISTS:
        yield from _faults_of_rules((*place, "entries") if is_own else ("entries",), place, endpoint)
    elif is_own:
        yield (*place, "entries"), f"a {endpoint.kind} is read without rules", "delete them, or change kind"
    yield from _faults_of_pages((*place, "pages"), endpoint)
    yield from _unknown_placeholders((*place, "url"), endpoint.url, _IN_ADDRESSES)
    yield from _unknown_placeholders((*place, "post_json"), endpoint.post_json, _IN_BODIES)
    yield from _unknown_placeholders((*place, "post_form"), endpoint.post_form, _IN_BODIES)


def _faults_of_pages(where: KeyPath, endpoint: Endpoint) -> Iterator[tuple[KeyPath, str, str]]:
    """Ways on that the endpoint's reader does not look for."""
    pages, rules = endpoint.pages or Pages(), endpoint.entries
    if pages.cursor and endpoint.kind is not Reader.JSON:
        yield (*where, "cursor"), "is asked of JSON alone", "delete it, or change kind to json"
    is_html = endpoint.kind is Reader.LISTING or (endpoint.kind is Reader.JSON and rules is not None and rules.html)
    if pages.next and not is_html:
        yield (*where, "next"), "is looked for in list pages alone", "delete it; JSON goes on by {page} or cursor"


def _unknown_placeholders(where: KeyPath, value: Any, known: Sequence[str]) -> Iterator[tuple[KeyPath, str, str]]:
    """In a text, or at any depth of a body; the keys of a body are sent as they are."""
    if isinstance(value, str):
        for unknown in sorted(set(_PLACEHOLDER.findall(value)) - set(known)):
            yield where, f"{unknown} stands for nothing", f"known: {', '.join(known)}"
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _unknown_placeholders((*where, key), inner, known)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _unknown_placeholders((*where, number), inner, known)


def _endpoint(source: Source, site: Site | None, endpoint: Endpoint) -> Endpoint:
    presets = site.endpoints if site else ()
    known = next((preset for preset in presets if re.search(preset.match, endpoint.url)), None)
    found: Endpoint = _filled(endpoint, known) if known else endpoint
    kind, entries = found.kind or reader_of_kind(source.kind), endpoint.entries or source.entries or found.entries
    return found.model_copy(update={"kind": kind, "entries": entries})


def _filled(given: M, known: Model) -> M:
    """`given` with the keys it does not set taken from `known`."""
    keys = (known.model_fields_set & type(given).model_fields.keys()) - given.model_fields_set
    if given.model_fields_set & _BODIES:
        keys -= _BODIES  # a request has one body
    return given.model_copy(update={key: getattr(known, key) for key in keys})


def _faults_of_rules(where: KeyPath, place: KeyPath, endpoint: Endpoint) -> Iterator[tuple[KeyPath, str, str]]:
    rules, reader = endpoint.entries, endpoint.kind
    if rules is None:
        yield place, f"a {reader} needs entries: how its rows are found", "add entries: {items: …}"
        return
    json_rows = reader is Reader.JSON and not rules.html
    if json_rows and not rules.link:
        yield where, "entries of a json need link: where the address of a row stands", "add link: url"
    for key in _OF_JSON if reader is Reader.LISTING else ():
        if getattr(rules, key):
            yield (*where, key), "is asked of JSON alone, and this is a list page", "delete it, or change kind to json"
    for key in ("items", *_IN_A_ROW):
        check = check_jmespath if json_rows else check_in_row if key in _IN_A_ROW else check_selector
        for number, expression in enumerate(getattr(rules, key)):
            try:
                _check_address(expression) if json_rows and key == "link" else check(expression)
            except ValueError as error:
                yield (*where, key, number), str(error), ""


def _check_address(expression: str) -> None:
    """Check a link in JSON: an expression, or an address with expressions in braces."""
    if not expression.startswith(("http://", "https://")):
        check_jmespath(expression)
        return
    for part in re.findall(r"(?<!\$)\{([^{}]*)\}", expression):
        if not part.strip():
            raise ValueError("braces with nothing in them; write what they stand for, such as {id}")
        check_jmespath(part)
    if "{" in (rest := re.sub(r"\$?\{[^{}]*\}", "", expression)) or "}" in rest:
        raise ValueError("a brace without its partner; write {id}")


def _faults_of_referer(source: Source) -> Iterator[tuple[KeyPath, str, str]]:
    """A Referer may only name a page that is really visited."""
    visited = [endpoint.url.partition("#")[0] for endpoint in source.endpoints]
    for name, value in source.headers.items():
        if name.lower() == "referer" and value not in visited:
            rule = "a Referer may only name an address that this source polls"
            yield ("headers", name), rule, "name one of its endpoints, or delete it"
