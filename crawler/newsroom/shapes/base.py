"""What a shape is given and what it must be able to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import jinja2

from crawler.newsroom.loading import PressArticle, SiteData
from crawler.newsroom.records import Address, Content, Draft, Publication

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("crawler.newsroom"),
    autoescape=jinja2.select_autoescape(enabled_extensions=("html.j2", "xml.j2")),
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    undefined=jinja2.StrictUndefined,
)


def render(template: str, **values: Any) -> str:
    """Fill in a template of the newsroom; values are escaped in HTML and XML."""
    return _TEMPLATES.get_template(template).render(**values)


@dataclass(frozen=True, kw_only=True)
class Site:
    """A site with all it will ever publish."""

    data: SiteData
    publications: tuple[Publication, ...]  # in order of time
    articles: Mapping[str, PressArticle]

    def newest_first(self, now: datetime) -> tuple[Publication, ...]:
        return tuple(one for one in reversed(self.publications) if one.at <= now)

    def at_path(self, path: str, now: datetime) -> Publication | None:
        """The publication whose page stands at `path` (decoded), once it is published."""
        return next((one for one in self.publications if one.at <= now and path_of(one.url) == path), None)

    def article(self, publication: Publication) -> PressArticle:
        return self.articles[publication.article_id]


def path_of(url: str) -> str:
    """The decoded path of a URL."""
    return unquote(urlsplit(url).path)


class Shape(Protocol):
    """One kind of site, made from its entry in press.yaml."""

    list_path: str  # where the feed or the list stands, decoded

    def addresses(self, drafts: tuple[Draft, ...], random: Random) -> tuple[Address, ...]:
        """An address for each draft; drafts come in order of time."""

    def answer(self, site: Site, path: str, now: datetime) -> Content | None:
        """What stands at `path` (decoded) at `now`; None where there is nothing."""
