"""One run's way to Redis, which may end and come back while the run goes on."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from redis.asyncio import Redis

from crawler.outcomes import DONE_WITHOUT
from crawler.shared.server import FAULTS, TIMEOUT, async_client, in_words, shown

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

ASK_AGAIN_AFTER = 5.0  # seconds until a server that was away is tried again


class Link:
    """Asks the server. While it is away nobody waits for it, and that it is is told once in a run.

    Args:
        url: of the server.
        timeout: seconds that one call waits for its answer.
        ask_again_after: seconds until a server that was away is tried again; one caller tries, the others do not wait.
    """

    def __init__(self, url: str, *, timeout: float = TIMEOUT, ask_again_after: float = ASK_AGAIN_AFTER) -> None:
        self.client: Redis = async_client(url, timeout)
        self.told = ""  # of its going away, for the books
        self._url = url
        self._timeout = timeout
        self._ask_again_after = ask_again_after
        self._is_away = False
        self._next_try = 0.0  # by the loop's own time: no run's clock says how long a machine is silent
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, call: Callable[[Redis], Awaitable[Answer]], otherwise: Answer) -> Answer:
        """What the server answers to `call`; `otherwise` while it is away."""
        time = asyncio.get_running_loop().time
        if self._is_away:
            if time() < self._next_try:
                return otherwise
            self._next_try = time() + self._ask_again_after
        try:
            answer = await call(self.client)
        except FAULTS as error:
            self._next_try = time() + self._ask_again_after
            self._went_away(in_words(error, self._url, self._timeout))
            return otherwise
        self._came_back()
        return answer

    def send(self, call: Coroutine[Any, Any, None]) -> None:
        """Have `call` done soon, and before the link is closed."""
        task = asyncio.get_running_loop().create_task(call)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        await asyncio.gather(*self._tasks)
        await self.client.aclose()

    def _went_away(self, fault: str) -> None:
        if self._is_away:
            return
        self._is_away = True
        if self.told:
            logger.info("%s", fault)
            return
        self.told = f"{fault}; {DONE_WITHOUT}"
        logger.warning("%s", self.told)

    def _came_back(self) -> None:
        if self._is_away:
            self._is_away = False
            logger.info("Redis at %s is back", shown(self._url))
