"""The cuts that digests are made by: when they come, which were made, and when one that has come is late.

Cuts join: each digest begins where the one before ended, so that a day without a digest is in the next one.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, select

from crawler.config.models import Config, Subscription
from crawler.tables import book, digest, run
from pipelines.archive.ahead import SLACK

# After its cut a digest is not late yet: cron's next tick issues it, or the run under way does.
GRACE = timedelta(hours=1)
_PERIOD = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Cut:
    """What a digest is made by, and what its row holds."""

    date: str  # YYYY-MM-DD in the subscription's zone
    cut_from: datetime  # exclusive
    cut_to: datetime  # inclusive
    issued: datetime


@dataclass(frozen=True, kw_only=True)
class Digests:
    """Those that were issued, and since when there is something to tell."""

    cuts: Mapping[str, tuple[Cut, ...]]  # subscription → its own, oldest first
    polled_since: datetime | None  # the end of the first run that polled anything with success

    def of(self, subscription: Subscription) -> tuple[Cut, ...]:
        return self.cuts.get(subscription.name, ())


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """How it stands with the digests of one subscription."""

    last: Cut | None
    late: Cut | None  # came, longer ago than the grace, and has no digest
    is_missing: bool  # there is none at all, and should be one
    is_ahead: bool  # the last cut lies in the future: the clock was wrong then, or is now
    next_cut: datetime  # the next one that a digest will be issued for

    @property
    def is_late(self) -> bool:
        return self.late is not None or self.is_missing


def outlook(config: Config, subscription: Subscription, digests: Digests, now: datetime) -> Outlook:
    """What `digest --check`, `status` and `doctor` say alike."""
    cuts = digests.of(subscription)
    last = cuts[-1] if cuts else None
    return Outlook(
        last=last,
        late=late_cut(config, subscription, cuts, now) if cuts else None,
        is_missing=last is None and _should_have_begun(subscription, digests, now),
        is_ahead=last is not None and last.cut_to > now + SLACK,
        next_cut=_next_cut(config, subscription, cuts, now),
    )


def zone_of(config: Config, subscription: Subscription) -> ZoneInfo:
    return ZoneInfo(subscription.timezone or config.settings.timezone)


def cut_after(config: Config, subscription: Subscription, cuts: Sequence[Cut], now: datetime) -> Cut | None:
    """The cut that has come since the last of these `cuts` and has no digest; the latest one where several have."""
    day = now.astimezone(zone_of(config, subscription)).date()
    if scheduled(config, subscription, day) > now:
        day -= timedelta(days=1)
    if not _is_free(config, subscription, cuts, day):
        return None
    return Cut(
        date=day.isoformat(),
        cut_from=cuts[-1].cut_to,
        cut_to=scheduled(config, subscription, day),
        issued=now,
    )


def late_cut(config: Config, subscription: Subscription, cuts: Sequence[Cut], now: datetime) -> Cut | None:
    """The cut whose digest is late."""
    return cut_after(config, subscription, cuts, now - GRACE)


def scheduled(config: Config, subscription: Subscription, day: date) -> datetime:
    """The cut of a day: an hour that its clocks leave out is taken by the time before, one they repeat the first time.

    So each day has one.
    """
    return datetime.combine(day, time.fromisoformat(subscription.at), zone_of(config, subscription)).astimezone(UTC)


def digests_of(connection: Connection) -> Digests:
    """What is known of all digests."""
    cuts: dict[str, list[Cut]] = defaultdict(list)
    for row in connection.execute(select(digest).order_by(digest.c.cut_to, digest.c.id)):
        cuts[row.subscription].append(cut_of(row))
    # The first one by its number: that no more is read than up to it.
    polled = select(run.c.ended).join(book).where(run.c.ended.is_not(None), book.c.polls > book.c.polls_failed)
    return Digests(
        cuts={name: tuple(found) for name, found in cuts.items()},
        polled_since=connection.scalar(polled.order_by(run.c.id).limit(1)),
    )


def latest_cut(connection: Connection, subscription: Subscription) -> Cut | None:
    of_it = select(digest).where(digest.c.subscription == subscription.name)
    row = connection.execute(of_it.order_by(digest.c.cut_to.desc(), digest.c.id.desc()).limit(1)).first()
    return None if row is None else cut_of(row)


def cut_of(row: Row[Any]) -> Cut:
    """That of a row of table `digest`."""
    return Cut(date=row.date, cut_from=row.cut_from, cut_to=row.cut_to, issued=row.issued)


def _next_cut(config: Config, subscription: Subscription, cuts: Sequence[Cut], now: datetime) -> datetime:
    day = now.astimezone(zone_of(config, subscription)).date()
    while scheduled(config, subscription, day) <= now or not _is_free(config, subscription, cuts, day):
        day += timedelta(days=1)
    return scheduled(config, subscription, day)


def _is_free(config: Config, subscription: Subscription, cuts: Sequence[Cut], day: date) -> bool:
    """Whether a digest of this day would follow those there are.

    One digest a date: the first one, issued at any hour, stands for its whole date. One that a clock which ran ahead
    issued keeps its date, and so do those after it theirs, though they are earlier ones.
    """
    if cuts and scheduled(config, subscription, day) <= cuts[-1].cut_to:
        return False
    return all(cut.date != day.isoformat() for cut in cuts)


def _should_have_begun(subscription: Subscription, digests: Digests, now: datetime) -> bool:
    """Whether a subscription without a digest should have its first.

    It comes with the next digest of any. When a subscription was added nobody knows; it was after the others had their
    last, which would have brought its own.
    """
    if digests.polled_since is None:
        return False
    others = [cut.issued for cuts in digests.cuts.values() for cut in cuts]
    if not others:
        return now - digests.polled_since >= GRACE
    return now - max(others) >= _PERIOD + GRACE
