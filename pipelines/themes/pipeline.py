"""Scrapy's item pipeline around `Judge`."""

from functools import lru_cache
from typing import Any, Self

from crawler.config.models import Theme
from crawler.items import Article, Flow
from crawler.visit import Visit
from pipelines.themes.judge import Judge


class ThemesPipeline:
    """Gives each Article its theme verdicts; hands on everything else. Off theme is what has no theme then."""

    def __init__(self, visit: Visit) -> None:
        self._judge = _judge_of(visit.config.themes)

    @classmethod
    def from_crawler(cls, crawler: Any) -> Self:
        return cls(crawler.spider.visit)

    def process_item(self, item: Flow) -> Flow:
        if not isinstance(item, Article) or item.pending.revisit:
            return item  # what was kept stays kept
        return self._judge.judge_article(item)


@lru_cache(maxsize=1)
def _judge_of(themes: tuple[Theme, ...]) -> Judge:
    """One for all visits of a run: to compile six hundred words takes longer than a visit without news."""
    return Judge(themes)
