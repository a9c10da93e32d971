"""Tencent news."""

from typing import ClassVar

from crawler.config.models import Kind
from crawler.spiders.source import SourceSpider


class QqSpider(SourceSpider):
    """Its ways are data: of its lists in crawler/config/data/qq.yaml, of its pages in pipelines/extract/data."""

    name = "qq"
    kind: ClassVar[Kind | None] = Kind.QQ
