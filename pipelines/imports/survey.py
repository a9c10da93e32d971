"""What must be known of WARC files before their pages are read: what lists announce, and who refers to whom."""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from crawler.asking import question, recorded_url
from crawler.captures.reading import Name, StoredResponse
from crawler.captures.records import asked_url
from crawler.config.models import Config, Endpoint, Pages, Source
from crawler.fetch.decoding import BodyBrokenError, BodyDecoder, BodyTooLargeError
from crawler.items import Announced, Answer, Entry, PollFaultError
from crawler.lists import inner_endpoint, read_list
from crawler.noarchive import forbids_archiving
from crawler.urls import host_of

_PAGE_TYPES = ("text/html", "application/xhtml+xml", "text/markdown", "text/x-markdown")


class _Place(NamedTuple):
    """What is recorded at the address of a list."""

    source: Source
    endpoint: Endpoint
    page: int  # of the list, from 1


class Survey:
    """Collects from responses in the order of their files. Memory grows with what is announced, not with bodies."""

    def __init__(self, config: Config, decoder: BodyDecoder) -> None:
        self.faults: list[str] = []  # lists that could not be read
        self._decoder = decoder
        self._lists: defaultdict[str, list[_Place]] = defaultdict(list)
        self._passed: set[str] = set()  # addresses that were answered
        self._late: set[str] = set()  # those of them that turned out to be lists afterwards
        for source in config.sources:
            for endpoint in source.endpoints:
                self._expect_all(source, endpoint)
        self._announced: defaultdict[str, dict[str, tuple[str, Entry]]] = defaultdict(dict)
        self._led_here: defaultdict[str, list[str]] = defaultdict(list)  # address → those redirected to it
        self._referred_to: set[Name] = set()

    def look_at(self, response: StoredResponse) -> None:
        if 300 <= response.status < 400:
            self._redirected(response)
        elif response.status != 200:
            return
        elif response.refers_to:
            if is_page_type(response) or response.url in self._announced:
                self._referred_to.update(response.refers_to)
        else:
            self._passed.add(response.url)
            for place in tuple(self._lists.get(response.url, ())):
                self._read_list(place, response)

    def late_lists(self) -> set[str]:
        """The addresses that an index or a page before them has named since they were passed: to be looked at again."""
        late, self._late = self._late, set()
        return late

    def is_list(self, url: str) -> bool:
        return url in self._lists

    def referred_to(self, response: StoredResponse) -> set[Name]:
        """The names by which pages of other addresses say that their body is in this record."""
        return self._referred_to.intersection(() if response.refers_to or response.too_large else response.names)

    def announcements(self, url: str) -> Iterator[tuple[str, Entry]]:
        """Source and entry for each announcement that leads to the address, over redirects too."""
        seen, ahead = {url}, [url]
        while ahead:
            address = ahead.pop()
            yield from self._announced.get(address, {}).values()
            ahead += [before for before in self._led_here.get(address, []) if before not in seen]
            seen.update(ahead)

    def _redirected(self, response: StoredResponse) -> None:
        try:
            target = asked_url(urljoin(response.url, response.header("Location")))
        except ValueError:  # it leads to no address, so nothing came of it
            return
        self._led_here[target].append(response.url)
        for place in tuple(self._lists.get(response.url, ())):
            self._expect(target, place)

    def _expect_all(self, source: Source, endpoint: Endpoint) -> None:
        """The addresses the endpoint's pages were recorded under, as far as they can be known without an answer."""
        for page in range(1, (endpoint.pages or Pages()).most + 1):
            place = _Place(source, endpoint, page)
            self._expect(_recorded(place), place)

    def _expect(self, url: str, place: _Place) -> None:
        known = self._lists[url]
        if any((one.source.name, one.endpoint) == (place.source.name, place.endpoint) for one in known):
            return
        known.append(place)
        if url in self._passed:
            self._late.add(url)

    def _expect_further(self, place: _Place, response: StoredResponse, read: Announced) -> None:
        """The lists that this one names on its host, and its next page: a crawl has asked for them too."""
        source, endpoint, page = place
        for named in read.lists:
            if host_of(named.url) == host_of(response.url):
                self._expect_all(source, inner_endpoint(source, endpoint, named.url))
        following = _Place(source, endpoint, page + 1)
        if following.page > (endpoint.pages or Pages()).most:
            return
        if read.next_url:
            self._expect(asked_url(read.next_url), following)
        elif read.cursor:
            self._expect(_recorded(following, read.cursor), following)

    def _read_list(self, place: _Place, response: StoredResponse) -> None:
        source, endpoint, _ = place
        if forbids_archiving(response.headers):
            return
        try:
            decoded = self._decoder.decode(response.url, response.headers, response.body)
            answer = Answer(
                url=response.url,
                body=decoded.body,
                content_type=response.header("Content-Type"),
                at=response.at,
                zone=ZoneInfo(source.timezone),
                charset=source.charset,
            )
            read = read_list(source, endpoint, answer)
        except (PollFaultError, BodyBrokenError, BodyTooLargeError) as error:
            self.faults.append(f"{source.name}: the list {response.url} cannot be read: {error}")
            return
        self._expect_further(place, response, read)
        for entry in read.entries:
            self._announced[asked_url(entry.url)].setdefault(entry.key, (source.name, entry))


def _recorded(place: _Place, cursor: str = "") -> str:
    """The address a page of a list was recorded under."""
    return asked_url(
        recorded_url(question(place.source, place.endpoint, installation="", page=place.page, cursor=cursor))
    )


def is_page_type(response: StoredResponse) -> bool:
    """Whether a response is HTML or Markdown; servers call a .md file plain text."""
    kind = response.header("Content-Type").partition(";")[0].strip().lower()
    return kind in _PAGE_TYPES or (kind == "text/plain" and response.url.partition("?")[0].endswith(".md"))
