"""When a digest is due, and the cuts it is made by. A digest is its row; the files can be made from it again.

Cuts join: each digest begins where the one before ended, so that a day without a digest is in the next one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from crawler.config.models import Config, Subscription
from crawler.database import Database, StorageError
from crawler.lock import digests_lock
from crawler.tables import book, run
from crawler.tables import digest as digest_table
from pipelines.archive.files import write_atomically
from pipelines.digest.build import build_digest, zone_of
from pipelines.digest.model import Digest
from pipelines.digest.render import render_markdown
from pipelines.digest.withhold import shows_text_of, taken_away

_LONGEST_SIMULATED_RUN = timedelta(hours=6)
_RESTORED = 31  # of the last digests, whose lost files are made again
_FIRST_PERIOD = timedelta(days=1)  # before a subscription's first digest
_LATEST = "latest.md"


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

    Files of earlier ones that a full disk or a killed process lost are made again first, and those that show what its
    source has taken away since.

    Returns:
        None when nothing was crawled yet, or when the latest cut that has come has its digest.

    Raises:
        StorageError: the files cannot be written. The cut is stored; the next call tries again.
    """
    with digests_lock(folder):
        _restore_lost(database, config, subscription, folder)
        _withhold(database, config, subscription, folder)
        digest = _issued(database, config, subscription, now)
        return None if digest is None else _written(digest, folder, is_latest=True)


def not_before_the_last_run(database: Database, now: datetime) -> datetime:
    """`now`, or the end of the last run where that lies shortly after it.

    A simulated run moves its clock on by its waits; a digest asked for at the time the run was given must not lie
    before what that run kept.
    """
    with database.read() as connection:
        ended = connection.scalar(select(func.max(run.c.ended)).where(run.c.ended <= now + _LONGEST_SIMULATED_RUN))
    return max(now, ended) if ended else now


def latest(database: Database, config: Config, subscription: Subscription, folder: Path) -> IssuedDigest | None:
    """The digest that was issued last, its files made again where they are missing.

    Raises:
        StorageError: the files cannot be written.
    """
    with database.read() as connection:
        cut = _latest_cut(connection, subscription)
        if cut is None:
            return None
        digest = _build(connection, config, subscription, cut)
    if not _is_filed(folder, subscription, cut, is_latest=True):
        return reissue(database, config, subscription, cut.date, folder)
    return IssuedDigest(
        digest=digest, markdown=render_markdown(digest), path=folder / _path(subscription.name, cut.date)
    )


def preview(database: Database, config: Config, subscription: Subscription, now: datetime) -> IssuedDigest:
    """What a digest would hold that is cut now. Nothing is stored."""
    with database.read() as connection:
        cut = _cut_at(config, subscription, _latest_cut(connection, subscription), now)
        digest = replace(_build(connection, config, subscription, cut), preview=True)
    return IssuedDigest(digest=digest, markdown=render_markdown(digest), path=None)


def reissue(
    database: Database, config: Config, subscription: Subscription, day: str, folder: Path
) -> IssuedDigest | None:
    """Make the digest of `day` (YYYY-MM-DD) again by its stored cuts. None when none was issued for it.

    Raises:
        StorageError: the files cannot be written.
    """
    with digests_lock(folder), database.read() as connection:
        return reissue_from(connection, config, subscription, day, folder)


def reissue_from(
    connection: Connection, config: Config, subscription: Subscription, day: str, folder: Path
) -> IssuedDigest | None:
    """`reissue`, by what the caller's transaction sees, under the lock he holds; "latest": the day of the last one."""
    cuts = {cut.date: cut for cut in _cuts(connection, subscription)}
    last = max(cuts, default="")
    cut = cuts.get(last if day == "latest" else day)
    if cut is None:
        return None
    return _written(_build(connection, config, subscription, cut), folder, is_latest=cut.date == last)


def issued_dates(database: Database, subscription: Subscription) -> tuple[str, ...]:
    """The dates of the digests that were issued, oldest first."""
    with database.read() as connection:
        return tuple(cut.date for cut in _cuts(connection, subscription))


