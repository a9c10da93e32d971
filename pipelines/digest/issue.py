"""When a digest is due, and the cuts it is made by. A digest is its row; the files can be made from it again.

Cuts join: each digest begins where the one before ended, so that a day without a digest is in the next one.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from crawler.config.models import Config, Subscription
from crawler.database import Database
from crawler.tables import digest as digest_table
from pipelines.archive.files import write_atomically
from pipelines.digest.build import build_digest, zone_of
from pipelines.digest.model import Digest
from pipelines.digest.render import render_markdown

_FIRST_PERIOD = timedelta(days=1)  # before a subscription's first digest


@dataclass(frozen=True, kw_only=True)
class Cut:
    """What a digest is made by, and what its row holds."""

    date: str  # YYYY-MM-DD in the subscription's zone
    cut_from: datetime  # exclusive
    cut_to: datetime  # inclusive
    issued: datetime


@dataclass(frozen=True, kw_only=True)
class IssuedDigest:
    digest: Digest
    markdown: str
    path: Path | None  # of its file; None for a preview, which is not stored


def issue_due(
    database: Database, config: Config, subscription: Subscription, now: datetime, folder: Path
) -> IssuedDigest | None:
    """Issue the digest whose cut has come, if there is one: store its cut, then write its files below `folder`.

    Returns:
        None when the latest cut that has come has its digest.
    """
    with database.write() as connection:
        cut = _due_cut(config, subscription, _latest_cut(connection, subscription), now)
        if cut is None:
            return None
        stored = {"date": cut.date, "cut_from": cut.cut_from, "cut_to": cut.cut_to, "issued": cut.issued}
        connection.execute(insert(digest_table).values(subscription=subscription.name, **stored))
        digest = _build(connection, config, subscription, cut)
    return _written(digest, folder, is_latest=True)


def latest(database: Database, config: Config, subscription: Subscription, folder: Path) -> IssuedDigest | None:
    """The digest that was issued last, its files made again where they are missing."""
    with database.read() as connection:
        cut = _latest_cut(connection, subscription)
        if cut is None:
            return None
        digest = _build(connection, config, subscription, cut)
    path = _path(digest)
    if (folder / path).is_file() and (folder / path.with_name("latest.md")).is_file():
        return IssuedDigest(digest=digest, markdown=(folder / path).read_text("utf-8"), path=folder / path)
    return _written(digest, folder, is_latest=True)


def preview(database: Database, config: Config, subscription: Subscription, now: datetime) -> IssuedDigest:
    """What a digest would hold that is cut now. Nothing is stored."""
    with database.read() as connection:
        cut = _cut_at(config, subscription, _latest_cut(connection, subscription), now)
        digest = replace(_build(connection, config, subscription, cut), preview=True)
    return IssuedDigest(digest=digest, markdown=render_markdown(digest), path=None)


def reissue(
    database: Database, config: Config, subscription: Subscription, day: str, folder: Path
) -> IssuedDigest | None:
    """Make the digest of `day` (YYYY-MM-DD) again by its stored cuts. None when none was issued for it."""
    with database.read() as connection:
        cuts = {cut.date: cut for cut in _cuts(connection, subscription)}
        if day not in cuts:
            return None
        digest = _build(connection, config, subscription, cuts[day])
    return _written(digest, folder, is_latest=day == max(cuts))


def issued_dates(database: Database, subscription: Subscription) -> tuple[str, ...]:
    """The dates of the digests that were issued, oldest first."""
    with database.read() as connection:
        return tuple(cut.date for cut in _cuts(connection, subscription))


def _due_cut(config: Config, subscription: Subscription, last: Cut | None, now: datetime) -> Cut | None:
    if last is None:
        # Somebody who has just begun sees something today, not tomorrow.
        return _cut_at(config, subscription, None, now)
    day = now.astimezone(zone_of(config, subscription)).date()
    if _scheduled(config, subscription, day) > now:
        day -= timedelta(days=1)
    cut_to = _scheduled(config, subscription, day)
    # One digest a date: the first one, issued at any hour, stands for its whole date.
    if cut_to <= last.cut_to or day.isoformat() <= last.date:
        return None
    return Cut(date=day.isoformat(), cut_from=last.cut_to, cut_to=cut_to, issued=now)


def _cut_at(config: Config, subscription: Subscription, last: Cut | None, now: datetime) -> Cut:
    day = now.astimezone(zone_of(config, subscription)).date()
    cut_from = now - _FIRST_PERIOD if last is None else last.cut_to
    return Cut(date=day.isoformat(), cut_from=cut_from, cut_to=now, issued=now)


def _scheduled(config: Config, subscription: Subscription, day: date) -> datetime:
    return datetime.combine(day, time.fromisoformat(subscription.at), zone_of(config, subscription)).astimezone(UTC)


def _latest_cut(connection: Connection, subscription: Subscription) -> Cut | None:
    return max(_cuts(connection, subscription), key=lambda cut: cut.cut_to, default=None)


def _cuts(connection: Connection, subscription: Subscription) -> list[Cut]:
    rows = connection.execute(
        select(digest_table).where(digest_table.c.subscription == subscription.name).order_by(digest_table.c.cut_to)
    )
    return [_cut(row) for row in rows]


def _cut(row: Row[Any]) -> Cut:
    return Cut(date=row.date, cut_from=row.cut_from, cut_to=row.cut_to, issued=row.issued)


def _build(connection: Connection, config: Config, subscription: Subscription, cut: Cut) -> Digest:
    digest = build_digest(connection, config, subscription, cut.cut_from, cut.cut_to, cut.issued)
    return replace(digest, date=cut.date)  # the subscription's zone may be another one today


def _written(digest: Digest, folder: Path, *, is_latest: bool) -> IssuedDigest:
    markdown = render_markdown(digest)
    path = _path(digest)
    if is_latest:
        write_atomically(folder, path.with_name("latest.md"), markdown)
    return IssuedDigest(digest=digest, markdown=markdown, path=write_atomically(folder, path, markdown))


def _path(digest: Digest) -> PurePosixPath:
    return PurePosixPath(digest.subscription, f"{digest.date}.md")
