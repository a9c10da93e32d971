"""A site whose few pages stand in its data: where redirects lead that no crawler should follow."""

from datetime import datetime
from random import Random

from pydantic import BaseModel, ConfigDict

from crawler.newsroom.answers import html
from crawler.newsroom.loading import SiteData
from crawler.newsroom.records import Address, Content, Draft, SiteRequest
from crawler.newsroom.shapes.base import Shape, Site


class StillOptions(BaseModel):
    """What press.yaml says of such a site under `options`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pages: dict[str, str]  # decoded path → the HTML inside its body


class StillSite(Shape):
    list_paths = ("/",)

    def __init__(self, data: SiteData) -> None:
        self._host = data.host
        self._pages = StillOptions.model_validate(data.options).pages

    def addresses(self, drafts: tuple[Draft, ...], random: Random) -> tuple[Address, ...]:
        return tuple(Address(url=f"https://{self._host}/{draft.article_id}") for draft in drafts)

    def answer(self, site: Site, request: SiteRequest, now: datetime) -> Content | None:
        body = self._pages.get(request.place)
        return html(body) if body else None