def _issued(database: Database, config: Config, subscription: Subscription, now: datetime) -> Digest | None:
    """Store the cut that is due, if there is one: with its digest, or not at all when that cannot be built."""
    with database.write() as connection:
        cut = _due_cut(connection, config, subscription, now)
        if cut is None:
            return None
        stored = {"date": cut.date, "cut_from": cut.cut_from, "cut_to": cut.cut_to, "issued": cut.issued}
        connection.execute(insert(digest_table).values(subscription=subscription.name, **stored))
        return _build(connection, config, subscription, cut)


def _due_cut(connection: Connection, config: Config, subscription: Subscription, now: datetime) -> Cut | None:
    last = _latest_cut(connection, subscription)
    if last is None:
        # Somebody who has just begun sees something today, not tomorrow; but nothing before there is something.
        return _cut_at(config, subscription, None, now) if _has_polled(connection) else None
    day = now.astimezone(zone_of(config, subscription)).date()
    if _scheduled(config, subscription, day) > now:
        day -= timedelta(days=1)
    cut_to = _scheduled(config, subscription, day)
    # One digest a date: the first one, issued at any hour, stands for its whole date.
    if cut_to <= last.cut_to or day.isoformat() <= last.date:
        return None
    return Cut(date=day.isoformat(), cut_from=last.cut_to, cut_to=cut_to, issued=now)


def _has_polled(connection: Connection) -> bool:
    """Whether a run that ended has polled anything with success."""
    polled = select(book.c.run).join(run, run.c.id == book.c.run)
    query = polled.where(run.c.ended.is_not(None), book.c.polls > book.c.polls_failed).limit(1)
    return connection.execute(query).first() is not None


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


def _restore_lost(database: Database, config: Config, subscription: Subscription, folder: Path) -> None:
    with database.read() as connection:
        cuts = _cuts(connection, subscription)[-_RESTORED:]
    for cut in cuts:
        is_latest = cut == cuts[-1]
        if not _is_filed(folder, subscription, cut, is_latest=is_latest):
            with database.read() as connection:
                digest = _build(connection, config, subscription, cut)
            _written(digest, folder, is_latest=is_latest)


def _withhold(database: Database, config: Config, subscription: Subscription, folder: Path) -> None:
    """Make the digests again that show a text whose source has taken it away since.

    What was taken away before the last digest but one is settled: each issue sees to what came after the one before,
    with a period to spare for what was stored late.
    """
    with database.read() as connection:
        cuts = _cuts(connection, subscription)
        settled = cuts[-2].cut_to if len(cuts) > 1 else None
        taken = taken_away(connection, settled)
        for cut in cuts:
            urls = [item.url for item in taken if cut.cut_from < item.kept_at <= cut.cut_to]
            if urls and shows_text_of(_filed_text(folder, subscription, cut), urls):
                _written(_build(connection, config, subscription, cut), folder, is_latest=cut == cuts[-1])


def _filed_text(folder: Path, subscription: Subscription, cut: Cut) -> str:
    """What the file of a digest holds; nothing where there is none."""
    path = folder / _path(subscription.name, cut.date)
    with _faults_named(path):
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _is_filed(folder: Path, subscription: Subscription, cut: Cut, *, is_latest: bool) -> bool:
    path = _path(subscription.name, cut.date)
    with _faults_named(folder / path):
        return (folder / path).is_file() and (not is_latest or (folder / path.with_name(_LATEST)).is_file())


def _written(digest: Digest, folder: Path, *, is_latest: bool) -> IssuedDigest:
    markdown = render_markdown(digest)
    path = _path(digest.subscription, digest.date)
    with _faults_named(folder / path):
        if is_latest:
            # First, so that a digest with a file of its own is the latest.md too, whenever the process dies.
            write_atomically(folder, path.with_name(_LATEST), markdown)
        return IssuedDigest(digest=digest, markdown=markdown, path=write_atomically(folder, path, markdown))


@contextmanager
def _faults_named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        cause = f"the digest {path} cannot be written: {error.strerror or error}"
        raise StorageError(f"{cause}; its cut is stored, and the next call makes its files again") from error


def _path(subscription: str, day: str) -> PurePosixPath:
    return PurePosixPath(subscription, f"{day}.md")
