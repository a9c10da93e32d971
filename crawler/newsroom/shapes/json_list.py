"""A list of a news site in JSON, its document and rows as press.yaml spells them."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field

from crawler.newsroom.records import Content, SiteRequest
from crawler.newsroom.shapes.base import Site
from crawler.newsroom.shapes.rows import filled, html_row, values_of

_JSON = "application/json; charset=utf-8"


class Paging(BaseModel):
    """How the list is paged: which field of the query or form says where a page begins."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    field: str
    by: Literal["page", "offset"] = "page"  # pages from 1, or rows from 0


class JsonOptions(BaseModel):
    """What is said of a JSON list in press.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    document: Mapping[str, Any]  # the text {rows} in it stands for the rows
    row: Any  # with the values of rows.py; of HTML in JSON a text, and {rows} is one text then
    length: int = Field(default=20, ge=1)
    paging: Paging | None = None
    wants_form: tuple[str, ...] = ()  # fields without which a POST is answered with `refusal`
    wants_referer: str = ""  # without which a request is answered with `refusal`
    refusal: Mapping[str, Any] = {}


class JsonList:
    def __init__(self, options: JsonOptions) -> None:
        self._options = options

    def content(self, site: Site, request: SiteRequest, now: datetime) -> Content:
        """What the list says at `now` to one request."""
        asked = {name: texts[0] for name, texts in parse_qs(_fields(request)).items()}
        if self._is_refused(request, asked):
            return _document(self._options.refusal)
        begin = self._begin(asked)
        found = site.newest_first(now)[begin : begin + self._options.length]
        return _document(filled(self._options.document, {"rows": self._rows(site, found)}))

    def _rows(self, site: Site, found: tuple[Any, ...]) -> Any:
        values = [values_of(site, one) for one in found]
        if isinstance(self._options.row, str):
            return "\n".join(html_row(self._options.row, each) for each in values)
        return [filled(self._options.row, each) for each in values]

    def _begin(self, asked: Mapping[str, str]) -> int:
        paging = self._options.paging
        if paging is None:
            return 0
        if paging.by == "offset":
            return int(asked.get(paging.field, 0))
        return (int(asked.get(paging.field, 1)) - 1) * self._options.length

    def _is_refused(self, request: SiteRequest, asked: Mapping[str, str]) -> bool:
        if self._options.wants_referer and request.header("Referer") != self._options.wants_referer:
            return True
        return any(field not in asked for field in self._options.wants_form)


def _fields(request: SiteRequest) -> str:
    return request.body.decode() if request.method == "POST" else request.query


def _document(value: Any) -> Content:
    return Content(body=json.dumps(value, ensure_ascii=False).encode(), content_type=_JSON)
