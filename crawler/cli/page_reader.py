"""Reads one page, from a file or from its address, by the rules that fit it."""

import logging
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from crawler.allowance import TooSlowError
from crawler.charsets import decode
from crawler.cli.extracted import Choice, Explained, Extracted, not_had, of_result, without_base
from crawler.clock import Clock
from crawler.config.models import Config, Kind, Source
from crawler.config.selectors import found_in
from crawler.config.slow import told_of
from crawler.items import Article, Entry, Page, PendingEntry
from crawler.ledger import Ledger
from crawler.markup import ParseError, parse
from crawler.one_page import NothingCameError, fetch_page
from crawler.outcomes import Outcome
from crawler.urls import UrlError, article_key, host_of
from pipelines.extract.extract import extract
from pipelines.extract.saved import SavedPageError, is_markdown, own_address, read_saved
from pipelines.extract.sites.rules import UNKNOWN, site_of
from pipelines.imports.sources import SourceFinder

logger = logging.getLogger(__name__)

# Stands for the address of a page nobody knows the address of; .invalid is no one's (RFC 2606). It goes out again.
_NOWHERE = "https://page.invalid"


class PageReader:
    """Reads any number of pages by one configuration.

    Args:
        config: its sources are asked in their order, the switched-off ones too: how a site is read does not change
            when nobody polls it.
        fixed: the source that reads every page, when there is one.
        now: the time of reading. "3 小时前" is reckoned from here, and a date to come is never chosen.
        explains: say how it came.
    """

    def __init__(self, config: Config, *, fixed: Source | None, now: datetime, explains: bool) -> None:
        self._config = config
        self._fixed = fixed
        self._now = now
        self._explains = explains
        self._finder = SourceFinder(config, fixed)
        self._most = int(config.settings.safety.max_body_mb * 1024 * 1024)

    def read_file(self, path: Path, page: str, url: str | None) -> Extracted:
        """What stands in a file. It never raises: what presswatch itself fails on is told as `failed`, and logged.

        Args:
            path: of the file.
            page: how it was named.
            url: its address; None for the one it gives itself.
        """
        try:
            return self._read_file(path, page, url)
        except SavedPageError as error:
            return not_had(page, url, f"the file {error}")
        except UrlError as error:
            return not_had(page, url, str(error))
        except TooSlowError as error:
            return not_had(page, url, f"an expression of the config: {error}")
        except Exception as error:  # the edge of a page: told, and no other page is kept waiting
            logger.exception("reading %s broke", path)
            return not_had(page, url, f"internal failure: {type(error).__name__}: {error}")

    async def fetch(self, url: str, *, clock: Clock, route: str | None, known: Ledger | None) -> Extracted:
        """What stands at an address of the network; see `crawler.one_page.fetch_page`.

        Raises:
            UrlError: the address is none that presswatch would fetch.
            StorageError: there is no room for the visit.
        """
        source = self._finder.source_of(url)
        try:
            came = await fetch_page(url, source, config=self._config, clock=clock, route=route, known=known)
        except NothingCameError as error:
            return self._explained(not_had(url, url, str(error)), source, None)
        if not isinstance(came, Page):
            return self._explained(of_result(url, url, came), source, None)
        try:
            return self._explained(of_result(url, came.url, extract(came, source)), source, came)
        except TooSlowError as error:
            return self._explained(not_had(url, came.url, told_of(source, error)), source, None)

    def _read_file(self, path: Path, page: str, url: str | None) -> Extracted:
        body = read_saved(path, self._most)
        text, _ = decode(body, "")
        address = url or own_address(text) or f"{_NOWHERE}/"
        source, content_type = self._finder.source_of(address), "text/html"
        if source.charset:
            text, _ = decode(body, "", source.charset)
        if is_markdown(path.name, text):
            source, content_type = source.model_copy(update={"kind": Kind.WECHAT_MIRROR}), "text/markdown"
        saved = self._page(body, address, content_type, source)
        found = self._explained(_shown(page, saved, source), source, saved)
        return without_base(found, _NOWHERE) if address.startswith(_NOWHERE) else found

    def _page(self, body: bytes, url: str, content_type: str, source: Source) -> Page:
        entry = Entry(key=article_key(url), url=url)
        waiting = PendingEntry(id=0, source=source.name, host=host_of(url), entry=entry, first_seen=self._now)
        return Page(pending=waiting, url=url, status=200, content_type=content_type, body=body, fetched_at=self._now)

    def _explained(self, found: Extracted, source: Source, page: Page | None) -> Extracted:
        """With how it came, where that is asked for; `page` is None where none was had."""
        if not self._explains:
            return found
        encoding, site, missed = ("", "", ()) if page is None else _recognised(page, source)
        chosen = self._choice(source)
        name = "" if chosen is Choice.NONE else source.name  # the name of one that nobody knows is made up
        explained = Explained(
            source=name, kind=source.kind, chosen=chosen, site=site, encoding=encoding, body_not_found=missed
        )
        return replace(found, explained=explained)

    def _choice(self, source: Source) -> Choice:
        if self._fixed is not None:
            return Choice.NAMED
        return Choice.SITE if self._config.source(source.name) is not None else Choice.NONE


def _shown(page: str, saved: Page, source: Source) -> Extracted:
    """What stands on a page that somebody has: one that says noarchive may not be kept, and is shown all the same."""
    result = extract(saved, source)
    found = of_result(page, saved.url, result)
    if isinstance(result, Article) or result.outcome is not Outcome.REFUSED:
        return found
    shown = of_result(page, saved.url, extract(saved, source, keeps=False))
    return replace(shown, outcome=found.outcome, reason=found.reason)


def _recognised(page: Page, source: Source) -> tuple[str, str, tuple[str, ...]]:
    """The encoding of a page, the site it is of by itself, or "", and the source's body where it finds nothing."""
    text, encoding = decode(page.body, page.content_type, source.charset)
    try:
        tree = parse(text)
    except ParseError:
        return encoding, "", ()
    if tree is None:
        return encoding, "", ()
    site = site_of(tree, page.url)
    missed = () if any(found_in(tree, body) for body in source.articles.body) else source.articles.body
    return encoding, "" if site is UNKNOWN else site.name, missed
