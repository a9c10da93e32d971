"""What holds of everything a parser gives, whatever it was given."""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from crawler.items import Announced, Article, Dating, Ended, Entry, FurtherList
from crawler.text import clean, one_line
from crawler.urls import UrlError, article_key, canonical_url, check_fetchable

# A row takes eight bytes at least, and gives texts of at most some thousand characters and two addresses.
GROWTH = 1000
SPARE = 20_000
LONGEST_MESSAGE = 3000
LONGEST_KEY = 2704  # bytes; what PostgreSQL indexes
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_EDGES = (timezone(timedelta(hours=14)), UTC, timezone(timedelta(hours=-12)))


def check_text(text: str) -> None:
    """It can be stored by SQLite and PostgreSQL, sent and printed, and moves no terminal's cursor."""
    text.encode()
    found = _CONTROL.search(text)
    assert found is None, repr(text[max(0, found.start() - 40) : found.end() + 40])


def check_line(text: str) -> None:
    """One visible line, its spaces squeezed."""
    check_text(text)
    assert text == clean(text), repr(text[:200])


def check_message(text: str) -> None:
    """An error can be stored and printed, and is no copy of what was read."""
    text.encode()
    assert text.strip()
    assert len(text) <= LONGEST_MESSAGE, len(text)
    assert text == one_line(text), repr(text[:200])


def check_dating(dating: Dating | None) -> None:
    if dating is None:
        return
    check_moment(dating.at)
    check_line(dating.text)
    assert Dating.from_json(json.loads(json.dumps(dating.to_json()))) == dating


def check_moment(at: datetime | None) -> None:
    """Aware, and a date wherever it is shown."""
    if at is not None:
        assert at.tzinfo is not None
        for zone in _EDGES:
            assert datetime.fromisoformat(at.astimezone(zone).isoformat()) == at


def check_url(url: str) -> None:
    check_text(url)
    check_fetchable(url)
    check_key(article_key(url))
    canonical = canonical_url(url)
    assert canonical_url(canonical) == canonical, url
    if "#/" not in url:  # a docsify route is all of the address's identity, and no part of its canonical spelling
        assert article_key(canonical) == article_key(url), url


def check_key(key: str) -> None:
    check_text(key)
    assert 0 < len(key.encode()) <= LONGEST_KEY
    assert not any(character.isspace() for character in key), key


def check_entry(entry: Entry) -> None:
    check_url(entry.url)
    if entry.original_url:
        check_url(entry.original_url)
    check_key(entry.key)
    assert entry.key == article_key(entry.original_url or entry.url)
    for text in (entry.title, entry.summary, *entry.authors):
        check_line(text)
    assert all(entry.authors)
    check_dating(entry.published)
    check_moment(entry.changed)


def check_announced(announced: Announced, data: bytes) -> None:
    for entry in announced.entries:
        check_entry(entry)
    for further in announced.lists:
        check_further(further)
    assert announced.unread >= 0
    assert announced.ttl is None or 0 <= announced.ttl < 60_000_000
    check_text(announced.cursor)
    if announced.next_url:
        check_url(announced.next_url)
    check_size(announced, data)


def check_further(further: FurtherList) -> None:
    check_fetchable(further.url)
    check_moment(further.changed)


def check_size(result: Any, data: bytes) -> None:
    """It can be printed, and is no larger than its input by more than a factor."""
    printed = json.dumps(asdict(result), default=str, ensure_ascii=False)
    printed.encode()
    assert len(printed) <= GROWTH * len(data) + SPARE, (len(printed), len(data))


def check_article(result: Article | Ended, data: bytes) -> None:
    if isinstance(result, Ended):
        check_message(result.reason)
        return
    check_line(result.title)
    for text in (result.text, result.markdown):
        check_text(text)
    assert result.text.strip()
    for text in (*result.authors, result.account, result.language, result.extractor, result.etag):
        check_line(text)
    check_key(result.final_key)
    check_datings((result.published, *result.datings))
    for image in result.images:
        check_text(image)
        assert image.startswith(("http://", "https://"))
    check_entry_of(result)
    check_size(result, data)


def check_entry_of(result: Article) -> None:
    original = result.pending.entry.original_url
    if original:
        check_url(original)


def check_datings(datings: Iterable[Dating | None]) -> None:
    for dating in datings:
        check_dating(dating)


def check_idempotent(url: str) -> None:
    """Whatever the text: an address that can be fetched, or an error that says why not."""
    try:
        check_fetchable(url)
        check_url(url)
    except UrlError as error:
        check_message(str(error))
