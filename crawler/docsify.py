"""The list pages of a docsify WeChat mirror → entries. Pure."""

import re
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import quote, urljoin
from zoneinfo import ZoneInfo

from crawler.feeds import PollFaultError
from crawler.items import Announced, Dating, Entry, Precision
from crawler.text import clean
from crawler.urls import UrlError, article_key, canonical_url, docsify_file_url

# - [title](http://mp.weixin.qq.com/s?…) |  [备份查看](/gzh/backup/account/title), perhaps with (付费) in front.
# Titles hold brackets and bars of their own, so each part runs up to what must follow it.
_ROW = re.compile(
    r"^[-*+] (?P<label>[(（][^)）\]]{1,8}[)）])?\s*\[(?P<title>.*)\]\((?P<original>https?://[^\s)]+)\)"
    r"(?:\s*\|\s*\[备份查看\]\((?P<backup>.+)\))?\s*$"
)
_LOOKS_LIKE_A_ROW = re.compile(r"^[-*+]\s.*https?://mp\.weixin\.qq\.com/")
_DATE = re.compile(r"^\s+- 时间：\s*(?P<date>\d{4}-\d{1,2}-\d{1,2})")
_SUMMARY = re.compile(r"^\s+- 摘要：\s*(?P<summary>.*)$")


def parse_mirror_list(body: bytes, url: str, zone: ZoneInfo) -> Announced:
    """What the list announces, an entry a row. List items with an mp.weixin address that are no row are `unread`.

    A row's identity is its mp.weixin address; what is fetched is the mirror's own copy (the `.md` file), or where a
    row has none the original address, which robots.txt then decides about.

    Raises:
        PollFaultError: an HTML page, or no row at all.
    """
    text = body.decode("utf-8-sig", errors="replace")
    if "<html" in text[:2000].lower():
        raise PollFaultError("an HTML page, not the Markdown file of a docsify list; the address may lack its .md")
    lines = text.splitlines()
    entries = tuple(_entries(lines, url, zone))
    if not entries:
        raise PollFaultError("no row of the form - [title](http://mp.weixin.qq.com/…) was found")
    looked_like = sum(_LOOKS_LIKE_A_ROW.match(line) is not None for line in lines)
    return Announced(entries=entries, unread=max(0, looked_like - len(entries)))


def _entries(lines: list[str], url: str, zone: ZoneInfo) -> Iterator[Entry]:
    for number, line in enumerate(lines):
        row = _ROW.match(line)
        if row is None:
            continue
        entry = _entry(row, _details(lines, number + 1), url, zone)
        if entry is not None:
            yield entry


def _details(lines: list[str], start: int) -> list[str]:
    """The indented lines that belong to a row."""
    details = []
    for line in lines[start:]:
        if line.strip() and not line.startswith((" ", "\t")):
            break
        details.append(line)
    return details


def _entry(row: re.Match[str], details: list[str], url: str, zone: ZoneInfo) -> Entry | None:
    original = row["original"]
    try:
        key = article_key(original)
        fetched = _backup_url(row["backup"], url) if row["backup"] else original
    except UrlError:
        return None
    summary = next((match["summary"] for match in map(_SUMMARY.match, details) if match), "")
    return Entry(
        key=key,
        url=fetched,
        title=clean(row["title"]),
        summary=clean(summary),
        published=_published(details, zone),
        original_url=original,
    )


def _backup_url(path: str, list_url: str) -> str:
    """The `.md` file a backup link shows. Its name is the title as it is: spaces, `?` and `#` belong to it."""
    encoded = path.isascii() and "%" in path
    return docsify_file_url(urljoin(canonical_url(list_url), path if encoded else quote(path, safe="/")))


def _published(details: list[str], zone: ZoneInfo) -> Dating | None:
    text = next((match["date"] for match in map(_DATE.match, details) if match), None)
    if text is None:
        return None
    year, month, day = (int(part) for part in text.split("-"))
    try:
        at = datetime(year, month, day, tzinfo=zone)
    except ValueError:
        return None
    return Dating(at=at, precision=Precision.DAY, where="list", text=text, zone=zone.key)
