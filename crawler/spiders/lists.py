"""One list asked page after page, until a page brings nothing new."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from scrapy import Request
from scrapy.http.request import NO_CALLBACK

from crawler.asking import Question, has_pages, question, reader_of, recorded_url
from crawler.captures.records import Captured
from crawler.config.models import Endpoint, Pages, Source
from crawler.fetch.failures import Failure, failure_of_answer, failure_of_exception
from crawler.fetch.replay import NotCapturedError
from crawler.items import Announced, Answer, NoRowsError, Poll, PollFaultError
from crawler.lists import read_list
from crawler.spiders.pages import headers_of, redirects_of
from crawler.urls import with_ascii_host

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from scrapy.http import Response

    from crawler.endpoint_state import EndpointState
    from crawler.visit import DueEndpoint, Visit

_READERS_VERSION = 2  # raise it when feeds or lists are read differently: unchanged ones are then read anew
_FEWEST_UNWANTED = 3


class RefusedAnswerError(Exception):
    """The server answered, and its status says that it did not give the list."""

    def __init__(self, failure: Failure, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.failure = failure


class ChallengedError(Exception):
    """The answer is no list: it keeps robots out; the message says by what."""


@dataclass(frozen=True, kw_only=True)
class _PageRead:
    response: Response
    announced: Announced


class ListWalk:
    """The walk over the pages of one endpoint.

    Args:
        visit: whose run's clock and ledger are asked, and that captures what brings news.
        due: the endpoint.
        fetch: request → response, through all of Scrapy's downloader middlewares.
    """

    def __init__(self, visit: Visit, due: DueEndpoint, fetch: Callable[[Request], Awaitable[Response]]) -> None:
        self._visit = visit
        self._source, self._endpoint = due.source, due.endpoint
        self._state, self._known = due.state, _known(visit, due)
        self._is_named = not is_of_config(due)
        self._fetch = fetch

    async def walk(self) -> Poll | None:
        """What the list announces, of all pages read; None when it is as it was at the last poll.

        Raises:
            NotNowError: the first page may not be asked for now.
            RefusedAnswerError: the status of the first page.
            PollFaultError: the first page is not what the endpoint's kind promises.
            ChallengedError: it keeps robots out.
            Exception: whatever kept it from us, see `failure_of_exception`.
        """
        response = await self._ask(self._question(1))
        if response.status == 304 or (self._known and _body_hash(response.body) == self._known.body_hash):
            return None
        pages = [self._read(response)]
        told = await self._further(pages)
        news = self._up_to_news(pages)
        self._capture(news)
        return self._poll(pages, told, at=_answered_at((news or pages[:1])[-1].response))

    async def _further(self, pages: list[_PageRead]) -> str:
        """Read on, adding to `pages`; why that broke off, or ""."""
        seen = _keys(pages[0])
        most = (self._endpoint.pages or Pages()).most if has_pages(self._source, self._endpoint) else 1
        fresh = self._fresh(seen)
        while len(pages) < most and fresh:
            asked = self._next(pages[-1].announced, len(pages) + 1)
            if asked is None or not self._answers(asked):
                return ""
            try:
                page = self._read(await self._ask(asked))
            except Exception as error:
                if failure_of_list(error) is None:
                    raise
                return self._told(error, len(pages) + 1)
            fresh = self._fresh(_keys(page) - seen)
            seen |= _keys(page)
            pages.append(page)
        return ""

    def _answers(self, asked: Question) -> bool:
        """Whether there is an answer to be had: a replay has no page that brought no news."""
        replay = self._visit.run.replay
        return replay is None or replay.has(self._recorded(asked) or asked.url)

    def _told(self, error: Exception, number: int) -> str:
        """What kept page `number` from being read, or "" where the list ends before it."""
        if isinstance(error, NoRowsError | NotCapturedError):  # a page that brought no news is not captured
            return ""
        failure = failure_of_list(error)
        if failure in {Failure.GONE, Failure.ROBOTS}:
            self._visit.run.watch(f"{self._source.name}: page {number} of {self._endpoint.url}: {failure}")
            return ""
        return f"page {number}: {error}"

    def _fresh(self, keys: set[str]) -> set[str]:
        """Of keys not met in this walk those that are new: all of them where the last poll may have left pages out."""
        return self._visit.run.endpoints.unknown(keys) if self._known else keys

    def _next(self, announced: Announced, number: int) -> Question | None:
        pages = self._endpoint.pages or Pages()
        if pages.next:
            return Question(url=announced.next_url, headers=self._source.headers) if announced.next_url else None
        if pages.cursor and not announced.cursor:
            return None
        return self._question(number, announced.cursor)

    def _question(self, number: int, cursor: str = "") -> Question:
        installation = self._visit.run.installation()
        return question(self._source, self._endpoint, installation=installation, page=number, cursor=cursor)

    async def _ask(self, asked: Question) -> Response:
        headers = dict(asked.headers)
        if self._known and asked.body is None and asked == self._question(1):  # no POST is conditional
            validators = {"If-None-Match": self._known.etag, "If-Modified-Since": self._known.last_modified}
            headers |= {name: value for name, value in validators.items() if value}
        response = await self._fetch(
            Request(
                with_ascii_host(asked.url),
                method=asked.method,
                body=asked.body,
                callback=NO_CALLBACK,
                headers=headers,
                meta={"source": self._source.name, "is_poll": True, "recorded_url": self._recorded(asked)},
                dont_filter=True,
            )
        )
        failure = failure_of_answer(response)
        if failure is not None:
            raise RefusedAnswerError(failure, response.status)
        return response

    def _recorded(self, asked: Question) -> str:
        """The address a POST is recorded under, without this installation's id; "" for a GET."""
        if asked.body is None:
            return ""
        mine = self._visit.run.installation().encode()
        return recorded_url(Question(url=asked.url, headers={}, body=asked.body.replace(mine, b"")))

    def _read(self, response: Response) -> _PageRead:
        answer = Answer(
            url=response.url,
            body=response.body,
            content_type=(response.headers.get("Content-Type") or b"").decode("latin-1"),
            at=_answered_at(response),
            zone=ZoneInfo(self._source.timezone),
            charset=self._source.charset,
        )
        try:
            announced = read_list(self._source, self._endpoint, answer)
        except PollFaultError as fault:
            challenge = self._visit.run.challenge(answer)
            if challenge is None:
                raise
            self._visit.hold_as_told(self._source.name, self._state.host, challenge.reason, challenge.hold_host)
            raise ChallengedError(challenge.reason) from fault
        if self._is_named and announced.lists:
            what = f"{response.url}: names lists itself, which only an endpoint of the config may"
            self._visit.note(self._source.name, f"{what}; none of the {len(announced.lists)} is read")
            announced = replace(announced, lists=())
        return _PageRead(response=response, announced=announced)

    def _up_to_news(self, pages: list[_PageRead]) -> list[_PageRead]:
        """The pages up to the last that brings news, without a gap: the one before leads to the next.

        A list's first answer is news whatever stands in it: what it names from then on is no backlog.
        """
        last = 1 if self._state.first_polled is None else 0
        for number, page in enumerate(pages, start=1):
            if page.announced.lists or self._visit.run.endpoints.unknown(_keys(page)):
                last = number
        return pages[:last]

    def _capture(self, pages: list[_PageRead]) -> None:
        """Keep the pages.

        Before the ledger knows of them: were the process killed in between, the next poll would find nothing new in
        them to keep them for.
        """
        for page in pages:
            self._visit.capture(self._source.name, _captured(page.response), anew=True)

    def _all_unwanted(self, pages: list[_PageRead]) -> tuple[str, ...]:
        """The addresses on the pages, where the source wants none of them: its articles.url is wrong, or the list is.

        Nothing is said of a row or two, nor of lists that an index names: both may well hold nothing for us.
        """
        if self._is_named or any(page.announced.entries for page in pages):
            return ()
        unwanted = tuple(url for page in pages for url in page.announced.unwanted)
        return unwanted if len(unwanted) >= _FEWEST_UNWANTED else ()

    def _poll(self, pages: list[_PageRead], broke_off: str, *, at: datetime) -> Poll:
        # Validators of a list that was not read to its end would keep the rest from us.
        first, whole = pages[0].response, not broke_off
        ttls = [page.announced.ttl for page in pages if page.announced.ttl is not None]
        return Poll(
            at=at,
            entries=tuple(entry for page in pages for entry in page.announced.entries),
            lists=tuple(named for page in pages for named in page.announced.lists),
            unread=sum(page.announced.unread for page in pages),
            unwanted=self._all_unwanted(pages),
            etag=(first.headers.get("ETag") or b"").decode("latin-1") if whole else "",
            last_modified=(first.headers.get("Last-Modified") or b"").decode("latin-1") if whole else "",
            body_hash=_body_hash(first.body) if whole else "",
            recipe=recipe(self._source, self._endpoint) if whole else "",
            ttl=max(ttls, default=None),
            broke_off=broke_off,
        )


