"""The frozen records of the newsroom: what is asked, what is answered, what was published."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote


@dataclass(frozen=True, kw_only=True)
class SiteRequest:
    """A request as it stands on the wire."""

    host: str
    path: str  # percent-encoded or not; the newsroom decodes it
    method: str = "GET"
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    nth: int = 1  # how many times this host, path and query was asked for, this request included

    @property
    def place(self) -> str:
        """The decoded path."""
        return unquote(self.path)

    @property
    def parameters(self) -> Mapping[str, str]:
        """The query, decoded; of a name that stands there twice the last value."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    def sent(self) -> Mapping[str, Any]:
        """The JSON object in the body; empty when the body holds anything else."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def header(self, name: str) -> str:
        """The value of a header, its name in any case; "" when it is not there."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), "")


@dataclass(frozen=True, kw_only=True)
class SiteResponse:
    status: int
    headers: Mapping[str, str]
    body: bytes
    fault: str = ""  # the word of the one that struck


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a shape or a fault has to say, before conditional headers are looked at."""

    body: bytes
    content_type: str
    status: int = 200
    modified: datetime | None = None  # None: the answer carries no Last-Modified
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""  # the word of the one that it comes from


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A publication that has its time and not yet its address."""

    article_id: str
    title: str
    at: datetime
    traits: tuple[str, ...] = ()
    copy_of: str = ""
    copy_of_url: str = ""
    origin: str = ""  # title of the site it was copied from
    becomes: str = ""  # article_id of what stands at its address from `changes_at` on
    changes_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where a publication stands."""

    url: str  # as the feed or the list announces it: the address to fetch
    original_url: str = ""  # the first publication, where the list names it
    aliases: tuple[str, ...] = ()  # other addresses at which it stands
    pages: tuple[str, ...] = ()  # its second page and those behind it, in order
    lists: tuple[str, ...] = ()  # the paths of the lists that announce it; empty: all of its site

    @property
    def identity(self) -> str:
        """The URL whose article key is the publication's."""
        return self.original_url or self.url


@dataclass(frozen=True, kw_only=True)
class Publication:
    """One line of the truth: what a site published, and when."""

    site: str  # host name
    url: str
    key: str  # crawler.urls.article_key of what a crawler will know
    title: str
    at: datetime  # aware, in UTC, whole seconds
    article_id: str
    theme: str  # one of the themes, or "off"
    copy_of: str = ""  # key of the publication it copies, word for word unless its traits say `spun` or `edited`
    copy_of_url: str = ""
    origin: str = ""  # title of the site it was copied from
    original_url: str = ""
    aliases: tuple[str, ...] = ()  # other addresses at which it stands
    pages: tuple[str, ...] = ()  # its second page and those behind it, in order
    lists: tuple[str, ...] = ()  # the paths of the lists that announce it
    section: str = ""  # of the site, where several entries of press.yaml share it
    becomes: str = ""  # article_id of what stands at its address from `changes_at` on
    changes_at: datetime | None = None
    ends: str = ""  # how it must end for a crawler that cannot keep it: an Outcome's word; else its theme decides
    traits: tuple[str, ...] = ()  # what is odd about it: words of its shape, and faults that name it
