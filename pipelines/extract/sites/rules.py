"""Which site a page is of, and by which rules it is read: data/sites.yaml and the source's own."""

import re
from functools import cache
from importlib.resources import files
from typing import Annotated

import yaml
from pydantic import Field, TypeAdapter, model_validator

from crawler.config.models import ArticleRules, Model
from crawler.config.selectors import found_in
from crawler.config.values import JmesPath, PageSelectors, Regex
from crawler.markup import Element

_KEYS = ("title", "published", "author", "body", "drop")


class DataRules(Model):
    """Where a page carries its article as JSON, and what stands where in it; the first find is taken."""

    where: PageSelectors = ()  # the script, else all of them
    after: Regex | None = None  # the JSON begins behind this, else with the script
    title: tuple[JmesPath, ...] = ()
    published: tuple[JmesPath, ...] = ()  # dates as texts, or seconds or milliseconds since 1970
    body: tuple[JmesPath, ...] = ()  # HTML

    @model_validator(mode="after")
    def _somewhere(self) -> "DataRules":
        if not self.where and self.after is None:
            raise ValueError("data needs where or after: which script is it?")
        return self


class Site(Model):
    """One entry of the list. The keys from `title` on are those of a source's `articles`."""

    name: Annotated[str, Field(min_length=1)]
    url: Regex | None = None  # searched in the page's address
    signature: PageSelectors = ()  # or one of these finds something in the page
    timezone: str = ""  # of the dates it shows, else the source's
    data: DataRules | None = None
    account: PageSelectors = ()
    title: PageSelectors = ()
    published: PageSelectors = ()
    author: PageSelectors = ()
    body: PageSelectors = ()
    drop: PageSelectors = ()

    def with_rules_of(self, articles: ArticleRules) -> "Site":
        """The site with the rules of a source, which win key by key."""
        return self.model_copy(update={key: getattr(articles, key) for key in _KEYS if getattr(articles, key)})


UNKNOWN = Site(name="unknown")


@cache
def sites() -> tuple[Site, ...]:
    """The list."""
    text = files("pipelines.extract").joinpath("data/sites.yaml").read_text(encoding="utf-8")
    return TypeAdapter(tuple[Site, ...]).validate_python(yaml.safe_load(text))


def site_of(tree: Element, url: str) -> Site:
    """The first site of the list that the page is of, else `UNKNOWN`."""
    return next((site for site in sites() if _is_of(tree, url, site)), UNKNOWN)


def _is_of(tree: Element, url: str, site: Site) -> bool:
    by_address = site.url is not None and re.search(site.url, url) is not None
    return by_address or any(found_in(tree, expression) for expression in site.signature)
