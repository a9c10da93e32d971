"""robots.txt answers in Redis, so that an origin is asked once a day whoever crawls it."""

import json
from datetime import datetime

from redis.asyncio import Redis

from crawler.fetch.robots import STALE_FOR, RobotsAnswer
from crawler.shared.link import Link
from crawler.shared.server import PREFIX

# Longer than an answer is fresh: rules that were read hold on while their origin cannot be asked.
_KEPT = STALE_FOR


class RedisRobotsCache:
    """The port `crawler.fetch.robots.RobotsCache`. While the server is away the run's own answers stand in for it.

    Args:
        link: to the server.
        space: what the keys begin with.
    """

    def __init__(self, link: Link, *, space: str = PREFIX) -> None:
        self._link = link
        self._space = space
        self._own: dict[str, RobotsAnswer] = {}

    async def load(self, origin: str) -> RobotsAnswer | None:
        async def call(client: Redis) -> RobotsAnswer | None:
            return _read(await client.get(self._key(origin)))

        own = self._own.get(origin)
        found = await self._link.ask(call, own)
        # A server that lost its memory, or was away when we saved, knows less than we do.
        if found is None or (own is not None and own.last_asked > found.last_asked):
            return own
        self._own[origin] = found
        return found

    async def save(self, origin: str, answer: RobotsAnswer) -> None:
        self._own[origin] = answer

        async def call(client: Redis) -> None:
            await client.set(self._key(origin), _written(answer), px=_KEPT)

        await self._link.ask(call, None)

    def _key(self, origin: str) -> str:
        return f"{self._space}:robots:{origin}"


def _written(answer: RobotsAnswer) -> str:
    facts = {"status": answer.status, "body": answer.body, "fetched_at": answer.fetched_at.isoformat()}
    if answer.asked_at is not None:
        facts["asked_at"] = answer.asked_at.isoformat()
    return json.dumps(facts)


def _read(text: str | bytes | None) -> RobotsAnswer | None:
    """None also for what we did not write: robots.txt is then asked for anew."""
    try:
        facts = json.loads(text or "")
        asked_at = facts.get("asked_at")
        return RobotsAnswer(
            status=int(facts["status"]),
            body=str(facts["body"]),
            fetched_at=datetime.fromisoformat(facts["fetched_at"]),
            asked_at=datetime.fromisoformat(asked_at) if asked_at else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
