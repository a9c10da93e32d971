"""What is told of a sick source."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class FailingEndpoint:
    source: str  # its name
    url: str  # of the endpoint or page; empty when the books name none
    cause: str


@dataclass(frozen=True, kw_only=True)
class FailingNow:
    """An endpoint whose last poll failed."""

    source: str  # its name
    url: str
    cause: str
    since: datetime | None  # when the run began that failed first; null where the books no longer tell
    polls: int  # that failed in a row, one at least
    last_success: datetime | None  # null: no poll of it ever succeeded
    is_lasting: bool  # more than one poll in a row failed, or it has failed for an hour
    needs_you: bool  # it is lasting, or of a kind that does not heal by itself


@dataclass(frozen=True, kw_only=True)
class SilentEndpoint:
    """An endpoint that brought nothing new for three times its source's usual gap."""

    source: str  # its name
    url: str
    last_new: datetime
    hours: int  # from then to the last good poll
    usual_hours: float  # the gap between news: as its source's `expect` says, else the median gap between days with any
