"""Whether the newest digest of a subscription is there, on time, and what it should be. Nothing is issued."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from crawler.config.models import Config, Subscription
from crawler.database import Database
from pipelines.digest.issue import build_cut
from pipelines.health.cuts import Cut, late_cut, latest_cut, zone_of


class Fault(StrEnum):
    """What can be wrong with the newest digest."""

    NEVER_ISSUED = "never_issued"
    LATE = "late"
    EMPTY = "empty"
    UNBALANCED = "unbalanced"


@dataclass(frozen=True, kw_only=True)
class DigestFault:
    subscription: str  # its name
    fault: Fault
    date: str  # of the digest, YYYY-MM-DD; empty when there is none
    told: str  # the whole of it in words


def faults_of(database: Database, config: Config, subscription: Subscription, now: datetime) -> tuple[DigestFault, ...]:
    """What is wrong with the newest digest of a subscription; nothing when all is well."""
    with database.read() as connection:
        last = latest_cut(connection, subscription)
        if last is None:
            told = "no digest was ever issued; presswatch digest issues the first after a good poll"
            return (_fault(subscription, Fault.NEVER_ISSUED, "", told),)
        late = late_cut(config, subscription, last, now)
        lateness = () if late is None else (_late(config, subscription, late),)
        return (*lateness, *_faults_in(connection, config, subscription, last))


def _late(config: Config, subscription: Subscription, cut: Cut) -> DigestFault:
    zone = zone_of(config, subscription)
    came = f"its cut came at {cut.cut_to.astimezone(zone):%Y-%m-%d %H:%M} ({zone.key})"
    told = f"the digest of {cut.date} is late: {came}; presswatch digest issues it"
    return _fault(subscription, Fault.LATE, cut.date, told)


def _faults_in(connection: Connection, config: Config, subscription: Subscription, cut: Cut) -> tuple[DigestFault, ...]:
    digest = build_cut(connection, config, subscription, cut)
    found = []
    if not digest.articles:
        found.append(_fault(subscription, Fault.EMPTY, cut.date, f"the digest of {cut.date} has no article"))
    for item in digest.books.imbalances:
        where = f"{item.source}, run {item.run}" if item.run else f"{item.source}, where runs join"
        figures = f"{item.carried_in} + {item.found} ≠ {item.ended} + {item.carried_out}"
        told = f"the books of the digest of {cut.date} do not balance: {where}: {figures}"
        found.append(_fault(subscription, Fault.UNBALANCED, cut.date, told))
    return tuple(found)


def _fault(subscription: Subscription, fault: Fault, date: str, told: str) -> DigestFault:
    return DigestFault(subscription=subscription.name, fault=fault, date=date, told=f"{subscription.name}: {told}")
