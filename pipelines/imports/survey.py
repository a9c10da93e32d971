"""What must be known of WARC files before their pages are read: what lists announce, and who refers to whom."""

from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import urljoin

from crawler.captures.reading import Name, StoredResponse
from crawler.captures.records import asked_url
from crawler.config.models import Config, Source
from crawler.fetch.decoding import BodyBrokenError, BodyDecoder, BodyTooLargeError
from crawler.items import Entry, PollFaultError
from crawler.noarchive import forbids_archiving
from crawler.spiders.polls import poll_url, read_answer

_PAGE_TYPES = ("text/html", "application/xhtml+xml", "text/markdown", "text/x-markdown")


class Survey:
    """Collects from responses in the order of their files. Memory grows with what is announced, not with bodies."""

    def __init__(self, config: Config, decoder: BodyDecoder) -> None:
        self.faults: list[str] = []  # lists that could not be read
        self._decoder = decoder
        self._lists: defaultdict[str, list[Source]] = defaultdict(list)
        for source in config.sources:
            for endpoint in source.endpoints:
                self._lists[asked_url(poll_url(source, endpoint))].append(source)
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
            for source in self._lists.get(response.url, []):
                self._read_list(source, response)

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
        if response.url in self._lists:
            self._lists[target] += self._lists[response.url]

    def _read_list(self, source: Source, response: StoredResponse) -> None:
        if forbids_archiving(response.headers):
            return
        try:
            read = read_answer(source, self._decoder.decode(response.url, response.headers, response.body))
        except (PollFaultError, BodyBrokenError, BodyTooLargeError) as error:
            self.faults.append(f"{source.name}: the list {response.url} cannot be read: {error}")
            return
        for entry in read.entries:
            self._announced[asked_url(entry.url)].setdefault(entry.key, (source.name, entry))


def is_page_type(response: StoredResponse) -> bool:
    """Whether a response is HTML or Markdown; servers call a .md file plain text."""
    kind = response.header("Content-Type").partition(";")[0].strip().lower()
    return kind in _PAGE_TYPES or (kind == "text/plain" and response.url.partition("?")[0].endswith(".md"))
