"""The daemon's digests: those whose cut has come are issued, each by itself."""

import logging
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from crawler.clock import Clock
from crawler.config.models import Config, Subscription
from crawler.database import Database, StorageError
from pipelines.digest.issue import is_due, issue_due

logger = logging.getLogger("presswatch.schedule")


@dataclass(kw_only=True)
class DigestTimes:
    """Issues what is due, by the cuts that are stored: several that were missed are one digest, as by hand.

    Args:
        database: closed after each look, so that one that was put in its place meanwhile (restore) is found.
        clock: what decides whether a cut has come.
        folder: of the digests.
    """

    database: Database
    clock: Clock
    folder: Path
    _settled: set[str] = field(default_factory=set)  # subscriptions all of whose files were written
    _told: dict[str, str] = field(default_factory=dict)  # subscription → the failure that was told

    def issue(self, config: Config) -> None:
        """Issue what is due. One that cannot be written or built keeps no other from being issued; it is tried again.

        Raises:
            StorageError: the database fails.
        """
        with closing(self.database) as database:
            for subscription in config.subscriptions:
                self._contained(database, config, subscription)

    def _contained(self, database: Database, config: Config, subscription: Subscription) -> None:
        name = subscription.name
        try:
            self._issue(database, config, subscription)
        except StorageError as error:
            if error.fault is not None:  # the database's, which meets the others too
                raise
            if self._is_news(name, str(error)):
                logger.error("%s; it is tried every minute", error)  # noqa: TRY400
        except Exception as error:  # the edge of a digest
            if self._is_news(name, repr(error)):
                logger.exception("the digest %s cannot be issued; it is tried every minute", name)
        else:
            self._settled.add(name)
            if self._told.pop(name, ""):
                logger.info("the digest %s can be issued again", name)

    def _issue(self, database: Database, config: Config, subscription: Subscription) -> None:
        now = self.clock.now()
        # Also where none is due: files that were lost while no daemon ran, or could not be written, are made again.
        if subscription.name in self._settled and not is_due(database, config, subscription, now):
            return
        issued = issue_due(database, config, subscription, now, self.folder)
        if issued is not None:
            logger.info("digest %s of %s: %s", subscription.name, issued.digest.date, issued.path)

    def _is_news(self, name: str, failure: str) -> bool:
        """Whether the failure was not told at the last try."""
        self._settled.discard(name)
        known, self._told[name] = self._told.get(name), failure
        return known != failure