def is_of_config(due: DueEndpoint) -> bool:
    """Whether the endpoint stands in its source's config; else a list names it."""
    return due.endpoint.url in {endpoint.url for endpoint in due.source.endpoints}


def recipe(source: Source, endpoint: Endpoint) -> str:
    """Stands for all that decides what is read from a body; a corrected config must not wait for the list to change."""
    rules = endpoint.model_dump(mode="json", exclude={"every", "cron", "url"})
    told = (
        _READERS_VERSION, reader_of(source, endpoint), rules, source.entries and source.entries.model_dump(mode="json"),
        source.articles.url, source.timezone, source.charset,
    )  # fmt: skip
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _known(visit: Visit, due: DueEndpoint) -> EndpointState | None:
    """What is remembered of the list, where that is by the rules of today.

    A replay reads the whole of what was captured: it brought news, be its first page as it was before.
    """
    if visit.run.replay is not None or due.state.recipe != recipe(due.source, due.endpoint):
        return None
    return due.state


def failure_of_list(error: Exception) -> Failure | None:
    """What an exception says of a list; None where it is a fault of ours."""
    match error:
        case RefusedAnswerError():
            return error.failure
        case ChallengedError():
            return Failure.CHALLENGE
        case PollFaultError():
            return Failure.PARSE
    return failure_of_exception(error)


def _keys(page: _PageRead) -> set[str]:
    return {entry.key for entry in page.announced.entries}


def _captured(response: Response) -> Captured:
    return Captured(
        url=response.meta["recorded_url"] or response.url,
        status=response.status,
        headers=headers_of(response),
        body=response.body,
        at=_answered_at(response),
        redirects=() if response.meta["recorded_url"] else redirects_of(response),
    )


def _answered_at(response: Response) -> datetime:
    at: datetime = response.meta["answered_at"]
    return at


def _body_hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
