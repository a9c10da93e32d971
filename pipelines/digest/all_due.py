"""The digests of all subscriptions that are due."""

from datetime import datetime
from pathlib import Path

from crawler.config.models import Config
from crawler.database import Database, StorageError
from pipelines.digest.issue import IssuedDigest, issue_due


def issue_all_due(database: Database, config: Config, now: datetime, folder: Path) -> dict[str, IssuedDigest]:
    """Issue each subscription's digest whose cut has come. By name, without those that have none due.

    One whose files cannot be written keeps no other from being issued.

    Raises:
        StorageError: the files of some cannot be written, or the database fails.
    """
    issued: dict[str, IssuedDigest] = {}
    unwritten: list[str] = []
    for subscription in config.subscriptions:
        try:
            digest = issue_due(database, config, subscription, now, folder)
        except StorageError as error:
            if error.fault is not None:  # the database's, which meets the others too
                raise
            unwritten.append(str(error))
        else:
            issued |= {} if digest is None else {subscription.name: digest}
    if unwritten:
        raise StorageError("\n".join(unwritten))
    return issued
