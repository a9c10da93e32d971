"""Digests are issued, and made again. A digest is its row; the files can be made from it at any time."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, func, select

from crawler.config.models import Config, Subscription
from crawler.database import Database
from crawler.lock import digests_lock
from crawler.tables import run
from pipelines.archive.ahead import bring_back
from pipelines.digest.build import build_digest
from pipelines.digest.cuts import cut_at, cuts_of, due_cut, store_cut
from pipelines.digest.files import LATEST, IssuedDigest, filed_text, has_other_files, is_filed, path_of, write_files
from pipelines.digest.model import Digest
from pipelines.digest.render import rendered
from pipelines.digest.withhold import shows_text_of, taken_away
from pipelines.health.cuts import Cut, latest_cut

__all__ = [
    "IssuedDigest", "build_cut", "issue_due", "issued_dates", "latest", "not_before_the_last_run", "preview",
    "reissue", "reissue_from",
]  # fmt: skip

_LONGEST_SIMULATED_RUN = timedelta(hours=6)
_RESTORED = 31  # of the last digests, whose lost files are made again


def issue_due(
    database: Database,
    config: Config,
    subscription: Subscription,
    now: datetime,
    folder: Path,
    *,
    wait: float | None = None,
) -> IssuedDigest | None:
    """Issue the digest whose cut has come, if there is one: store its cut, then write its files below `folder`.

    Files of earlier ones that a full disk or a killed process lost are made again first, and those that show what its
    source has taken away since.

    Args:
        database: of the archive.
        config: whose sources it goes by.
        subscription: whose digest it is.
        now: what decides whether a cut has come.
        folder: of the digests.
        wait: seconds, see `digests_lock`.

    Returns:
        None when nothing was crawled yet, or when the latest cut that has come has its digest.

    Raises:
        StorageError: the files cannot be written. The cut is stored; the next call tries again.
    """
    with digests_lock(folder, wait):
        _restore_lost(database, config, subscription, folder)
        _withhold(database, config, subscription, folder)
        digest = _issued(database, config, subscription, now)
        return None if digest is None else write_files(digest, folder, is_latest=True)


def is_due(database: Database, config: Config, subscription: Subscription, now: datetime) -> bool:
    """Whether a cut has come that has no digest yet. Only reads."""
    with database.read() as connection:
        return due_cut(connection, config, subscription, now) is not None


def bring_digests_back(database: Database, now: datetime, folder: Path) -> bool:
    """Date back what a clock that ran ahead has stored, see `bring_back`; whether there was anything.

    The caller holds the run lock, and was told by a person that the clock had been wrong and is right.

    Raises:
        StorageError: the lock on the digests cannot be had.
    """
    with digests_lock(folder), database.write() as connection:
        return bring_back(connection, now)


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
        cut = latest_cut(connection, subscription)
        if cut is None:
            return None
        digest = build_cut(connection, config, subscription, cut)
    if not is_filed(folder, subscription.name, cut.date, is_latest=True):
        return reissue(database, config, subscription, cut.date, folder)
    return IssuedDigest(digest=digest, texts=rendered(digest), path=path_of(folder, subscription.name, cut.date))


def preview(database: Database, config: Config, subscription: Subscription, now: datetime) -> IssuedDigest:
    """What a digest would hold that is cut now. Nothing is stored."""
    with database.read() as connection:
        cut = cut_at(config, subscription, latest_cut(connection, subscription), now)
        digest = replace(build_cut(connection, config, subscription, cut), preview=True)
    return IssuedDigest(digest=digest, texts=rendered(digest), path=None)


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
    cuts = {cut.date: cut for cut in cuts_of(connection, subscription)}
    last = next(reversed(cuts), "")
    cut = cuts.get(last if day == LATEST else day)
    if cut is None:
        return None
    return write_files(build_cut(connection, config, subscription, cut), folder, is_latest=cut.date == last)


def issued_dates(database: Database, subscription: Subscription) -> tuple[str, ...]:
    """The dates of the digests that were issued, oldest first."""
    with database.read() as connection:
        return tuple(cut.date for cut in cuts_of(connection, subscription))


def build_cut(connection: Connection, config: Config, subscription: Subscription, cut: Cut) -> Digest:
    """The digest of a stored cut."""
    digest = build_digest(connection, config, subscription, cut.cut_from, cut.cut_to, cut.issued)
    return replace(digest, date=cut.date)  # the subscription's zone may be another one today


def _issued(database: Database, config: Config, subscription: Subscription, now: datetime) -> Digest | None:
    """Store the cut that is due, if there is one: with its digest, or not at all when that cannot be built."""
    with database.write() as connection:
        cut = due_cut(connection, config, subscription, now)
        if cut is None:
            return None
        store_cut(connection, subscription, cut)
        return build_cut(connection, config, subscription, cut)


def _restore_lost(database: Database, config: Config, subscription: Subscription, folder: Path) -> None:
    with database.read() as connection:
        cuts = cuts_of(connection, subscription)[-_RESTORED:]
    for cut in cuts:
        is_latest = cut == cuts[-1]
        if not is_filed(folder, subscription.name, cut.date, is_latest=is_latest):
            with database.read() as connection:
                digest = build_cut(connection, config, subscription, cut)
            write_files(digest, folder, is_latest=is_latest)


def _withhold(database: Database, config: Config, subscription: Subscription, folder: Path) -> None:
    """Make the digests again that show a text whose source has taken it away since.

    What was taken away before the last digest but one is settled: each issue sees to what came after the one before,
    with a period to spare for what was stored late.
    """
    with database.read() as connection:
        cuts = cuts_of(connection, subscription)
        settled = cuts[-2].cut_to if len(cuts) > 1 else None
        taken = taken_away(connection, settled)
        for cut in cuts:
            urls = [url for item in taken if cut.cut_from < item.kept_at <= cut.cut_to for url in item.urls]
            if urls and _may_show(folder, subscription, cut, urls):
                digest = build_cut(connection, config, subscription, cut)
                write_files(digest, folder, is_latest=cut == cuts[-1])


def _may_show(folder: Path, subscription: Subscription, cut: Cut, urls: list[str]) -> bool:
    """Whether the files of a digest show one of these texts. Where its Markdown is gone, the others may."""
    markdown = filed_text(folder, subscription.name, cut.date)
    if markdown is None:
        return has_other_files(folder, subscription.name, cut.date)
    return shows_text_of(markdown, urls)
