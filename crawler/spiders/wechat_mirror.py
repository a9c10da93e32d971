"""Mirrors of WeChat accounts, made with docsify."""

from typing import ClassVar

from crawler.config.models import Kind
from crawler.spiders.source import SourceSpider


class WechatMirrorSpider(SourceSpider):
    """Its ways are data: of its lists in crawler/config/data/wechat_mirror.yaml, of its pages in
    pipelines/extract/data.
    """

    name = "wechat_mirror"
    kind: ClassVar[Kind | None] = Kind.WECHAT_MIRROR
