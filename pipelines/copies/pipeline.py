"""Scrapy's item pipeline around `find_copy`."""

from dataclasses import replace
from typing import Any, Self

from sqlalchemy import Connection

from crawler.items import Article, Flow
from crawler.visit import Visit
from pipelines.copies.find import find_copy, find_seed
from pipelines.copies.fingerprint import text_hash


class CopiesPipeline:
    """Gives each Article its fingerprint and its copy verdict; hands on everything else."""

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
    """The article with its fingerprint and its copy verdict. Off theme it can be a copy of a seed alone."""
    marked = replace(article, text_hash=text_hash(article.text, article.title))
    if marked.pending.revisit:
        return marked  # a copy or not, it stays what it was
    find = find_copy if marked.themes else find_seed
    return replace(marked, copy=find(connection, marked, marked.text_hash))
