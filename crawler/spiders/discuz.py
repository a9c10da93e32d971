"""Portals made with Discuz! X."""

from typing import ClassVar

from crawler.config.models import Kind
from crawler.spiders.source import SourceSpider


class DiscuzSpider(SourceSpider):
    """Its ways are data: of its lists in crawler/config/data/discuz.yaml, of its pages in pipelines/extract/data."""

    name = "discuz"
    kind: ClassVar[Kind | None] = Kind.DISCUZ
