"""The run lock as a run needs it: of the data folder, and with `redis_url` also of the ledger among all machines."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from crawler.config.models import Settings
from crawler.lock import HeldLock, run_lock


@contextmanager
def both_locks(data: Path, settings: Settings, ledger: Callable[[], str | None]) -> Iterator[HeldLock]:
    """Hold both.

    Args:
        data: the data folder.
        settings: of the installation.
        ledger: the ledger's own id, see `crawler.installation`; None where nobody can have locked it by one. Asked
            when the folder is ours.

    Raises:
        RunLockedError: another process holds one of them.
        StorageError: the folder cannot be written, or the Redis server not be used.
    """
    with run_lock(data, settings.database) as held:
        named = ledger() if settings.redis_url else None
        if named is None:
            yield held
            return
        # Here and not above: redis-py takes 0.4 s to import, which an installation without it does not pay.
        from crawler.shared.lock import redis_run_lock  # noqa: PLC0415

        with redis_run_lock(settings.redis_url, named, data=data) as shared:
            yield shared
