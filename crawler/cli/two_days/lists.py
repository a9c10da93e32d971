"""What went wrong with lists and whole sources: without news, down, silent."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

from crawler.books import Book
from crawler.cli.two_days.account import Account, FaultTold
from crawler.config.models import Config, Endpoint, Source
from crawler.newsroom import FaultData, SiteData
from crawler.run_report import RunReport

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
    begins, ends = (account.newsroom.start + side for side in fault.window)
    struck = _books_of(account.lived.reports, source, begins, ends)
    failed = [book for book in struck if _fails(book, endpoint)]
    after = _books_of(account.lived.reports, source, ends, account.lived.end + _STEP)
    well = [book for book in after if book.polls > book.polls_failed and not _fails(book, endpoint)]
    is_told = any(one.url == endpoint.url for one in account.digests[-1].failing) if account.digests else False
    if well:
        ended = "each failed poll told in the books; well again"
    else:
        ended = "told among the failing sources" if is_told else "not told"
    if not struck:
        return
    yield FaultTold(
        fault=fault.fault,
        what=LIST_FAULTS[fault.fault],
        url=endpoint.url,
        times=len(failed),
        ended=ended,
        is_right=bool(failed) and (bool(well) or is_told),
    )


def _books_of(reports: Iterable[RunReport], source: Source, begins: datetime, ends: datetime) -> list[Book]:
    """The source's books of the runs that began between two times, where it was polled."""
    runs = [report for report in reports if begins <= report.started < ends]
    return [book for report in runs for book in report.books if book.source == source.name and book.polls]


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
