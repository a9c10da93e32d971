"""How many of a host's pages are under way at once: asked for, and not yet stored."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.items import Flow


class UnderWay:
    """A page is asked for when one before it is stored: what that one tells may be not to ask any more.

    Args:
        most: pages at once.
    """

    def __init__(self, most: int) -> None:
        self._places = asyncio.Semaphore(most)
        self._unstored: list[set[int]] = []  # the entries of each page whose results the pipelines have

    async def begin(self) -> None:
        """Wait for a place."""
        await self._places.acquire()

    def read(self, found: Sequence[Flow]) -> None:
        """A page was answered, and this is what came of it; it may be nothing."""
        if found:
            self._unstored.append({item.pending.id for item in found})
        else:
            self._places.release()

    def stored(self, item: Flow) -> None:
        """One result has left the pipelines, by whatever end."""
        for page in self._unstored:
            page.discard(item.pending.id)
        done = [page for page in self._unstored if not page]
        for page in done:
            self._unstored.remove(page)
            self._places.release()
