"""The real daemon in a process of its own, and its data folder, for tests."""

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

PATIENCE = 60.0  # seconds that a test waits for what a daemon says; a busy machine is slow


class DaemonProcess:
    """`presswatch schedule`, and the lines it says."""

    def __init__(self, rig, *, program=None, **environ):
        command = [*(program or [sys.executable, "-m", "crawler.cli"]), "--config", str(rig.config)]
        command += ["--data", str(rig.data), *(["--route", str(rig.route)] if rig.route else []), "schedule"]
        self.process = subprocess.Popen(
            command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **environ}
        )
        self.said: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self.process.stderr:
            self._lines.put(line)
        self._lines.put(None)

    def wait_for(self, words):
        """The first line from here on that holds `words`."""
        while True:
            line = self._lines.get(timeout=PATIENCE)
            assert line is not None, f"it ended without {words!r}: {''.join(self.said)}"
            self.said.append(line)
            if words in line:
                return line

    def send(self, number):
        self.process.send_signal(number)

    def end(self, number=signal.SIGTERM):
        """Its exit code."""
        self.send(number)
        return self.wait()

    def wait(self):
        code = self.process.wait(timeout=PATIENCE)
        self._reader.join()
        while (line := self._lines.get()) is not None:
            self.said.append(line)
        return code


@contextmanager
def a_daemon(rig, **options):
    daemon = DaemonProcess(rig, **options)
    try:
        yield daemon
    finally:
        if daemon.process.poll() is None:
            daemon.process.kill()
        daemon.process.wait()
        daemon._reader.join()
        daemon.process.stderr.close()
        daemon.process.stdout.close()


@contextmanager
def a_service_manager(folder: Path, *, abstract=False):
    """NOTIFY_SOCKET's value, and a function that returns the next datagram's lines."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        name = f"presswatch-test-{os.getpid()}-{folder.name}"
        channel.bind(f"\0{name}" if abstract else str(folder / "notify"))
        channel.settimeout(PATIENCE)
        yield f"@{name}" if abstract else str(folder / "notify"), lambda: channel.recv(4096).decode().split("\n")


def today():
    """The pubDate of something that was published an hour ago."""
    return format_datetime(datetime.now(UTC) - timedelta(hours=1))
