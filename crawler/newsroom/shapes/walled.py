"""A site that lets nobody in: robots.txt (in its data) forbids all, every page answers 403."""

from datetime import datetime
from random import Random

from crawler.newsroom.answers import plain
from crawler.newsroom.loading import SiteData
from crawler.newsroom.records import Address, Content, Draft, SiteRequest
from crawler.newsroom.shapes.base import Shape, Site


class WalledSite(Shape):
    def __init__(self, data: SiteData) -> None:
        self._host = data.host
        self.list_paths = ("/",)

    def addresses(self, drafts: tuple[Draft, ...], random: Random) -> tuple[Address, ...]:
        return tuple(Address(url=f"https://{self._host}/{draft.article_id}") for draft in drafts)

    def answer(self, site: Site, request: SiteRequest, now: datetime) -> Content | None:
        return plain(403, f"{self._host} 不接受访问")
