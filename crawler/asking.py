"""What is asked of an endpoint. Pure."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, unquote, urldefrag, urlencode

from crawler.config.models import Endpoint, Pages, Reader, Source, reader_of_kind
from crawler.config.sent import names_a_secret, server_of
from crawler.urls import docsify_file_url, host_of

_MARKDOWN = (Reader.DOCSIFY, Reader.MIRROR, Reader.MIRROR_INDEX)
_NUMBERS = ("{page}",)
_PLACEHOLDER = re.compile(r"(?<!\$)\{\w+\}")  # ${NAME} is a secret, which only the door fills in


@dataclass(frozen=True, kw_only=True)
class Question:
    """A request as it is to be made."""

    url: str
    headers: Mapping[str, str]
    body: bytes | None = None  # None: a GET, else a POST

    @property
    def method(self) -> str:
        return "GET" if self.body is None else "POST"


def reader_of(source: Source, endpoint: Endpoint) -> Reader:
    """How the endpoint's answer is read.

    Raises:
        LookupError: its source is none that `crawler.config.sites.expanded` has seen.
    """
    reader = endpoint.kind or reader_of_kind(source.kind)
    if reader is None:
        raise LookupError(f"{endpoint.url}: nothing says how an endpoint of kind {source.kind} is read")
    return reader


def question(source: Source, endpoint: Endpoint, *, installation: str, page: int = 1, cursor: str = "") -> Question:
    """The request for one page of an endpoint.

    Args:
        source: whose it is.
        endpoint: what is asked.
        installation: the random id of this installation, for endpoints that want one.
        page: from 1.
        cursor: what the page before said.
    """
    pages = endpoint.pages or Pages()
    address, fragment = urldefrag(endpoint.url)
    if reader_of(source, endpoint) in _MARKDOWN:
        address, fragment = docsify_file_url(endpoint.url), ""
    values = {
        "{page}": str(pages.first + pages.step * (page - 1)),
        "{cursor}": cursor,
        "{fragment}": unquote(fragment),
    }
    quoted = {name: quote(value, safe="") for name, value in values.items()}
    asked = Question(url=_filled_in(address, quoted), headers=source.headers)
    return _with_body(asked, endpoint, {**values, "{installation}": installation})


def headers_for(source: Source, url: str) -> Mapping[str, str]:
    """The source's headers, where the address is at a site of its endpoints: what is meant for one is nobody else's to
    see. Those that hold a secret go to the servers of its endpoints alone.

    Raises:
        UrlError: the address is none.
    """
    own = [endpoint.url for endpoint in source.endpoints]
    if host_of(url) not in map(host_of, own):
        return {}
    if server_of(url) in map(server_of, own):
        return source.headers
    return {name: value for name, value in source.headers.items() if not names_a_secret(value)}


def recorded_url(asked: Question) -> str:
    """The address under which the answer is kept: of a POST with its body in it, in pywb's spelling.

    Ask with an empty `installation`, so that a recording of one installation can be replayed by another.
    """
    if asked.body is None:
        return asked.url
    mark = "&" if "?" in asked.url else "?"
    body = {"__wb_method": asked.method, "__wb_post_data": base64.b64encode(asked.body).decode("ascii")}
    return f"{asked.url}{mark}{urlencode(body)}"


def has_pages(source: Source, endpoint: Endpoint) -> bool:
    """Whether the endpoint's list can be asked for a second page."""
    pages = endpoint.pages or Pages()
    if pages.most == 1:
        return False
    first, second = (question(source, endpoint, installation="", page=page, cursor=str(page)) for page in (1, 2))
    return bool(pages.next) or first != second


def _with_body(asked: Question, endpoint: Endpoint, values: Mapping[str, str]) -> Question:
    if endpoint.post_json is not None:
        body = json.dumps(_filled_in_all(endpoint.post_json, values), ensure_ascii=False).encode()
        return replace(asked, body=body, headers={**asked.headers, "Content-Type": "application/json"})
    if endpoint.post_form is not None:
        form = urlencode({name: _filled_in(value, values) for name, value in endpoint.post_form.items()}).encode()
        return replace(asked, body=form, headers={**asked.headers, "Content-Type": "application/x-www-form-urlencoded"})
    return asked


def _filled_in_all(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _filled_in_all(inner, values) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_filled_in_all(inner, values) for inner in value]
    if value in _NUMBERS:
        return int(values[value])  # a page alone is a number, as scripts send it
    return _filled_in(value, values) if isinstance(value, str) else value


def _filled_in(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders filled in, at once: a cursor that looks like a placeholder is none."""
    return _PLACEHOLDER.sub(lambda match: values.get(match[0], match[0]), text)
