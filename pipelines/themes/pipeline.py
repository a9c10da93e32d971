"""Scrapy's item pipeline around `Judge`."""

from dataclasses import replace
from typing import Any, Self

from crawler.items import Article, Flow
from crawler.visit import Visit
from pipelines.themes.judge import LEAD, Judge


class ThemesPipeline:
    """Gives each Article its theme verdicts; hands on everything else. Off theme is what has no theme then."""

    def __init__(self, visit: Visit) -> None:
        self._judge = Judge(visit.config.themes)

    @classmethod
    def from_crawler(cls, crawler: Any) -> Self:
        return cls(crawler.spider.visit)

    def process_item(self, item: Flow) -> Flow:
        if not isinstance(item, Article) or item.pending.revisit:
            return item  # what was kept stays kept
        lead = (item.pending.entry.summary or item.text)[:LEAD]
        return replace(item, verdicts=self._judge.judge(item.title, lead, item.text))
