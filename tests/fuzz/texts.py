"""What reads single values and plain texts: encodings, addresses, dates, markup, robots.txt, Retry-After, crontab."""

import asyncio
from contextlib import suppress

from pages import SEEN, SHANGHAI

from crawler.charsets import decode
from crawler.config.values import parse_duration
from crawler.crontab import cron_trigger
from crawler.dates import read_date, read_moment, read_moment_beside
from crawler.fetch.robots import Robots, RobotsAnswer, RobotsRefusedError, RobotsUnreachableError
from crawler.items import Dating
from crawler.markup import ParseError, holds_html, parse, plain_text, text_of, visible_text
from crawler.polling import LONGEST_RETRY_AFTER, parse_retry_after
from crawler.rows import absolute
from crawler.text import one_line
from crawler.urls import UrlError, check_fetchable, docsify_file_url, host_of, without_tracking
from fuzz.laws import check_dating, check_idempotent, check_line, check_moment
from fuzz.target import Target, taken_apart

_BASE = "https://news.chenfeng.example/list/?page=2"
# U+FFFD is the mark of a broken byte: a text that is mostly such marks was read with the wrong encoding.
_MOST_BROKEN = 0.5


def _decoded(data: bytes) -> tuple[str, str]:
    content_type, body = taken_apart(data)
    return decode(body, content_type)


def _decode_laws(result: tuple[str, str], data: bytes) -> None:
    text, encoding = result
    _, body = taken_apart(data)
    "".encode(encoding)
    assert len(text) <= len(body)
    if body.isascii() and b"\0" not in body and b"\x1b" not in body and b"~" not in body and b"+" not in body:
        assert text.isascii()
    if encoding == "utf-8" or _is_strict(body, encoding):
        return  # the last resort, which loses no byte that could be read; or the page holds such characters itself
    assert text.count("\ufffd") <= max(1, len(text) * _MOST_BROKEN), (encoding, text[:80])


def _is_strict(body: bytes, encoding: str) -> bool:
    try:
        body.decode(encoding)
    except UnicodeError:
        return False
    return True


def _address(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape").strip()


def _address_laws(url: str, _: bytes) -> None:
    check_idempotent(url)
    absolute(url, _BASE)
    without_tracking(url)
    with suppress(UrlError):
        joined = absolute(url, _BASE)
        check_fetchable(joined)
        check_idempotent(joined)
        host_of(joined)
        file = docsify_file_url(joined)
        assert docsify_file_url(file) == file


def _dates(data: bytes) -> list[Dating | None]:
    text = data.decode("utf-8", "replace")
    return [
        read_date(text, SHANGHAI.key, "page"),
        read_moment(text, SHANGHAI, "list", SEEN),
        read_moment_beside(text, SHANGHAI, "list", SEEN),
        read_moment(float(len(data)) * 1e300, SHANGHAI, "list", SEEN),
        *(
            read_moment(int(word), SHANGHAI, "list", SEEN)
            for word in text.split()
            if word.isdecimal() and len(word) < 4000
        ),
    ]


def _dates_laws(found: list[Dating | None], _: bytes) -> None:
    for dating in found:
        check_dating(dating and dating)


def _markup(data: bytes) -> tuple[str, ...]:
    text = data.decode("utf-8", "surrogateescape")
    tree = parse(text)
    holds_html(text)
    whole = () if tree is None else (text_of(tree),)
    return (*whole, plain_text(text), visible_text(text))


def _markup_laws(texts: tuple[str, ...], data: bytes) -> None:
    for text in texts:
        check_line(text)
        assert len(text) <= 3 * len(data) + 100


class _Forgetful:
    async def load(self, _origin: str) -> RobotsAnswer | None:
        return None

    async def save(self, origin: str, answer: RobotsAnswer) -> None:
        answer.body.encode()


def _robots(data: bytes) -> float | None:
    """Rules in the first part, behind a line `---` an address they are asked for."""
    body, _, path = data.partition(b"\n---\n")

    async def fetch(_: str) -> tuple[int, str]:
        return 200, body.decode("utf-8", "replace")

    url = absolute(path.decode("utf-8", "replace") or "/a/1", _BASE)
    check_fetchable(url)
    return asyncio.run(Robots(_Forgetful(), lambda: SEEN).check(url, fetch))


def _robots_laws(delay: float | None, _: bytes) -> None:
    assert delay is None or 0 <= delay < float("inf"), delay


def _retry_laws(until, _: bytes) -> None:
    check_moment(until)
    assert until is None or SEEN <= until <= SEEN + LONGEST_RETRY_AFTER


def _crontab(data: bytes):
    return cron_trigger(one_line(data.decode("utf-8", "replace"))[:200], SHANGHAI).get_next_fire_time(None, SEEN)


TEXTS = (
    Target(name="charset", read=_decoded, laws=_decode_laws, more=("feed", "listing")),
    Target(name="address", read=_address, laws=_address_laws),
    Target(name="date", read=_dates, laws=_dates_laws),
    Target(name="markup", read=_markup, laws=_markup_laws, declared=(ParseError,), more=("listing",)),
    Target(
        name="robots",
        read=_robots,
        laws=_robots_laws,
        declared=(RobotsRefusedError, RobotsUnreachableError, UrlError),
    ),
    Target(
        name="retry_after",
        read=lambda data: parse_retry_after(data.decode("latin-1"), SEEN),
        laws=_retry_laws,
    ),
    Target(name="crontab", read=_crontab, laws=lambda until, _: check_moment(until), declared=(ValueError,)),
    Target(
        name="duration",
        read=lambda data: parse_duration(one_line(data.decode("utf-8", "replace"))),
        laws=lambda length, _: check_moment(SEEN + length),
        declared=(ValueError,),
    ),
)
