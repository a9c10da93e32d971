"""What a run shares with others about hosts. Without `redis_url` this file is all that is ever loaded."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from crawler.config.models import Settings
from crawler.fetch.robots import RobotsCache
from crawler.fetch.turns import NoOthers, Turns

if TYPE_CHECKING:
    from crawler.shared.link import Link

_MARGIN = timedelta(seconds=10)  # for what happens around an answer


@dataclass(frozen=True, kw_only=True)
class SharedHosts:
    """The ports through which a run asks what others know."""

    turns: Turns
    robots: RobotsCache | None = None  # None: the database keeps the answers
    link: "Link | None" = None

    @property
    def told(self) -> str:
        """What the books should say of the server, or ""."""
        return self.link.told if self.link else ""


@asynccontextmanager
async def shared_hosts(settings: Settings, route: str | None) -> AsyncIterator[SharedHosts]:
    """Open it for a run, in the loop that the run lives in.

    Args:
        settings: of the installation.
        route: local server that gets every request, or None for the live network. What a local server answers in a
            host's name is never taken for the host's own.

    Raises:
        StorageError: `redis_url` cannot be read.
    """
    if not settings.redis_url:
        yield SharedHosts(turns=NoOthers())
        return
    # Here and not above: redis-py takes 0.4 s to import, which an installation without it does not pay.
    from crawler.shared.link import Link  # noqa: PLC0415
    from crawler.shared.robots_cache import RedisRobotsCache  # noqa: PLC0415
    from crawler.shared.server import PREFIX  # noqa: PLC0415
    from crawler.shared.turns import RedisTurns  # noqa: PLC0415

    space = f"{PREFIX}:routed:{route}" if route else PREFIX
    link = Link(settings.redis_url)
    try:
        yield SharedHosts(
            turns=RedisTurns(link, space=space, longest=settings.safety.timeout + _MARGIN),
            robots=RedisRobotsCache(link, space=space),
            link=link,
        )
    finally:
        await link.close()
