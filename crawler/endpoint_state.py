"""What is remembered of an endpoint between polls."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class EndpointState:
    """What is remembered of an endpoint between polls."""

    id: int
    source: str
    url: str
    host: str
    etag: str
    last_modified: str
    body_hash: str
    recipe: str
    ttl: int | None
    first_polled: datetime | None
    last_polled: datetime | None  # asked, whatever came of it
    last_success: datetime | None
    next_due: datetime | None
    failures: float
    parent: int | None  # the endpoint whose answer names this list
    appeared: datetime | None  # when that was, if it was not the parent's first answer
    changed: datetime | None  # when the list last changed, as its parent says

    @property
    def is_baseline(self) -> bool:
        """Whether what stands in the next answer was there before we came: the list was not read to its end yet."""
        return self.first_polled is None and self.appeared is None


def state_of(row: Mapping[Any, Any]) -> EndpointState:
    """A row of table `endpoint`."""
    return EndpointState(**{name: row[name] for name in EndpointState.__dataclass_fields__})
