"""Redis, where several machines share lock, pace and robots answers."""

from crawler.doctor.model import Finding, fault, ok
from crawler.shared.server import TIMEOUT, ping, shown


def check_redis(url: str, seconds: float = TIMEOUT) -> Finding:
    """Whether the server answers. Neither the password nor a message that may quote it is told."""
    found, _, remedy = ping(url, seconds).partition("; ")
    return fault("redis", found, remedy) if found else ok("redis", f"Redis at {shown(url)} answers")
