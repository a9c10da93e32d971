"""亿欧."""

from typing import ClassVar

from crawler.config.models import Kind
from crawler.spiders.source import SourceSpider


class IyiouSpider(SourceSpider):
    """Its ways are data: of its lists in crawler/config/data/iyiou.yaml, of its pages in pipelines/extract/data."""

    name = "iyiou"
    kind: ClassVar[Kind | None] = Kind.IYIOU
