"""What was found, as a person reads it, in Chinese or English. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from crawler.config.models import Config, Language
from crawler.items import Origin
from crawler.text import clean
from pipelines.search.model import Found, Hit
from pipelines.search.query import parse
from pipelines.search.snippet import marked, whole
from pipelines.search.words import WORDS


@dataclass(frozen=True, kw_only=True)
class Marks:
    """What stands before and after each hit."""

    before: str
    after: str


PLAIN = Marks(before="**", after="**")  # Chinese headlines use 【】 themselves
TERMINAL = Marks(before="\x1b[1;31m", after="\x1b[0m")  # bold red, as grep has it


def answer_text(found: Found, config: Config, marks: Marks, language: Language) -> str:
    """The hits with title, where and when, the passage and the address; times in the installation's zone."""
    words = WORDS[language]
    if not found.hits:
        return words["nothing"].format(query=clean(found.query))
    terms = parse(found.query).wanted
    told = words["total" if found.total == len(found.hits) else "total.cut"]
    lines = [told.format(total=found.total, shown=len(found.hits))]
    for number, hit in enumerate(found.hits, 1):
        title = marked(whole(hit.title, terms), marks.before, marks.after) or words["untitled"]
        passage = marked(hit.snippet, marks.before, marks.after)
        path = f"archive/{hit.path}" if hit.path else ""
        details = (" · ".join(_facts(hit, config, words)), passage, clean(hit.url), path)
        lines += ["", f"{number}. {title}", *(f"   {line}" for line in details if line)]
    return "\n".join(lines)


def _facts(hit: Hit, config: Config, words: Mapping[str, str]) -> Iterator[str]:
    source = config.source(hit.source)
    label = source.label if source else hit.source
    yield label
    if hit.origin == Origin.SEED.value:
        yield words["seed"]
    if hit.account and hit.account != label:
        yield clean(hit.account)
    yield _date(hit, config, words)
    if hit.themes:
        yield words["list"].join(_theme(name, config) for name in hit.themes)
    if hit.outcome == "off_theme":
        yield words["off_theme"]
    if hit.copies:
        yield words["copies"].format(count=hit.copies)
    yield words["entry"].format(entry=hit.entry)


def _date(hit: Hit, config: Config, words: Mapping[str, str]) -> str:
    if hit.published is None:
        return words["kept_at"].format(time=_minute(hit.kept_at, config))
    if isinstance(hit.published, datetime):
        return _minute(hit.published, config)
    return hit.published.isoformat()


def _minute(moment: datetime, config: Config) -> str:
    return moment.astimezone(config.settings.zone).strftime("%Y-%m-%d %H:%M")


def _theme(name: str, config: Config) -> str:
    theme = config.theme(name)
    return theme.title if theme else name
