"""What was found, as a person reads it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from crawler.config.models import Config
from crawler.items import Origin
from crawler.text import clean
from pipelines.search.model import Found, Hit
from pipelines.search.query import parse
from pipelines.search.snippet import marked, whole


@dataclass(frozen=True, kw_only=True)
class Marks:
    """What stands before and after each hit."""

    before: str
    after: str


PLAIN = Marks(before="**", after="**")  # Chinese headlines use 【】 themselves
TERMINAL = Marks(before="\x1b[1;31m", after="\x1b[0m")  # bold red, as grep has it


def answer_text(found: Found, config: Config, marks: Marks) -> str:
    """The hits with title, where and when, the passage and the address; times in the installation's zone."""
    if not found.hits:
        return f"没有找到：{clean(found.query)}"
    terms = parse(found.query).wanted
    shown = "" if found.total == len(found.hits) else f"，以下是前 {len(found.hits)} 篇"
    lines = [f"共 {found.total} 篇{shown}"]
    for number, hit in enumerate(found.hits, 1):
        title = marked(whole(hit.title, terms), marks.before, marks.after) or "（无标题）"
        passage = marked(hit.snippet, marks.before, marks.after)
        path = f"archive/{hit.path}" if hit.path else ""
        details = (" · ".join(_facts(hit, config)), passage, clean(hit.url), path)
        lines += ["", f"{number}. {title}", *(f"   {line}" for line in details if line)]
    return "\n".join(lines)


def _facts(hit: Hit, config: Config) -> Iterator[str]:
    source = config.source(hit.source)
    label = source.label if source else hit.source
    yield label
    if hit.origin == Origin.SEED.value:
        yield "种子"
    if hit.account and hit.account != label:
        yield clean(hit.account)
    yield _date(hit, config)
    if hit.themes:
        yield "、".join(_theme(name, config) for name in hit.themes)
    if hit.outcome == "off_theme":
        yield "不在任何主题内"
    if hit.copies:
        yield f"另有转载 {hit.copies} 篇"
    yield f"编号 {hit.entry}"


def _date(hit: Hit, config: Config) -> str:
    if hit.published is None:
        return f"{_minute(hit.kept_at, config)} 入库"
    if isinstance(hit.published, datetime):
        return _minute(hit.published, config)
    return hit.published.isoformat()


def _minute(moment: datetime, config: Config) -> str:
    return moment.astimezone(config.settings.zone).strftime("%Y-%m-%d %H:%M")


def _theme(name: str, config: Config) -> str:
    theme = config.theme(name)
    return theme.title if theme else name
