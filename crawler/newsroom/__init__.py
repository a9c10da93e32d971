"""A small simulated press on loopback: what the demo and the tests crawl.

Seeded, driven by a clock that is passed in, and reporting its own truth. The articles are invented.
"""

from crawler.newsroom.loading import FaultData, Press, PressError, SiteData, load_press, shipped_sources
from crawler.newsroom.records import Publication, SiteRequest, SiteResponse
from crawler.newsroom.room import Newsroom
from crawler.newsroom.server import Hit, PressServer, ServerThread, serve

__all__ = [
    "FaultData",
    "Hit",
    "Newsroom",
    "Press",
    "PressError",
    "PressServer",
    "Publication",
    "ServerThread",
    "SiteData",
    "SiteRequest",
    "SiteResponse",
    "load_press",
    "serve",
    "shipped_sources",
]
