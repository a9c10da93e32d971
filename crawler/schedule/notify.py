"""What systemd is told of a service: sd_notify's protocol, datagrams of NAME=value lines."""

import logging
import socket
import time
from collections.abc import Mapping
from datetime import timedelta

logger = logging.getLogger(__name__)


class Notifier:
    """Tells the service manager that started this process; where none did, nobody is told.

    Args:
        environ: NOTIFY_SOCKET says where to, WATCHDOG_USEC how often it wants to hear of us.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        # @ stands for the null byte that an abstract socket's name begins with.
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        microseconds = environ.get("WATCHDOG_USEC", "")
        self.watchdog = timedelta(microseconds=int(microseconds)) if microseconds.isdecimal() else None

    def ready(self) -> None:
        self._tell("READY=1")

    def reloading(self) -> None:
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self, why: str) -> None:
        self._tell("STOPPING=1", f"STATUS={why}")

    def alive(self, status: str) -> None:
        """A status line, and a sign of life where the watchdog waits for one."""
        self._tell(f"STATUS={status}", *(["WATCHDOG=1"] if self.watchdog else []))

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
                channel.settimeout(1.0)
                channel.sendto("\n".join(line.replace("\n", " ") for line in lines).encode(), self._address)
        except OSError as error:
            # The work goes on: who does not listen is the service manager's business.
            logger.warning("the service manager cannot be told %s: %s", lines[0], error)
