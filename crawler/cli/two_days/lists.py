"""What went wrong with lists and whole sources: without news, down, silent."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import unquote, urlsplit

from crawler.books import Book
from crawler.cli.two_days.account import Account, FaultTold
from crawler.config.models import Config, Endpoint, Source
from crawler.newsroom import FaultData, SiteData

_SILENT_GAPS = 3  # times the usual gap: what silence is by design section 5
_STEP = timedelta(hours=1)  # between two polls

LIST_FAULTS = {
    "feed_down": "a list that is down (503)",
    "firewall_501": "a firewall in front of a list (501)",
    "business_error": "an error in a list at status 200",
    "block_page": "a firewall's page instead of a list",
}


def unchanged_lists(account: Account) -> Iterator[FaultTold]:
    """Conditional requests; and that books and press counted the same requests, which neither told the other."""
    unchanged = Counter(f"https://{hit.host}{hit.path}" for hit in account.lived.hits if hit.status == 304)
    books = sum(book.requests for report in account.lived.reports for book in report.books)
    answered = len(account.lived.hits)
    yield FaultTold(
        fault="unchanged",
        what="a list without news (304)",
        url=next((url for url, _ in unchanged.most_common(1)), ""),
        times=unchanged.total(),
        ended=f"not read again; requests: {books} in the books, {answered} at the press",
        is_right=bool(unchanged) and books == answered,
    )


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """A run in which the press was asked for a list."""

    number: int
    struck: bool  # by the press's account it answered with the fault
    told: bool  # by the books a poll of the list failed


_Window = tuple[FaultData, Source, Endpoint]


def list_faults(account: Account) -> Iterator[FaultTold]:
    """A line for each list that answered with errors for some hours."""
    for fault, source, endpoint in _list_windows(account):
        yield from _list_fault(account, fault, source, endpoint)


def _list_windows(account: Account) -> Iterator[_Window]:
    """The faults that strike lists for a time, with whom they strike."""
    for site in account.press.sites:
        for fault in site.faults:
            if fault.fault in LIST_FAULTS and fault.ends and timedelta(hours=fault.ends) <= _span(account):
                yield from ((fault, *struck) for struck in _watchers(account.config, site, fault))


def _span(account: Account) -> timedelta:
    return account.lived.end - account.newsroom.start


def _watchers(config: Config, site: SiteData, fault: FaultData) -> Iterator[tuple[Source, Endpoint]]:
    for source in config.enabled_sources:
        for endpoint in source.endpoints:
            parts = urlsplit(endpoint.url)
            if parts.hostname in {site.host, *site.hosts} and fault.path in {"", unquote(parts.path)}:
                yield source, endpoint


def _list_fault(account: Account, fault: FaultData, source: Source, endpoint: Endpoint) -> Iterator[FaultTold]:
    asked = _runs_that_asked(account, fault, source, endpoint)
    struck = [run for run in asked if run.struck]
    ended, is_right = _how_it_ended(account, endpoint, asked) if struck else ("never asked for while it was so", False)
    yield FaultTold(
        fault=fault.fault,
        what=LIST_FAULTS[fault.fault],
        url=endpoint.url,
        times=len(struck),
        ended=ended,
        is_right=is_right,
    )


def _how_it_ended(account: Account, endpoint: Endpoint, asked: Sequence[_Asked]) -> tuple[str, bool]:
    struck = [run for run in asked if run.struck]
    untold = sum(not run.told for run in struck)
    if untold:
        return f"{untold} of {len(struck)} failed polls not told in the books", False
    if any(not run.told for run in asked[asked.index(struck[-1]) + 1 :]):
        return "each failed poll told in the books; well again", True
    is_told = any(one.url == endpoint.url for one in account.digests[-1].failing) if account.digests else False
    return ("told among the failing sources" if is_told else "not told"), is_told


def _runs_that_asked(account: Account, fault: FaultData, source: Source, endpoint: Endpoint) -> list[_Asked]:
    """The runs in which the press was asked for a list, in order."""
    parts = urlsplit(endpoint.url)
    hits = [one for one in account.lived.hits if (one.host, unquote(one.path)) == (parts.hostname, unquote(parts.path))]
    found = []
    for report in account.lived.reports:
        during = [hit for hit in hits if report.started <= hit.at <= report.ended]
        if during:
            struck = any(hit.fault == fault.fault for hit in during)
            told = any(_fails(book, endpoint) for book in report.books if book.source == source.name)
            found.append(_Asked(number=report.number, struck=struck, told=told))
    return found


def _fails(book: Book, endpoint: Endpoint) -> bool:
    return any(line.startswith(f"{endpoint.url}: ") for line in book.error.splitlines())


def silent_sources(account: Account) -> Iterator[FaultTold]:
    """Those that stopped publishing, and those the last digest calls silent, which should be the same."""
    if not account.digests:
        return
    told = {one.source: one for one in account.digests[-1].silent}
    silent = dict(_stopped(account))
    for label in dict.fromkeys((*silent, *told)):
        is_told = label in told
        yield FaultTold(
            fault="silent",
            what="a source that fell silent",
            url=told[label].url if is_told else silent[label],
            times=1,
            ended=f"told: {told[label].hours} hours without news" if is_told else "not told",
            is_right=is_told and label in silent,
        )


def _stopped(account: Account) -> Iterator[tuple[str, str]]:
    """Label and list of each source that brought nothing for three times the gap its config expects."""
    for source in account.config.enabled_sources:
        fewest = source.expect.new_per_day[0] if source.expect else 0
        urls = [endpoint.url for endpoint in source.endpoints]
        times = [one.at for one in account.newsroom.announced(urls, account.lived.end)]
        if fewest and times and account.lived.end - max(times) - _STEP > _SILENT_GAPS * timedelta(days=1) / fewest:
            yield account.config.label_of(source.name), urls[0]
