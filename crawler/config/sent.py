"""The secrets that sources send. Everybody else knows them as ${NAME}; only the door asks here what that stands for."""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, quote_plus, urlsplit

from crawler.concealing import Concealer
from crawler.urls import UrlError, destination_of, host_of

# ${NAME} as it is written, and as Scrapy, a form or a canonical address spells it.
_NAMED = re.compile(r"(\$|%24)(?:\{|%7B)([A-Za-z_][A-Za-z0-9_]*)(?:\}|%7D)", re.IGNORECASE)


def server_of(url: str) -> str:
    """Whom a secret is sent to: one host at one port, for its neighbours at the same domain may be somebody else's.

    Of a site that has a domain of its own, www. is that site, and http and https at their own ports are one.

    Raises:
        UrlError: see `crawler.urls.check_fetchable`.
    """
    target, site = destination_of(url), host_of(url)
    host = site if target.host == f"www.{site}" else target.host
    is_its_own_port = target.port == (443 if url.lower().startswith("https:") else 80)
    return host if is_its_own_port else f"{host}:{target.port}"


def names_a_secret(text: str) -> bool:
    return _NAMED.search(text) is not None


class Part(StrEnum):
    """The part of a request that a secret stands in."""

    URL = "url"
    HEADER = "header"
    BODY = "body"


@dataclass(frozen=True, kw_only=True)
class Use:
    """Where a source's config says that a secret is sent."""

    source: str
    name: str
    part: Part
    server: str  # as `server_of` tells it
    is_tls: bool


class SentSecrets:
    """Reveals ${NAME} where a source's config names it, and conceals every value that comes back.

    It is revealed in the part of a request that the config has it in, to the server that it names, and never in clear
    text where it says https: a page that writes ${NAME} into a link learns nothing by it.

    Args:
        values: name → value.
        uses: of all sources.
    """

    def __init__(self, values: Mapping[str, str], uses: Collection[Use] = ()) -> None:
        self._values = dict(values)
        self._uses = frozenset(uses)
        self.conceal = Concealer(values)

    def __repr__(self) -> str:
        return "SentSecrets()"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SentSecrets) and (self._values, self._uses) == (other._values, other._uses)

    def __hash__(self) -> int:
        return hash(self._uses)

    def url(self, source: str, url: str) -> str:
        """The address as it goes on the wire. A percent-encoded name becomes a percent-encoded value."""

        def value(match: re.Match[str]) -> str:
            found = self._values[match[2]]
            return found if match[1] == "$" else quote(found, safe="")

        return self._revealed(url, self._known(source, Part.URL, url), value)

    def header(self, source: str, url: str, text: str) -> str:
        """A header's value as it goes to `url`."""
        return self._revealed(text, self._known(source, Part.HEADER, url), lambda match: self._values[match[2]])

    def body(self, source: str, url: str, body: bytes, *, is_json: bool) -> bytes:
        """A body as it goes to `url`: JSON, or a form."""

        def value(match: re.Match[str]) -> str:
            found = self._values[match[2]]
            return json.dumps(found, ensure_ascii=False)[1:-1] if is_json else quote_plus(found)

        known = self._known(source, Part.BODY, url)
        return self._revealed(body.decode(), known, value).encode() if known else body

    def _known(self, source: str, part: Part, url: str) -> set[str]:
        try:
            server, is_tls = server_of(url), urlsplit(url).scheme.lower() == "https"
        except UrlError:
            return set()
        return {
            use.name
            for use in self._uses
            if (use.source, use.part, use.server) == (source, part, server) and (is_tls or not use.is_tls)
        }

    @staticmethod
    def _revealed(text: str, known: Collection[str], value: Callable[[re.Match[str]], str]) -> str:
        if not known:
            return text
        return _NAMED.sub(lambda match: value(match) if match[2] in known else match[0], text)
