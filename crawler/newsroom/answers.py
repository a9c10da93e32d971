"""From content to a response: conditional requests, dates, validators. Pure."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from crawler.newsroom.records import Content, SiteRequest, SiteResponse

_PLAIN = "text/plain; charset=utf-8"


def http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def plain(status: int, text: str) -> Content:
    """An answer in words."""
    return Content(status=status, body=f"{text}\n".encode(), content_type=_PLAIN)


def html(body: str) -> Content:
    """A small page at status 200."""
    page = f'<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8"></head>\n<body>\n{body}\n</body></html>\n'
    return Content(body=page.encode(), content_type="text/html; charset=utf-8")


def moved(url: str) -> Content:
    """302 to `url`."""
    return replace(plain(302, url), headers={"Location": url})


def response_to(request: SiteRequest, content: Content, now: datetime) -> SiteResponse:
    """The response to `request`: 304 without a body when the client's copy is the current one."""
    return replace(_response(request, content, now), fault=content.fault)


def _response(request: SiteRequest, content: Content, now: datetime) -> SiteResponse:
    headers = {"Date": http_date(now), "Server": "newsroom", **content.headers}
    if content.status != 200:
        headers["Content-Type"] = content.content_type
        return SiteResponse(status=content.status, headers=headers, body=content.body)
    headers["ETag"] = f'"{hashlib.sha256(content.body).hexdigest()[:20]}"'
    if content.modified is not None:
        headers["Last-Modified"] = http_date(content.modified)
    if _is_current(request, headers["ETag"], content.modified):
        return SiteResponse(status=304, headers=headers, body=b"")
    headers["Content-Type"] = content.content_type
    return SiteResponse(status=200, headers=headers, body=content.body)


def _is_current(request: SiteRequest, etag: str, modified: datetime | None) -> bool:
    wanted = request.header("If-None-Match")
    if wanted:  # RFC 9110 13.2.2: it stands before If-Modified-Since
        tags = {tag.strip().removeprefix("W/") for tag in wanted.split(",")}
        return etag in tags or "*" in tags
    since = _parsed_date(request.header("If-Modified-Since"))
    return since is not None and modified is not None and modified.replace(microsecond=0) <= since


def _parsed_date(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None  # RFC 9110 13.1.3: a date that cannot be read is ignored
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
