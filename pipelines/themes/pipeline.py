"""Scrapy's item pipeline around `Judge`."""

from collections import Counter
from functools import lru_cache
from typing import Any, Self

from crawler.allowance import TooSlowError
from crawler.config.models import Theme
from crawler.items import Article, Flow
from crawler.visit import Visit
from pipelines.themes.judge import Judge

_OFTEN = 3  # articles over which an expression may take too long in one visit before it is asked no more


class ThemesPipeline:
    """Gives each Article its theme verdicts; hands on everything else. Off theme is what has no theme then."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._judge = _judge_of(visit.config.themes)
        self._slow = Counter[str]()  # how often an expression took too long

    @classmethod
    def from_crawler(cls, crawler: Any) -> Self:
        return cls(crawler.spider.visit)

    def process_item(self, item: Flow) -> Flow:
        if not isinstance(item, Article) or item.pending.revisit:
            return item  # what was kept stays kept
        judged = self._judge.judge_article(item, without=[one for one, times in self._slow.items() if times >= _OFTEN])
        slow = {one: verdict.theme for verdict in judged.verdicts for one in verdict.slow}
        self._slow.update(slow.keys())
        for written, theme in slow.items():
            self._tell(written, theme, judged)
        return judged

    def _tell(self, written: str, theme: str, article: Article) -> None:
        rest = "; it is left out for the rest of this visit" if self._slow[written] >= _OFTEN else ""
        without = f"{article.url} is judged without what it left no time for"
        told = f"theme {theme}, words.regex: {TooSlowError(written)}; {without}{rest}"
        self._visit.note(article.pending.source, told)


@lru_cache(maxsize=1)
def _judge_of(themes: tuple[Theme, ...]) -> Judge:
    """One for all visits of a run: to compile six hundred words takes longer than a visit without news."""
    return Judge(themes)
