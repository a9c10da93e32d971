"""Why a download failed, in words that name host and cause, instead of those of Scrapy and aiohttp."""

import errno
import os
import re
import socket
import ssl
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from scrapy import Request
from scrapy.exceptions import (
    DownloadCancelledError,
    DownloadTimeoutError,
    ResponseDataLossError,
)

_NO_SUCH_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
_NUMBER = re.compile(r"\[Errno (\d+)\]")
_MEBIBYTE = 1024 * 1024
_SHOWN = 200  # characters of what aiohttp says, which quotes the server's line whole


def in_plain_words(error: Exception, request: Request, limit: int) -> Exception:
    """An exception of the same kind that says what happened; the cause is to be kept by who raises it.

    Args:
        error: of Scrapy's download handler; its cause is aiohttp's.
        request: as it was asked for.
        limit: bytes that an answer may have.
    """
    return type(error)(_words(error, request, limit))


def _words(error: Exception, request: Request, limit: int) -> str:
    host, cause = urlsplit(request.url).netloc, error.__cause__
    if isinstance(error, DownloadCancelledError):
        return too_large(host, limit)
    if isinstance(error, DownloadTimeoutError):
        return f"{host} did not answer in full within {request.meta['download_timeout']:g} s (safety.timeout)"
    if isinstance(error, ResponseDataLossError):
        return f"{host} ended the answer before it was whole"
    if isinstance(cause, aiohttp.ClientConnectorError):
        return _not_connected(cause)
    return _broke_off(host, cause)


def too_large(host: str, limit: int) -> str:
    """What to tell of an answer of more than `limit` bytes."""
    return f"{host} sent more than {limit / _MEBIBYTE:.4g} MB (safety.max_body_mb)"


def too_many_codings(host: str, codings: int, most: int) -> str:
    """What to tell of a body that was compressed over and over."""
    return f"{host} compressed the answer {codings} times over; at most {most} are undone"


def too_many_redirects(urls: list[str], most: int) -> str:
    """What to tell of redirects that lead on and on.

    Args:
        urls: each address that was asked, in order.
        most: redirects that are followed.
    """
    again = next((url for number, url in enumerate(urls) if url in urls[:number]), "")
    if again:
        return f"redirected in a circle: {again} leads back to itself"
    return f"redirected more than {most} times, at last by {urls[-1]}"


def _not_connected(cause: aiohttp.ClientConnectorError) -> str:
    at = f"{cause.host}:{cause.port}"
    if isinstance(cause, aiohttp.ClientConnectorDNSError):
        number, words = cause.os_error.errno, cause.os_error.strerror or str(cause.os_error)
        return (
            f"DNS knows no {cause.host}"
            if number in _NO_SUCH_NAME
            else f"DNS cannot say where {cause.host} is: {words}"
        )
    if isinstance(cause, aiohttp.ClientConnectorCertificateError):
        return f"{cause.host}: {_certificate_fault(cause.certificate_error)}"
    if is_handshake(cause):
        return f"{at} does not speak TLS as it should: {_tls_fault(cause)}"
    number = _errno(cause.os_error)
    if number == errno.ECONNREFUSED:
        return f"{at} refuses the connection"
    return f"{at} cannot be reached: {os.strerror(number) if number else cause.os_error}"


def is_handshake(cause: BaseException | None) -> bool:
    """Whether it was TLS that came to nothing; one that is cut off in the middle asyncio tells without a number."""
    if isinstance(cause, aiohttp.ClientSSLError):
        return True
    if not isinstance(cause, aiohttp.ClientConnectorError) or not cause.ssl:
        return False
    return isinstance(cause.os_error, ConnectionError) and not _errno(cause.os_error)


def _certificate_fault(error: Exception) -> str:
    return error.verify_message.rstrip(".") if isinstance(error, ssl.SSLCertVerificationError) else str(error)


def _tls_fault(cause: Any) -> str:
    reason = getattr(cause.os_error, "reason", None)
    return reason.replace("_", " ").lower() if reason else cause.os_error.strerror or "the handshake broke off"


def _errno(error: OSError) -> int:
    """That of a host with several addresses stands in the text alone, once for each."""
    found = _NUMBER.search(str(error))
    return error.errno or (int(found[1]) if found else 0)


def _broke_off(host: str, cause: BaseException | None) -> str:
    if isinstance(cause, aiohttp.ClientResponseError):
        return f"{host} does not answer in HTTP: {' '.join(cause.message.split())[:_SHOWN]}"
    if isinstance(cause, aiohttp.ServerDisconnectedError):
        return f"{host} closed the connection without an answer"
    if isinstance(cause, OSError):
        return f"the connection to {host} broke: {os.strerror(cause.errno) if cause.errno else cause}"
    return f"{host}: {cause}"
