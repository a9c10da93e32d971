"""The latest digest of each subscription, the next cut, and whether one is late."""

from datetime import datetime

from sqlalchemy import Connection

from crawler.config.models import Config, Subscription
from pipelines.health.cuts import Digests, digests_of, outlook
from pipelines.health.status_model import DigestLine, IssuedLine


def digest_lines(connection: Connection, config: Config, now: datetime) -> tuple[DigestLine, ...]:
    digests = digests_of(connection)
    return tuple(_line(config, subscription, digests, now) for subscription in config.subscriptions)


def _line(config: Config, subscription: Subscription, digests: Digests, now: datetime) -> DigestLine:
    seen = outlook(config, subscription, digests, now)
    return DigestLine(
        subscription=subscription.name,
        title=subscription.title,
        latest=IssuedLine(**vars(seen.last)) if seen.last else None,
        next_cut=seen.next_cut,
        is_late=seen.is_late,
        is_ahead=seen.is_ahead,
    )
