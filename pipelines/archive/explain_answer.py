"""What `presswatch explain --json` prints: one document, whatever the query names."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from crawler.config.models import Config
from crawler.tombstones import Tombstone
from pipelines.archive.explain import Explanation, explain
from pipelines.archive.explain_waiting import Waiting, waiting_of
from pipelines.archive.lookup import Candidate


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The article that was meant, or those that may have been; nothing at all where nothing is known of it."""

    query: str
    article: Explanation | None  # null when several fit, or none
    waiting: Waiting | None  # of an article that is pending: when it is tried next, and why not yet
    source_disabled: str | None  # why its source is; empty when the config says none; null: it is not disabled
    candidates: tuple[Candidate, ...]  # when several fit; at most twenty, the newest first
    forgotten: Tombstone | None  # it was forgotten: nothing else is known of it

    @property
    def is_empty(self) -> bool:
        return not (self.article or self.candidates or self.forgotten)


def answer(connection: Connection, config: Config, query: str, now: datetime) -> Answer:
    """From what is stored, and the config of today."""
    found = explain(connection, query)
    article = found if isinstance(found, Explanation) else None
    source = config.source(article.source) if article else None
    return Answer(
        query=query,
        article=article,
        waiting=waiting_of(connection, config, article.entry, now) if article else None,
        source_disabled=source.disabled_because if source and not source.enabled else None,
        candidates=found if isinstance(found, tuple) else (),
        forgotten=found if isinstance(found, Tombstone) else None,
    )
