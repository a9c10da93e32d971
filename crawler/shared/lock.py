"""The run lock in Redis: redis-py's Lock with a time to live, renewed by a thread while it is held."""

import json
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis.exceptions import LockError, LockNotOwnedError
from redis.lock import Lock

from crawler.lock import HeldLock, RunLockedError
from crawler.shared.server import FAULTS, PREFIX, TIMEOUT, in_words, shown, sync_client
from crawler.storage import StorageError

logger = logging.getLogger(__name__)

TTL = 60.0  # seconds until the lock of a holder that died is free


@contextmanager
def redis_run_lock(
    url: str, ledger: str, *, data: Path, ttl: float = TTL, timeout: float = TIMEOUT
) -> Iterator[HeldLock]:
    """Hold the run lock of a ledger among all machines that work on it.

    Args:
        url: of the server.
        ledger: the ledger's own id.
        data: the data folder, for the message to whoever finds the lock held.
        ttl: seconds that the lock outlives its holder; it is renewed at every third of them.
        timeout: seconds that one call waits for its answer; well below a third of `ttl`.

    Raises:
        RunLockedError: another process holds it.
        StorageError: the server cannot be used.
    """
    with sync_client(url, timeout) as client:
        lock = Lock(client, f"{PREFIX}:run:{ledger}", timeout=ttl, thread_local=False)
        token = _token(data)
        try:
            if not lock.acquire(blocking=False, token=token):
                raise RunLockedError(_held_by(client.get(lock.name), url, ttl))
        except FAULTS as error:
            raise StorageError(in_words(error, url, timeout)) from error
        held = HeldLock()
        with _Renewal(lock, token, held, url=url, timeout=timeout).going_on():
            yield held


class _Renewal:
    """Renews the lock in a thread of its own, for a page that is read may keep the run's loop for seconds."""

    def __init__(self, lock: Lock, token: str, held: HeldLock, *, url: str, timeout: float) -> None:
        self._lock = lock
        self._token = token
        self._held = held
        self._shown = shown(url)
        self._ttl = float(lock.timeout or TTL)
        self._timeout = timeout
        self._over = threading.Event()
        self._until = time.monotonic() + self._ttl  # the lock is ours for certain

    @contextmanager
    def going_on(self) -> Iterator[None]:
        thread = threading.Thread(target=self._renew_until_over, name="run lock", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()
            self._release()

    def _renew_until_over(self) -> None:
        pause = self._ttl / 3
        while not self._over.wait(pause):
            asked = time.monotonic()
            try:
                cause = self._renew()
            except FAULTS as error:
                logger.info("the run lock in Redis is not renewed: %s", type(error).__name__)
                # The last call before it is over must have ended by then.
                if time.monotonic() + self._timeout >= self._until:
                    self._held.lose(self._told(f"Redis has not answered for {self._ttl:g} s"))
                    return
                pause = min(self._ttl / 12, self._until - self._timeout - time.monotonic())
                continue
            if cause:
                self._held.lose(self._told(cause))
                return
            self._until, pause = asked + self._ttl, self._ttl / 3

    def _renew(self) -> str:
        """Why the lock is not ours any more; "" when it is for another while."""
        try:
            self._lock.reacquire()
        except LockNotOwnedError:
            if time.monotonic() >= self._until:
                return "it ran out while this process stood still"  # and another may have worked on the ledger
            # A server that was restarted has forgotten it.
            return "" if self._lock.acquire(blocking=False, token=self._token) else "another run has taken it"
        return ""

    def _release(self) -> None:
        try:
            self._lock.release()
        except LockError:
            pass  # lost, and told
        except FAULTS as error:
            logger.info("the run lock in Redis is left to run out: %s", type(error).__name__)

    def _told(self, cause: str) -> str:
        return f"the run lock in Redis at {self._shown} was lost: {cause}"


def _token(data: Path) -> str:
    """Who holds the lock: what tells it from anybody else's, and what a person needs to find the holder."""
    return json.dumps(
        {"host": socket.gethostname(), "pid": os.getpid(), "data": str(data.absolute()), "id": secrets.token_hex(8)}
    )


def _held_by(token: object, url: str, ttl: float) -> str:
    try:
        holder = json.loads(str(token or ""))
        who = f"process {holder['pid']} on {holder['host']}, which works on {holder['data']}"
    except (ValueError, KeyError, TypeError):
        who = "a process that is not known"
    return (
        f"another run holds the run lock in Redis at {shown(url)}: {who}; "
        f"wait for it to end, or {ttl:g} s when it has died"
    )
