"""What a shape is given and what it must be able to do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from types import MappingProxyType
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

import jinja2
from markupsafe import escape

from crawler.newsroom.loading import PressArticle, SiteData
from crawler.newsroom.records import Address, Content, Draft, Publication, SiteRequest

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("crawler.newsroom"),
    autoescape=jinja2.select_autoescape(enabled_extensions=("html.j2", "xml.j2")),
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    undefined=jinja2.StrictUndefined,
)
_TEMPLATES.policies["json.dumps_kwargs"] = {"ensure_ascii": False}  # as sites write it


def render(template: str, **values: Any) -> str:
    """Fill in a template of the newsroom; values are escaped in HTML and XML."""
    return _TEMPLATES.get_template(template).render(**values)


def markup(text: str) -> str:
    """Plain text as HTML."""
    return str(escape(text))


@dataclass(frozen=True, kw_only=True)
class Site:
    """A site with all it will ever publish."""

    data: SiteData
    publications: tuple[Publication, ...]  # in order of time
    articles: Mapping[str, PressArticle]
    names: tuple[str, ...] = ()  # of the query parameters that tell two of its addresses apart

    def newest_first(self, now: datetime) -> tuple[Publication, ...]:
        return tuple(one for one in reversed(self.publications) if one.at <= now)

    def at(self, request: SiteRequest, now: datetime) -> Publication | None:
        """The publication one of whose pages is asked for, once it is published."""
        out = (one for one in self.publications if one.at <= now)
        return next((one for one in out if self.is_one_of((one.url, *one.aliases, *one.pages), request)), None)

    def is_one_of(self, urls: Iterable[str], request: SiteRequest) -> bool:
        """Whether one of `urls` (or of paths with their query) is what is asked for."""
        return any(self._is_at(url, request) for url in urls)

    def _is_at(self, url: str, request: SiteRequest) -> bool:
        parts, asked = urlsplit(url), request.parameters
        named = dict(parse_qsl(parts.query))
        return unquote(parts.path) == request.place and all(named.get(name) == asked.get(name) for name in self.names)

    def article(self, publication: Publication, now: datetime | None = None) -> PressArticle:
        """What its page shows at `now`, its title included; without a time, what was published first."""
        changed = publication.changes_at is not None and now is not None and publication.changes_at <= now
        if changed:
            return self.articles[publication.becomes]
        return self.articles[publication.article_id].model_copy(update={"title": publication.title})


class Shape(Protocol):
    """One kind of site, made from its entry in press.yaml."""

    list_paths: tuple[str, ...]  # where feeds and lists stand, decoded, with their query; sources watch the first
    post_paths: tuple[str, ...] = ()  # where POST is answered too, decoded
    names: tuple[str, ...] = ()  # of the query parameters that tell two of its addresses apart
    ends: Mapping[str, str] = MappingProxyType({})  # trait → how a publication that has it must end, an Outcome's word

    def addresses(self, drafts: tuple[Draft, ...], random: Random) -> tuple[Address, ...]:
        """An address for each draft; drafts come in order of time."""

    def answer(self, site: Site, request: SiteRequest, now: datetime) -> Content | None:
        """What is there at `now`; None where there is nothing. It depends on the arguments alone."""
