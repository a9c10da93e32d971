"""Which cut a digest is to be made by now, and those that were."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select

from crawler.config.models import Config, Subscription
from crawler.tables import digest as digest_table
from pipelines.health.cuts import Cut, cut_after, cut_of, digests_of, zone_of

_FIRST_PERIOD = timedelta(days=1)  # before a subscription's first digest


def due_cut(connection: Connection, config: Config, subscription: Subscription, now: datetime) -> Cut | None:
    """The cut that has come and has no digest; the latest one where several have."""
    digests = digests_of(connection)
    if cuts := digests.of(subscription):
        return cut_after(config, subscription, cuts, now)
    # Somebody who has just begun sees something today, not tomorrow; but nothing before there is something.
    return None if digests.polled_since is None else cut_at(config, subscription, None, now)


def cut_at(config: Config, subscription: Subscription, last: Cut | None, now: datetime) -> Cut:
    """A cut at this moment, after the `last` one."""
    day = now.astimezone(zone_of(config, subscription)).date()
    cut_from = now - _FIRST_PERIOD if last is None else min(last.cut_to, now)
    return Cut(date=day.isoformat(), cut_from=cut_from, cut_to=now, issued=now)


def cuts_of(connection: Connection, subscription: Subscription) -> list[Cut]:
    """Those of the digests that were issued, oldest first."""
    rows = connection.execute(
        select(digest_table).where(digest_table.c.subscription == subscription.name).order_by(digest_table.c.cut_to)
    )
    return [cut_of(row) for row in rows]


def store_cut(connection: Connection, subscription: Subscription, cut: Cut) -> None:
    stored = {"date": cut.date, "cut_from": cut.cut_from, "cut_to": cut.cut_to, "issued": cut.issued}
    connection.execute(insert(digest_table).values(subscription=subscription.name, **stored))
