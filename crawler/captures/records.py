"""Responses as WARC 1.1 records, each a gzip member of its own. Pure: bytes come out, nothing is written here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from io import BytesIO
from urllib.parse import urldefrag

from w3lib.url import safe_url_string
from warcio.recordbuilder import RecordBuilder
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.items import Redirect
from crawler.urls import with_ascii_host

_VERSION = "WARC/1.1"
# The body is stored decoded, so what speaks of its coding on the wire is left out; cookies are a reader's data.
_LEFT_OUT = frozenset("content-encoding transfer-encoding content-length set-cookie set-cookie2".split())
_LINE_BREAKS = re.compile(r"[\r\n]+")
_builder = RecordBuilder(warc_version=_VERSION)


@dataclass(frozen=True, kw_only=True)
class Captured:
    """A response that led to an entry or to an article."""

    url: str  # that answered, after redirects
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)  # decoded
    at: datetime
    redirects: tuple[Redirect, ...] = ()  # that led to `url`, in order


@dataclass(frozen=True, kw_only=True)
class Written:
    """What a later record of the same file needs to refer to this one."""

    id: str
    url: str
    at: datetime
    payload_digest: str


def asked_url(url: str) -> str:
    """The address as it is asked for: percent-encoded the way Scrapy does it, without its fragment."""
    return urldefrag(safe_url_string(with_ascii_host(url)))[0]


def warc_date(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def info_member(file: str, at: datetime, facts: Mapping[str, str]) -> bytes:
    """The record a file begins with: who wrote it, how and in which run."""
    record = _builder.create_warcinfo_record(file, {"format": "WARC File Format 1.1", **facts})
    record.rec_headers.replace_header("WARC-Date", warc_date(at))
    return _member(record)


def response_member(captured: Captured) -> tuple[bytes, Written]:
    record = _response(captured.url, captured.at, _http_head(captured), captured.body)
    return _member(record), _written(record, captured)


def revisit_member(captured: Captured, earlier: Written) -> bytes:
    """A response whose body stands in an earlier record of the same file."""
    record = _builder.create_revisit_record(
        asked_url(captured.url),
        earlier.payload_digest,
        earlier.url,
        warc_date(earlier.at),
        http_headers=_http_head(captured),
        warc_headers_dict={"WARC-Date": warc_date(captured.at), "WARC-Refers-To": earlier.id},
    )
    return _member(record)


def redirect_member(redirect: Redirect, at: datetime) -> bytes:
    """A redirect without its body, which nobody reads."""
    head = _head(redirect.status, (("Location", redirect.location),), size=0)
    return _member(_response(redirect.url, at, head, b""))


def _response(url: str, at: datetime, head: StatusAndHeaders, body: bytes) -> ArcWarcRecord:
    return _builder.create_warc_record(
        asked_url(url),
        "response",
        payload=BytesIO(body),
        length=len(body),
        http_headers=head,
        warc_headers_dict={"WARC-Date": warc_date(at)},
    )


def _written(record: ArcWarcRecord, captured: Captured) -> Written:
    found = record.rec_headers.get_header
    return Written(
        id=found("WARC-Record-ID"),
        url=asked_url(captured.url),
        at=captured.at,
        payload_digest=found("WARC-Payload-Digest"),
    )


def _http_head(captured: Captured) -> StatusAndHeaders:
    kept = tuple(pair for pair in captured.headers if pair[0].lower() not in _LEFT_OUT)
    return _head(captured.status, kept, size=len(captured.body))


def _head(status: int, headers: tuple[tuple[str, str], ...], *, size: int) -> StatusAndHeaders:
    try:
        reason = HTTPStatus(status).phrase
    except ValueError:  # a publisher's own status
        reason = ""
    clean = [(name, _LINE_BREAKS.sub(" ", value)) for name, value in headers]
    return StatusAndHeaders(f"{status} {reason}".strip(), [*clean, ("Content-Length", str(size))], protocol="HTTP/1.1")


def _member(record: ArcWarcRecord) -> bytes:
    out = BytesIO()
    WARCWriter(out, gzip=True, warc_version=_VERSION).write_record(record)
    return out.getvalue()
