"""The latest digest of each subscription, the next cut, and whether one is late."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from crawler.config.models import Config, Subscription
from crawler.outcomes import Outcome
from crawler.tables import article
from pipelines.health.cuts import Cut, late_cut, latest_cut, next_cut
from pipelines.health.status_model import DigestLine, IssuedLine


def digest_lines(connection: Connection, config: Config, now: datetime) -> tuple[DigestLine, ...]:
    return tuple(_line(connection, config, subscription, now) for subscription in config.subscriptions)


def _line(connection: Connection, config: Config, subscription: Subscription, now: datetime) -> DigestLine:
    last = latest_cut(connection, subscription)
    return DigestLine(
        subscription=subscription.name,
        title=subscription.title,
        latest=_issued(connection, subscription, last) if last else None,
        next_cut=next_cut(config, subscription, now),
        # Whoever has none yet has not begun.
        is_late=last is not None and late_cut(config, subscription, last, now) is not None,
    )


def _issued(connection: Connection, subscription: Subscription, cut: Cut) -> IssuedLine:
    kept = connection.execute(
        select(article.c.source, article.c.themes)
        .where(article.c.kept_at > cut.cut_from, article.c.kept_at <= cut.cut_to)
        .where(article.c.outcome == Outcome.KEPT.value)
    ).all()
    return IssuedLine(
        date=cut.date,
        cut_from=cut.cut_from,
        cut_to=cut.cut_to,
        issued=cut.issued,
        articles=sum(_is_wanted(subscription, one.source, one.themes) for one in kept),
    )


def _is_wanted(subscription: Subscription, source: str, themes: Sequence[str]) -> bool:
    is_of_source = subscription.sources == "all" or source in subscription.sources
    return is_of_source and (subscription.themes == "all" or any(name in subscription.themes for name in themes))
