"""Which spider visits a host."""

from collections.abc import Collection

from crawler.config.models import Kind
from crawler.spiders.discuz import DiscuzSpider
from crawler.spiders.iyiou import IyiouSpider
from crawler.spiders.qq import QqSpider
from crawler.spiders.source import SourceSpider
from crawler.spiders.wechat_mirror import WechatMirrorSpider

SITE_SPIDERS: tuple[type[SourceSpider], ...] = (QqSpider, IyiouSpider, WechatMirrorSpider, DiscuzSpider)


def spider_of(kinds: Collection[Kind]) -> type[SourceSpider]:
    """The spider of a visit to sources of these kinds: a site's own where all are of it, so that logs name it."""
    return next((spider for spider in SITE_SPIDERS if set(kinds) == {spider.kind}), SourceSpider)


def kinds_of(spider: str) -> frozenset[Kind]:
    """The kinds of sources that the spider of this name is for; none where no spider bears it."""
    of_sites = {site.kind: site.name for site in SITE_SPIDERS}
    return frozenset(kind for kind in Kind if of_sites.get(kind, SourceSpider.name) == spider)


def spider_names() -> list[str]:
    return [SourceSpider.name, *(spider.name for spider in SITE_SPIDERS)]
