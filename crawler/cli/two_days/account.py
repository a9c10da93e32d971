"""What went wrong in the days by the newsroom's own account, and what the ledger's account has to say to it.

The two know nothing of each other, so their comparison can fail: a fault that did not come out as it should is told.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from crawler.cli.two_days.days import LivedDays
from crawler.cli.two_days.fates import Fate
from crawler.config.models import Config
from crawler.newsroom import Newsroom, Press, Publication
from pipelines.digest.model import Digest


@dataclass(frozen=True, kw_only=True)
class FaultTold:
    """One line of the table."""

    fault: str  # the newsroom's word; `unchanged` and `silent` for what is none of its faults
    what: str  # the same for people
    url: str  # where it happened; of several places the first
    times: int
    ended: str
    is_right: bool  # it came out as it should


@dataclass(frozen=True, kw_only=True)
class Account:
    """All that the comparison looks at."""

    newsroom: Newsroom
    press: Press
    config: Config
    lived: LivedDays
    fates: Mapping[str, Fate]  # by article key

    @property
    def digests(self) -> tuple[Digest, ...]:
        return tuple(issued.digest for issued in self.lived.digests)


def announced_to(newsroom: Newsroom, config: Config, until: datetime) -> tuple[Publication, ...]:
    """What the lists that are watched announced until then, the backlog included."""
    lists = [endpoint.url for source in config.enabled_sources for endpoint in source.endpoints]
    return newsroom.announced(lists, until)
