"""Scrapy's item pipeline around `find_copy`."""

from dataclasses import replace
from typing import Any, Self

from crawler.items import Article, Flow
from crawler.visit import Visit
from pipelines.copies.find import find_copy
from pipelines.copies.fingerprint import text_hash


class CopiesPipeline:
    """Gives each Article its fingerprint, and its copy verdict when it is on theme; hands on everything else."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit

    @classmethod
    def from_crawler(cls, crawler: Any) -> Self:
        return cls(crawler.spider.visit)

    def process_item(self, item: Flow) -> Flow:
        if not isinstance(item, Article):
            return item
        marked = replace(item, text_hash=text_hash(item.text, item.title))
        if not marked.themes:
            return marked
        with self._visit.run.database.read() as connection:
            return replace(marked, copy=find_copy(connection, marked, marked.text_hash))
