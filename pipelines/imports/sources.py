"""By which source's rules a page is read that came without a poll."""

import hashlib
import re
from collections import defaultdict

from crawler.config.models import Config, Endpoint, Kind, Source
from crawler.urls import host_of, origin_of

_LONGEST_NAME = 40  # of a source, whose name is a folder too
_OTHER = re.compile(r"[^\w\-]+|_+")


class SourceFinder:
    """Args:
    config: its sources are asked in their order, the switched-off ones too.
    fixed: the source that reads every page, when there is one.
    """

    def __init__(self, config: Config, fixed: Source | None = None) -> None:
        self._config = config
        self._fixed = fixed
        self._by_host: defaultdict[str, list[Source]] = defaultdict(list)
        for source in config.sources:
            for host in {host_of(endpoint.url) for endpoint in source.endpoints}:
                self._by_host[host].append(source)

    def source_of(self, url: str, announced_by: str = "") -> Source:
        """The source that was fixed, or that announced the page, or that watches its site and wants it, or a new one.

        Raises:
            UrlError: the address is none that presswatch would fetch.
        """
        if self._fixed is not None:
            return self._fixed
        known = self._config.source(announced_by) if announced_by else None
        if known is not None:
            return known
        host = host_of(url)
        watching = (source for source in self._by_host[host] if source.articles.wants(url))
        return next(watching, None) or self._site(url, host)

    def _site(self, url: str, host: str) -> Source:
        """A source of its own for a site that nobody watches: HTML, read without rules."""
        return Source(
            name=folder_name(host),
            kind=Kind.FEED,
            endpoints=(Endpoint(url=origin_of(url)),),
            timezone=self._config.settings.timezone,
            language="",
        )


def folder_name(host: str) -> str:
    """A host as the name of a source: letters, digits and hyphens; a long one ends in a hash of the whole."""
    name = _OTHER.sub("-", host).strip("-")
    if 0 < len(name) <= _LONGEST_NAME:
        return name
    mark = hashlib.sha256(host.encode()).hexdigest()[:8]
    return f"{name[: _LONGEST_NAME - 9].rstrip('-')}-{mark}".lstrip("-")
