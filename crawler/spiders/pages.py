"""What the answer to a page request means for the entries that wait for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy import Request

from crawler.asking import headers_for
from crawler.fetch.failures import RULES, Failure, failure_of_answer
from crawler.items import Ended, Page, PagePart, PendingEntry, Postponed, Redirect, Unchanged
from crawler.noarchive import HEADER_SAYS, forbids_archiving
from crawler.outcomes import Outcome
from crawler.polling import retry_time
from crawler.urls import UrlError, host_of, with_ascii_host

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from scrapy.http import Response

    from crawler.config.models import Config
    from crawler.visit import Visit


def page_request(
    config: Config, name: str, url: str, validators: Mapping[str, str] | None = None, **more: Any
) -> Request:
    """A request for a page of an article, by the rules of the source `name`; conditional with `validators`."""
    source = config.source(name)
    try:
        own = headers_for(source, url) if source else {}
    except UrlError:  # it was stored when it still was one: the door refuses it, which ends the entry
        own = {}
    return Request(
        with_ascii_host(url),
        headers={**own, **(validators or {})},
        meta={"source": name, "gone_at": source.articles.gone_at if source else None},
        dont_filter=True,  # the ledger remembers what was fetched
        **more,
    )


def answered(
    visit: Visit, response: Response, waiting: Sequence[PendingEntry]
) -> Iterator[Page | Ended | Postponed | Unchanged]:
    """A page for each entry, or its end, or another try later; or the word that a revisited page is as it was."""
    failure = failure_of_answer(response)
    if failure is not None:
        held = visit.run.pace.held_until(host_of(response.url))
        yield from failed(visit, waiting, failure, f"HTTP {response.status}", not_before=held)
        return
    now: datetime = response.meta["answered_at"]
    for pending in waiting:
        if response.status == 304 and pending.revisit:
            yield Unchanged(pending=pending, at=now)
            continue
        end = _end_without_reading(response, pending)
        if end is not None:
            yield Ended(pending=pending, outcome=end[0], reason=end[1], at=now)
            continue
        yield Page(
            pending=pending,
            url=response.url,
            status=response.status,
            content_type=(response.headers.get("Content-Type") or b"").decode("latin-1"),
            body=response.body,
            fetched_at=now,
            headers=headers_of(response),
            redirects=redirects_of(response),
        )


def with_parts(page: Page, parts: tuple[PagePart, ...], beyond: PagePart | None) -> Page | Ended:
    """A page with those behind it, or its end where one of them must not be kept."""
    if any(forbids_archiving(part.headers) for part in parts):
        return Ended(pending=page.pending, outcome=Outcome.REFUSED, reason=HEADER_SAYS, at=page.fetched_at)
    return replace(page, parts=parts, beyond=beyond)


def put_off(visit: Visit, waiting: Sequence[PendingEntry], reason: str, until: datetime) -> Iterator[Postponed]:
    """The host was not asked, at its own wish: another try then, and no attempt counted."""
    now = visit.run.clock.now()
    for pending in waiting:
        yield Postponed(pending=pending, weight=0.0, reason=reason, at=now, next_try=until)


def given_up(visit: Visit, waiting: Sequence[PendingEntry]) -> Iterator[Ended]:
    """The end of entries whose origin has been silent for all the time that an article is news to their source.

    Most of them were never tried: an origin that does not answer is asked too seldom for all to use up their attempts.
    So it was asked itself as often as one of them may be.
    """
    now, silence = visit.run.clock.now(), visit.run.silent.silence_of(waiting[0].entry.url)
    if silence is None or silence.visits < visit.config.settings.max_attempts:
        return
    for pending in waiting:
        source = visit.config.source(pending.source)
        if source is None:
            continue
        if max(silence.since, pending.first_seen) + source.articles.max_age <= now:
            since = silence.since.isoformat(timespec="seconds")
            reason = f"{silence.cause}; {silence.origin} could not be asked since {since}"
            yield Ended(pending=pending, outcome=Outcome.FAILED, reason=reason, at=now)


def failed(
    visit: Visit,
    waiting: Sequence[PendingEntry],
    failure: Failure,
    detail: str,
    *,
    not_before: datetime | None = None,
) -> Iterator[Ended | Postponed]:
    """The end of each entry when the failure is final or its attempts are used up, else another try later.

    `not_before`: until then the host that answered wants to be left alone. A revisited page ends only by being gone:
    every other failure says nothing about the article that is stored.
    """
    now, rule = visit.run.clock.now(), RULES[failure]
    reason = f"{failure}: {detail}"
    for pending in waiting:
        attempts = pending.attempts + rule.weight
        if rule.ends is Outcome.GONE or (rule.ends is not None and not pending.revisit):
            yield Ended(pending=pending, outcome=rule.ends, reason=reason, at=now)
        elif attempts >= visit.config.settings.max_attempts and not pending.revisit:
            yield Ended(pending=pending, outcome=rule.last, reason=f"attempts used up; the last: {reason}", at=now)
        else:
            following = max(retry_time(now, failures=attempts, step=rule.step), not_before or now)
            yield Postponed(pending=pending, weight=rule.weight, reason=reason, at=now, next_try=following)


def headers_of(response: Response) -> tuple[tuple[str, str], ...]:
    pairs = ((name, value) for name, values in response.headers.items() for value in values)
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs)


def redirects_of(response: Response) -> tuple[Redirect, ...]:
    """What led to the response, in order."""
    urls: list[str] = response.meta.get("redirect_urls", [])
    statuses: list[int] = response.meta.get("redirect_reasons", [])
    targets = [*urls[1:], response.url]
    return tuple(
        Redirect(url=url, status=status, location=target)
        for url, status, target in zip(urls, statuses, targets, strict=False)
    )


def _end_without_reading(response: Response, pending: PendingEntry) -> tuple[Outcome, str] | None:
    """An outcome that the answer's head alone decides, with the reason."""
    if forbids_archiving(headers_of(response)):
        return Outcome.REFUSED, HEADER_SAYS
    if _is_front_page(response.url) and not _is_front_page(pending.entry.url):
        return Outcome.GONE, f"redirected to the front page {response.url}, as sites do with what they deleted"
    return None


def _is_front_page(url: str) -> bool:
    parts = urlsplit(url)
    return parts.path in {"", "/"} and not parts.query
