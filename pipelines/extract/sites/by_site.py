"""What a page's scripts say of its article, by the site it is of."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from crawler.markup import Element
from pipelines.extract.sites import in_json, qq, weixin
from pipelines.extract.sites.rules import Site
from pipelines.extract.sites.said import NoArticle, Said

_OF_SITES: Mapping[str, Callable[[Element], Said | NoArticle]] = MappingProxyType(
    {"qq": qq.read, "weixin": weixin.read}
)
# What is written for want of a name.
_NOBODY = frozenset(("互联网", "网络", "转载", "本站"))


def said_by(tree: Element, site: Site, zone: str, now: datetime) -> Said | NoArticle:
    """What the scripts of a page say, or what the page is where it has no article.

    Args:
        tree: of the page.
        site: whose it is.
        zone: of the dates that name none.
        now: when the page was fetched; "3 小时前" is reckoned from here.

    Raises:
        ParseError: the parser gave up on HTML that the scripts carry.
    """
    if site.data is not None:
        return in_json.read(tree, site.data, zone, now)
    read = _OF_SITES.get(site.name)
    return read(tree) if read else Said()


def account_named(name: str) -> str:
    """A medium or an account by its name; "" where the name stands for nobody."""
    return "" if name in _NOBODY else name
