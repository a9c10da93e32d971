"""Kinds of sites. A new shape is one file here and its word in SHAPES; press.yaml names it."""

from collections.abc import Callable

from crawler.newsroom.loading import SiteData
from crawler.newsroom.shapes.base import Shape, Site
from crawler.newsroom.shapes.discuz import DiscuzPortal
from crawler.newsroom.shapes.docsify_mirror import DocsifyMirror
from crawler.newsroom.shapes.iyiou import IyiouSite
from crawler.newsroom.shapes.outlet import Outlet
from crawler.newsroom.shapes.qq import QqSite
from crawler.newsroom.shapes.rss import RssSite
from crawler.newsroom.shapes.still import StillSite
from crawler.newsroom.shapes.walled import WalledSite
from crawler.newsroom.shapes.weixin import WeixinSite

SHAPES: dict[str, Callable[[SiteData], Shape]] = {
    "rss": RssSite,
    "outlet": Outlet,
    "docsify_mirror": DocsifyMirror,
    "qq": QqSite,
    "iyiou": IyiouSite,
    "discuz": DiscuzPortal,
    "weixin": WeixinSite,
    "walled": WalledSite,
    "still": StillSite,
}

__all__ = ["SHAPES", "Shape", "Site"]
