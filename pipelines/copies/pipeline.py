"""Scrapy's item pipeline around `find_copy`."""

from dataclasses import replace
from typing import Any, Self

from sqlalchemy import Connection

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
        with self._visit.run.database.read() as connection:
            return compared(connection, item)


def compared(connection: Connection, article: Article) -> Article:
    """The article with its fingerprint, and its copy verdict when it is on theme."""
    marked = replace(article, text_hash=text_hash(article.text, article.title))
    if not marked.themes:
        return marked
    return replace(marked, copy=find_copy(connection, marked, marked.text_hash))
