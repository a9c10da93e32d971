"""Whether the newest digest of a subscription is there, on time, and what it should be. Nothing is issued."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection

from crawler.config.models import Config, Subscription
from crawler.database import Database
from pipelines.digest.files import is_filed
from pipelines.digest.issue import build_cut
from pipelines.health.cuts import Cut, Outlook, digests_of, outlook, zone_of


class Fault(StrEnum):
    """What can be wrong with the newest digest."""

    NEVER_ISSUED = "never_issued"
    LATE = "late"
    AHEAD = "ahead"
    NO_FILE = "no_file"
    EMPTY = "empty"
    UNBALANCED = "unbalanced"


@dataclass(frozen=True, kw_only=True)
class DigestFault:
    subscription: str  # its name
    fault: Fault
    date: str  # of the digest, YYYY-MM-DD; empty when there is none
    told: str  # the whole of it in words


def faults_of(
    database: Database, config: Config, subscription: Subscription, now: datetime, folder: Path
) -> tuple[DigestFault, ...]:
    """What is wrong with the newest digest of a subscription, whose files lie below `folder`; nothing if all is well.

    Raises:
        StorageError: the folder cannot be read.
    """
    with database.read() as connection:
        seen = outlook(config, subscription, digests_of(connection), now)
        timing = tuple(_faults_of_time(config, subscription, seen))
        if seen.last is None:
            return timing
        filing = _faults_of_files(subscription, seen.last, folder)
        return (*timing, *filing, *_faults_in(connection, config, subscription, seen.last))


def _faults_of_time(config: Config, subscription: Subscription, seen: Outlook) -> Iterator[DigestFault]:
    if seen.is_missing:
        told = "no digest was ever issued; presswatch digest issues the first after a good poll"
        yield _fault(subscription, Fault.NEVER_ISSUED, "", told)
    if seen.last is not None and seen.is_ahead:
        told = f"was cut in the future, at {_at(config, subscription, seen.last)}: the clock was wrong, or is now"
        told = f"the digest of {seen.last.date} {told}; if it is right now, presswatch archive date-back"
        yield _fault(subscription, Fault.AHEAD, seen.last.date, told)
    if seen.late is not None:
        told = f"its cut came at {_at(config, subscription, seen.late)}; presswatch digest issues it"
        yield _fault(subscription, Fault.LATE, seen.late.date, f"the digest of {seen.late.date} is late: {told}")


def _faults_of_files(subscription: Subscription, cut: Cut, folder: Path) -> Iterator[DigestFault]:
    if not is_filed(folder, subscription.name, cut.date, is_latest=True):
        told = f"files of the digest of {cut.date} are missing in {folder}; presswatch digest makes them again"
        yield _fault(subscription, Fault.NO_FILE, cut.date, told)


def _at(config: Config, subscription: Subscription, cut: Cut) -> str:
    zone = zone_of(config, subscription)
    return f"{cut.cut_to.astimezone(zone):%Y-%m-%d %H:%M} ({zone.key})"


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
