"""The newsroom: from data, a seed and a start to what every site answers at any time, and to the truth."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from urllib.parse import urlsplit

from crawler.newsroom.answers import plain, response_to
from crawler.newsroom.faults import ENDS, FAULTS, Asked, strike
from crawler.newsroom.loading import Listed, Press, PressArticle, PressError, Reprints, SiteData, load_press
from crawler.newsroom.records import Address, Content, Draft, Publication, SiteRequest, SiteResponse
from crawler.newsroom.shapes import SHAPES, Shape, Site
from crawler.newsroom.timetable import publication_times, reprint_time
from crawler.urls import article_key


@dataclass(frozen=True, kw_only=True)
class _Opened:
    """One entry of press.yaml, at work."""

    shape: Shape
    site: Site


class Newsroom:
    """A press that begins at `start` and publishes for `days` days; what it published before is its backlog.

    The same seed, start and press give the same bytes. `truth` holds every publication in order of time, those
    after the last day too (reprints come late).

    Raises:
        ValueError: `start` has no zone.
        PressError: the data names a shape, a fault or a site that there is not.
    """

    def __init__(self, *, seed: int = 7, start: datetime, days: int = 2, press: Press | None = None) -> None:
        if start.tzinfo is None:
            raise ValueError(f"a newsroom starts at a time with a zone, got {start.isoformat()}")
        self.start = start.astimezone(UTC)
        self._seed = seed
        self._days = days
        self._press = press or load_press()
        self._articles = {article.id: article for article in self._press.articles}
        self._hosts: dict[str, list[_Opened]] = {}  # several entries may share a host, each a section of it
        for data in self._press.sites:
            opened = self._open(data)
            for host in (data.host, *data.hosts):
                self._hosts.setdefault(host, []).append(opened)
        everything = {one for opened in self._hosts.values() for each in opened for one in each.site.publications}
        self.truth: tuple[Publication, ...] = tuple(sorted(everything, key=lambda one: (one.at, one.site, one.key)))

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names at which a site is asked first, without its further names."""
        return tuple(dict.fromkeys(data.host for data in self._press.sites))

    @property
    def sections(self) -> tuple[tuple[str, str], ...]:
        """Host and section of every entry of the press; most hosts have one, without a name."""
        return tuple((data.host, data.section) for data in self._press.sites)

    def article(self, article_id: str) -> PressArticle:
        """The text behind a publication's `article_id`."""
        return self._articles[article_id]

    def shown(self, publication: Publication, now: datetime | None = None) -> PressArticle:
        """What the page of a publication shows at `now`: spun, changed and titled as the site has it."""
        entries = (entry.site for entry in self._hosts[publication.site])
        return next(site for site in entries if publication in site.publications).article(publication, now)

    def published_until(self, now: datetime, site: str = "", section: str | None = None) -> tuple[Publication, ...]:
        """The truth up to `now`, of one site (by its first name) or of all, of one section or of all."""
        mine = (one for one in self.truth if site in {"", one.site} and section in {None, one.section})
        return tuple(one for one in mine if one.at <= now)

    def announced(self, urls: Iterable[str], now: datetime) -> tuple[Publication, ...]:
        """The truth up to `now`, of what stands in one of the lists at `urls`."""
        asked = [SiteRequest(host=parts.netloc, path=parts.path, query=parts.query) for parts in map(urlsplit, urls)]
        found = {
            one
            for request in asked
            for entry in self._hosts.get(request.host.lower(), ())
            for one in entry.site.publications
            if entry.site.is_one_of(one.lists, request)
        }
        return tuple(one for one in self.truth if one.at <= now and one in found)

    def list_url(self, host: str, section: str = "") -> str:
        """The address of a site's feed or list page, as a source config names it."""
        entry = next(entry for entry in self._hosts[host] if entry.site.data.section == section)
        return f"https://{host}{entry.shape.list_paths[0]}"

    def respond(self, request: SiteRequest, now: datetime) -> SiteResponse:
        """What the site answers at `now`. It depends on the arguments alone."""
        return response_to(request, self._content(request, now), now)

    def _content(self, request: SiteRequest, now: datetime) -> Content:
        entries = self._hosts.get(request.host.lower())
        if entries is None:
            return plain(502, f"no site {request.host!r} in this newsroom; it has {', '.join(self.hosts)}")
        if request.method not in {"GET", "HEAD"} and not _takes_post(entries, request):
            return plain(405, f"{request.method} is not answered here, GET and HEAD are")
        if request.place == "/robots.txt":
            return _robots(entries[0].site.data)
        answers = (self._answer(entry, request, now) for entry in entries)
        return next((content for content in answers if content is not None), None) or plain(404, "页面不存在")

    def _answer(self, entry: _Opened, request: SiteRequest, now: datetime) -> Content | None:
        site, shape = entry.site, entry.shape
        asked = Asked(
            request=request,
            publication=site.at(request, now),
            is_list=site.is_one_of(shape.list_paths, request),
            nth=request.nth,
            since_start=now - self.start,
        )
        return strike(site.data.faults, asked) or shape.answer(site, request, now)

    def _open(self, data: SiteData) -> _Opened:
        shape = SHAPES[_known(data.shape, SHAPES, f"shape of site {data.host}")](data)
        for fault in data.faults:
            _known(fault.fault, FAULTS, f"fault of site {data.host}")
        drafts = tuple(sorted((*self._own(data), *self._reprints(data)), key=lambda draft: draft.at))
        placed = zip(drafts, shape.addresses(drafts, self._random(data, "addresses")), strict=True)
        publications = tuple(self._publication(data, shape, draft, address) for draft, address in placed)
        articles = {**self._articles, **self._spun(data)}
        site = Site(data=data, publications=publications, articles=articles, names=shape.names)
        return _Opened(shape=shape, site=site)

    def _random(self, data: SiteData, purpose: str) -> Random:
        """A stream for each site and purpose, so that a change of one leaves the others as they were."""
        names = (data.host, data.section) if data.section else (data.host,)
        return Random(f"{self._seed}/{'/'.join(names)}/{purpose}")  # noqa: S311  # a seeded press is the purpose

    def _own(self, data: SiteData) -> Iterable[Draft]:
        times = publication_times(self._random(data, "times"), data, self.start, self._days)
        for listed, at in zip(data.articles, times, strict=False):  # what no time is left for stays in the drawer
            title = listed.title or self._articles[listed.id].title
            yield _changing(Draft(article_id=listed.id, title=title, at=at, traits=listed.traits), listed)

    def _reprints(self, data: SiteData) -> Iterable[Draft]:
        random = self._random(data, "reprints")
        for reprints in data.reprints:
            origin = self._hosts[_known(reprints.site, self._hosts, f"a site above {data.host}, which it reprints")]
            originals = {one.article_id: one for entry in origin for one in entry.site.publications}
            for listed in reprints.articles:
                original = originals.get(listed.id)
                at = reprint_time(random, original.at if original else self.start, reprints.after_hours)
                if original is not None:  # else its time has not come: the newsroom is too short
                    yield Draft(
                        article_id=listed.id,
                        title=self._reprinted_title(listed, reprints, original),
                        at=at,
                        traits=(*listed.traits, "spun") if reprints.swaps else listed.traits,
                        copy_of=original.key,
                        copy_of_url=original.url,
                        origin=origin[0].site.data.title,
                    )

    def _reprinted_title(self, listed: Listed, reprints: Reprints, original: Publication) -> str:
        if not reprints.swaps:
            return listed.title or original.title
        return listed.title or self._articles[listed.id].spun(reprints.swaps).title

    def _spun(self, data: SiteData) -> Mapping[str, PressArticle]:
        """The articles of a site that are spun, by their id."""
        spinning = [reprints for reprints in data.reprints if reprints.swaps]
        return {
            one.id: self._articles[one.id].spun(reprints.swaps) for reprints in spinning for one in reprints.articles
        }

    def _publication(self, data: SiteData, shape: Shape, draft: Draft, address: Address) -> Publication:
        struck = tuple(fault.fault for fault in data.faults if fault.article == draft.article_id)
        traits = (*draft.traits, *struck)
        ends = (({**ENDS, **shape.ends}).get(trait, "") for trait in traits)
        return Publication(
            site=data.host,
            url=address.url,
            key=article_key(address.identity),
            title=draft.title,
            at=draft.at,
            article_id=draft.article_id,
            theme=self._articles[draft.article_id].theme,
            copy_of=draft.copy_of,
            copy_of_url=draft.copy_of_url,
            origin=draft.origin,
            original_url=address.original_url,
            aliases=address.aliases,
            pages=address.pages,
            lists=address.lists or shape.list_paths,
            section=data.section,
            becomes=draft.becomes,
            changes_at=draft.changes_at,
            ends=next((end for end in ends if end), ""),
            traits=traits,
        )


def _changing(draft: Draft, listed: Listed) -> Draft:
    if listed.becomes is None:
        return draft
    at = draft.at + timedelta(hours=listed.becomes.after_hours)
    return replace(draft, becomes=listed.becomes.id, changes_at=at, traits=(*draft.traits, "changes"))


def _takes_post(entries: Iterable[_Opened], request: SiteRequest) -> bool:
    return request.method == "POST" and any(request.place in entry.shape.post_paths for entry in entries)


def _robots(data: SiteData) -> Content:
    if not data.robots:
        return plain(404, "页面不存在")
    return Content(body=data.robots.encode(), content_type="text/plain; charset=utf-8")


def _known(word: str, known: Mapping[str, object], what: str) -> str:
    if word in known:
        return word
    near = difflib.get_close_matches(word, known, n=1)
    hint = f", nearest: {near[0]}" if near else ""
    raise PressError(f"expected {what}, one of {', '.join(known) or 'none'}; got {word!r}{hint}")
