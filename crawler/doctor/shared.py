"""Redis, where several machines share lock, pace and robots answers."""

from urllib.parse import urlsplit

from redis import Redis, exceptions
from redis.backoff import NoBackoff
from redis.retry import Retry

from crawler.doctor.model import Finding, fault, ok

_SECONDS = 2.0  # to connect, and to answer


def check_redis(url: str, seconds: float = _SECONDS) -> Finding:
    """Whether the server answers. Neither the password nor a message that may quote it is told."""
    place = shown_place(url)
    try:
        with Redis.from_url(
            url, socket_timeout=seconds, socket_connect_timeout=seconds, retry=Retry(NoBackoff(), 0)
        ) as client:
            client.ping()
    except (exceptions.AuthenticationError, exceptions.AuthorizationError):
        return fault("redis", f"{place} refuses user or password", "correct them in redis_url, or where ${NAME} is set")
    except exceptions.TimeoutError:
        return fault("redis", f"{place} does not answer within {seconds:g} s", "look whether it is overloaded")
    except exceptions.ConnectionError:
        return fault("redis", f"{place} cannot be connected to", "start it, or correct redis_url in presswatch.yaml")
    except (exceptions.RedisError, ValueError, OSError) as error:
        told = f"{place} is of no use: {type(error).__name__}"
        return fault("redis", told, "correct redis_url in presswatch.yaml: redis://:${NAME}@HOST:PORT/NUMBER")
    return ok("redis", f"{place} answers")


def shown_place(url: str) -> str:
    """Host and port, or the socket's path: nothing of what may be a secret."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "localhost", parts.port or 6379
    except ValueError:
        return "the server of redis_url"
    # An unescaped sign in a password ends it too early: its beginning is taken for host and port.
    if (
        "@" in f"{parts.path}{parts.query}{parts.fragment}"
        or not host.replace("-", "").replace(".", "").replace(":", "").isalnum()
    ):
        return "the server of redis_url"
    return f"the socket {parts.path}" if parts.scheme == "unix" else f"{host}:{port}"
