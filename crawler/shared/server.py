"""The Redis server by its URL: how it is reached, and its faults in words that hold no password."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from redis import Redis, exceptions
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

from crawler.storage import StorageError

TIMEOUT = 2.0  # seconds; a server on the same network answers in milliseconds
PREFIX = "presswatch"

# What a call can end with: redis-py's own, and what its asyncio streams let through.
FAULTS = (exceptions.RedisError, OSError)

_UNREAD = "redis://..."
_HOST = re.compile(r"[\w.:-]+")
_NUMBER = re.compile(r"(/\d*)?")  # of a database

_RETRIES = 1  # finds a server that was restarted, whose old connection broke; one that is silent is not asked twice


def sync_client(url: str, timeout: float = TIMEOUT) -> Redis:
    """
    Raises:
        StorageError: the URL cannot be read.
    """
    retry = Retry(NoBackoff(), _RETRIES, (exceptions.ConnectionError,))
    with _read_url(url):
        return Redis.from_url(url, retry=retry, **_options(timeout))


def async_client(url: str, timeout: float = TIMEOUT) -> AsyncRedis:
    """
    Raises:
        StorageError: the URL cannot be read.
    """
    retry = AsyncRetry(NoBackoff(), _RETRIES, (exceptions.ConnectionError,))
    with _read_url(url):
        return AsyncRedis.from_url(url, retry=retry, **_options(timeout))


def ping(url: str, timeout: float = TIMEOUT) -> str:
    """What keeps the server at `url` from being used, in words without its password; "" when nothing does."""
    try:
        with sync_client(url, timeout) as client:
            client.ping()
    except StorageError as error:
        return str(error)
    except FAULTS as error:
        return in_words(error, url, timeout)
    return ""


def in_words(error: exceptions.RedisError | OSError, url: str, timeout: float = TIMEOUT) -> str:
    """Which server, what happened, and what to do."""
    return f"Redis at {shown(url)} cannot be used: {_cause(error, url, timeout)}"


def shown(url: str) -> str:
    """The URL without user, password and options; of one that may hold a password in another place, next to nothing."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return _UNREAD
    # An unescaped sign ends a password too early: its beginning is taken for a host, its rest for a path or options.
    host = parts.hostname or "localhost"
    if "@" in parts.path + parts.query + parts.fragment or not _HOST.fullmatch(host):
        return _UNREAD
    if parts.scheme == "unix":
        return f"unix://{parts.path}"
    number = parts.path if _NUMBER.fullmatch(parts.path) else "/..."
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}{number}"


def _cause(error: exceptions.RedisError | OSError, url: str, timeout: float) -> str:
    if isinstance(error, exceptions.AuthenticationError):
        if any(_secrets(urlsplit(url))):
            return "it refuses the user or the password; correct them in redis_url of presswatch.yaml"
        return "it wants a password; give it in redis_url of presswatch.yaml, as redis://:${NAME}@HOST:PORT/NUMBER"
    if isinstance(error, exceptions.TimeoutError | TimeoutError):
        return f"no answer within {timeout:g} s; see that it runs and can be reached"
    is_far = isinstance(error, exceptions.ConnectionError | OSError)
    remedy = "see that it runs, and that redis_url in presswatch.yaml names it" if is_far else "look at its log"
    return f"{_system_cause(error) or _without_secrets(str(error), url) or type(error).__name__}; {remedy}"


def _system_cause(error: BaseException | None) -> str:
    """What the system says of a connection that was not made: redis-py wraps it in words of its own."""
    while error is not None and not (isinstance(error, OSError) and error.errno):
        error = error.__cause__ or error.__context__
    if error is None or error.errno is None:
        return ""
    return os.strerror(error.errno) if error.errno > 0 else str(error.strerror)  # below zero: of looking up the name


def _without_secrets(text: str, url: str) -> str:
    """`text` on one line, and the URL's passwords blacked out if they should be in it."""
    for secret in _secrets(urlsplit(url)):
        text = text.replace(secret, "***")
    return " ".join(text.split()).rstrip(".")


def _secrets(parts: SplitResult) -> Iterator[str]:
    options = dict(parse_qsl(parts.query))
    for secret in (parts.password, options.get("password")):
        if secret:
            yield from {secret, unquote(secret)}


def _options(timeout: float) -> dict[str, Any]:
    return {"socket_timeout": timeout, "socket_connect_timeout": timeout, "decode_responses": True}


@contextmanager
def _read_url(url: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError):
        # From none: what redis-py and urllib say of it may quote the password.
        raise StorageError(
            f"redis_url in presswatch.yaml ({shown(url)}) cannot be read: expected redis://:PASSWORD@HOST:PORT/NUMBER; "
            "in a password, @ : / ? # and % are written %40 %3A %2F %3F %23 and %25"
        ) from None
