"""How sources are called in a digest."""

from crawler.config.models import Config


def label_of(config: Config, name: str) -> str:
    """The source's label; its name when the config no longer knows it."""
    source = config.source(name)
    return source.label if source else name
