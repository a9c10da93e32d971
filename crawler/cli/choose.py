"""Which sources a command is about."""

from collections.abc import Iterable

from crawler.cli.app import NotFoundError
from crawler.cli.near import nearest
from crawler.config.models import Config, Source
from crawler.spiders.choice import kinds_of, spider_names, spider_of
from crawler.text import one_line


def select_sources(config: Config, names: tuple[str, ...], *, spider: str | None = None) -> tuple[Source, ...]:
    """The named sources, or every enabled one; with `spider`, of those it is for.

    Raises:
        NotFoundError: a name that no enabled source bears, one the spider is not for, or none that it is for.
    """
    enabled = {source.name: source for source in config.enabled_sources}
    for name in names:
        if name in enabled:
            continue
        known = config.source(name)
        if known is not None:
            raise NotFoundError(f"{switched_off(known)}; set enabled: true in its file to crawl it")
        raise unknown_source(name, enabled, config)
    chosen = tuple(enabled[name] for name in dict.fromkeys(names)) or tuple(enabled.values())
    return chosen if spider is None else _of_spider(chosen, spider, named=bool(names))


def _of_spider(chosen: tuple[Source, ...], spider: str, *, named: bool) -> tuple[Source, ...]:
    """
    Raises:
        NotFoundError: see `select_sources`.
    """
    kinds = kinds_of(spider)
    if not kinds:
        raise NotFoundError(f"no spider is named {spider}; {nearest(spider, spider_names())}")
    fitting = tuple(source for source in chosen if source.kind in kinds)
    strange = next((source for source in chosen if source not in fitting), None)
    if named and strange is not None:
        right = spider_of({strange.kind}).name
        told = f"source {strange.name} is of kind {strange.kind}, which is for the spider {right}"
        raise NotFoundError(f"{told}: scrapy crawl {right} -a source={strange.name}")
    if not fitting:
        raise NotFoundError(
            f"no enabled source is for the spider {spider}; see the folder sources/ of the configuration"
        )
    return fitting


def switched_off(source: Source) -> str:
    """That it is, and why."""
    why = one_line(source.disabled_because).strip().rstrip(".。;；")
    return f"source {source.name} is switched off" + (f": {why}" if why else "")


def unknown_source(name: str, known: Iterable[str], config: Config) -> NotFoundError:
    place = config.folder / "sources"
    return NotFoundError(f"no source is named {name}; {nearest(name, list(known))} (in {place})")
