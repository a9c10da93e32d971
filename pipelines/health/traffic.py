"""The request ledger as status tells it."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from crawler.budget import next_day, share_of_pages
from crawler.config.models import Source
from crawler.items import Origin
from crawler.outcomes import ARCHIVED
from crawler.tables import article, entry, traffic
from pipelines.health.traffic_model import Budget, Costs, DomainCost

_DAYS = 7


def costs_of(connection: Connection, now: datetime, zone: ZoneInfo, source: str = "") -> Costs:
    """Of all sources, or of the one named."""
    since = now.astimezone(zone).date() - timedelta(days=_DAYS - 1)
    asked = (
        select(traffic.c.host, func.sum(traffic.c.requests).label("requests"), func.sum(traffic.c.bytes).label("bytes"))
        .where(traffic.c.day >= since)
        .group_by(traffic.c.host)
    )
    rows = connection.execute(asked.where(traffic.c.source == source) if source else asked).all()
    articles = _new_articles(connection, datetime.combine(since, time(), zone).astimezone(UTC), source)
    costs = [_cost(row.host, row.requests, row.bytes, articles.get(row.host, 0)) for row in rows]
    return Costs(since=since, domains=tuple(sorted(costs, key=_dearest)))


def _new_articles(connection: Connection, since: datetime, source: str) -> Mapping[str, int]:
    """By the domain that was asked for them."""
    stored = (
        select(entry.c.host, func.count().label("articles"))
        .select_from(article)
        .join(entry)
        .where(article.c.kept_at >= since, article.c.outcome.in_([outcome.value for outcome in ARCHIVED]))
        .where(article.c.origin == Origin.CRAWL.value)
        .group_by(entry.c.host)
    )
    rows = connection.execute(stored.where(article.c.source == source) if source else stored)
    return {row.host: row.articles for row in rows}


def _cost(domain: str, requests: int, size: int, articles: int) -> DomainCost:
    return DomainCost(
        domain=domain,
        requests=requests,
        bytes=size,
        articles=articles,
        requests_per_article=requests / articles if articles else None,
        bytes_per_article=size / articles if articles else None,
    )


def _dearest(cost: DomainCost) -> tuple[float, int, str]:
    each = max(cost.articles, 1)
    return -cost.requests / each, -cost.bytes // each, cost.domain


def requests_of_today(connection: Connection, now: datetime, zone: ZoneInfo) -> dict[str, int]:
    """By source."""
    rows = connection.execute(
        select(traffic.c.source, func.sum(traffic.c.requests).label("requests"))
        .where(traffic.c.day == now.astimezone(zone).date())
        .group_by(traffic.c.source)
    )
    return {row.source: row.requests for row in rows}


def budget_of(source: Source, requests: int, now: datetime, zone: ZoneInfo) -> Budget:
    """
    Args:
        source: as configured.
        requests: that it has made today.
        now: the time of asking.
        zone: the installation's.
    """
    per_day = source.politeness.requests_per_day
    articles_wait = requests >= share_of_pages(per_day)
    return Budget(
        requests=requests,
        per_day=per_day,
        articles_wait=articles_wait,
        polls_wait=requests >= per_day,
        until=next_day(now, zone) if articles_wait else None,
    )
