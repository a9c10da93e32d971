"""The daemon's digests: those whose cut has come are issued, each by itself."""

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from crawler.clock import Clock
from crawler.config.models import Config, Subscription
from crawler.database import Database, StorageError
from crawler.schedule.failures import Failures
from pipelines.digest.issue import is_due, issue_due

logger = logging.getLogger("presswatch.schedule")

LOCK_SECONDS = 5.0  # that one waits for another process that makes digests: the next try is in a minute


@dataclass(kw_only=True)
class DigestTimes:
    """Issues what is due, by the cuts that are stored: several that were missed are one digest, as by hand.

    Args:
        ledger: the database. It is asked for before each look and closed after it, so that one that was put in its
            place meanwhile (restore) is found.
        clock: what decides whether a cut has come.
        folder: of the digests.
    """

    ledger: Callable[[], Database]
    clock: Clock
    folder: Path
    _settled: set[str] = field(default_factory=set)  # subscriptions all of whose files were written
    _failures: Failures = field(default_factory=Failures)  # by subscription
    _stopped: bool = False

    def issue(self, config: Config) -> None:
        """Issue what is due. One that cannot be written or built keeps no other from being issued; it is tried again.

        Raises:
            StorageError: the database fails.
        """
        with closing(self.ledger()) as database:
            for subscription in config.subscriptions:
                if not self._stopped:
                    self._contained(database, config, subscription)

    def stop(self) -> None:
        """Issue no further one; it is made by the next process. Any thread may call it."""
        self._stopped = True

    def _contained(self, database: Database, config: Config, subscription: Subscription) -> None:
        name = subscription.name
        try:
            self._issue(database, config, subscription)
        except StorageError as error:
            if error.fault is not None:  # the database's, which meets the others too
                raise
            self._settled.discard(name)
            if self._failures.is_news(name, str(error)):
                logger.error("%s; it is tried every minute", error)  # noqa: TRY400
        except Exception as error:  # the edge of a digest
            self._settled.discard(name)
            if self._failures.is_news(name, repr(error)):
                logger.exception("the digest %s cannot be issued; it is tried every minute", name)
        else:
            self._settled.add(name)
            if self._failures.is_over(name):
                logger.info("the digest %s can be issued again", name)

    def _issue(self, database: Database, config: Config, subscription: Subscription) -> None:
        now = self.clock.now()
        # Also where none is due: files that were lost while no daemon ran, or could not be written, are made again.
        if subscription.name in self._settled and not is_due(database, config, subscription, now):
            return
        issued = issue_due(database, config, subscription, now, self.folder, wait=LOCK_SECONDS)
        if issued is not None:
            logger.info("digest %s of %s: %s", subscription.name, issued.digest.date, issued.path)
