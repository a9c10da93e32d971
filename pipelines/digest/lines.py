"""The sections of a digest: its lines under their themes, ranked. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crawler.config.models import Config, Rights, Subscription
from crawler.items import Dating, TermHit, ThemeVerdict
from pipelines.digest.links import first_publication, republished_at
from pipelines.digest.model import FoldedCopy, Line, Reason, Section
from pipelines.sentences import lead_of

_TERMS_SHOWN = 4  # of one field, in a reason
_FIELDS = ("title", "lead", "body")


@dataclass(frozen=True, kw_only=True)
class Member:
    """An article that is a line."""

    row: Mapping[Any, Any]  # of the table article
    text: str
    theme: str  # under which the subscription gets it
    copies: tuple[FoldedCopy, ...]

    @property
    def verdict(self) -> ThemeVerdict:
        return next(item for item in map(ThemeVerdict.from_json, self.row["verdicts"]) if item.theme == self.theme)


def wanted_themes(subscription: Subscription, source: str, themes: Sequence[str]) -> list[str]:
    """Those of an article's `themes` for which the subscription gets it, in their order (best first)."""
    if not _is_wanted(source, subscription.sources):
        return []
    return [name for name in themes if _is_wanted(name, subscription.themes)]


def _is_wanted(name: str, wanted: str | tuple[str, ...]) -> bool:
    return wanted == "all" or name in wanted


def dated(published: Mapping[str, str] | None, kept_at: datetime) -> datetime:
    """When an article is from, as far as is known."""
    return Dating.from_json(published).at if published else kept_at


def sections_of(config: Config, members: Iterable[Member]) -> tuple[Section, ...]:
    by_theme: dict[str, list[Member]] = defaultdict(list)
    for member in members:
        by_theme[member.theme].append(member)
    titles = {theme.name: theme.title for theme in config.themes}
    # A theme the config no longer knows still has its articles; they come last, under its name.
    order = [*titles, *sorted(by_theme.keys() - titles.keys())]
    return tuple(
        Section(theme=name, title=titles.get(name, name), lines=_ranked(config, by_theme[name]))
        for name in order
        if by_theme.get(name)
    )


def _ranked(config: Config, members: Iterable[Member]) -> tuple[Line, ...]:
    """By score, then by how many other sources carry it, then the newest first."""
    lines = [(_line(config, member), dated(member.row["published"], member.row["kept_at"])) for member in members]
    # A tenth of a point tells nothing about relevance; equal to that, the wider echo goes first.
    lines.sort(key=lambda pair: (-round(pair[0].score, 1), -pair[0].independent_sources, -pair[1].timestamp()))
    return tuple(line for line, _ in lines)


def _line(config: Config, member: Member) -> Line:
    row, verdict = member.row, member.verdict
    source = config.source(row["source"])
    is_deleted = row["deleted_at"] is not None
    shows_text = not is_deleted and source is not None and source.rights is not Rights.HEADLINE
    return Line(
        entry=row["entry"],
        title=row["title"],
        url=first_publication(row),
        republished_at=republished_at(row),
        source=config.label_of(row["source"]),
        published=Dating.from_json(row["published"]) if row["published"] else None,
        kept_at=row["kept_at"],
        score=verdict.score,
        lead=lead_of(member.text, title=row["title"]) if shows_text else "",
        reasons=_reasons(verdict.hits),
        copies=member.copies,
        is_deleted=is_deleted,
    )


def _reasons(hits: Iterable[TermHit]) -> tuple[Reason, ...]:
    by_field: dict[str, list[TermHit]] = defaultdict(list)
    for hit in sorted(hits, key=lambda item: -item.weight):
        by_field[hit.field].append(hit)
    return tuple(
        Reason(field=field, terms=tuple(hit.term for hit in by_field[field][:_TERMS_SHOWN]))
        for field in _FIELDS
        if by_field.get(field)
    )
