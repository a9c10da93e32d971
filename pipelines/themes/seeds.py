"""Which themes name an article as their seed."""

from collections.abc import Sequence

from crawler.config.models import SeedReference, Theme
from crawler.urls import article_key
from pipelines.text import comparable


def themes_of_seed(themes: Sequence[Theme], title: str, url: str) -> tuple[str, ...]:
    """The names of the themes whose seeds hold this title or this address, in the config's order."""
    key = article_key(url) if url else ""
    return tuple(theme.name for theme in themes if any(_is_it(seed, title, key) for seed in theme.seeds))


def _is_it(seed: SeedReference, title: str, key: str) -> bool:
    same_address = bool(key and seed.url) and article_key(seed.url) == key
    return same_address or comparable(seed.title) == comparable(title)
