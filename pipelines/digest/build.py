"""The digest of one subscription and period, from what is stored. The same facts and arguments give the same digest."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping, select

from crawler.config.models import Config, Rights, Subscription
from crawler.items import Dating, TermHit, ThemeVerdict
from crawler.outcomes import Outcome
from crawler.tables import article, entry, version
from pipelines.digest.footer import books_between, failing_endpoints, label_of, refused_entries, silent_endpoints
from pipelines.digest.model import Digest, FoldedCopy, FurtherCopies, Line, Reason, Section
from pipelines.digest.sentences import lead_of

_OLD_ARTICLES = 5  # of what an endpoint's first poll brought, a digest lists the newest
_TERMS_SHOWN = 4  # of one field, in a reason
_FIELDS = ("title", "lead", "body")


@dataclass(frozen=True, kw_only=True)
class Member:
    """A kept article of the period, under the theme it fits best."""

    row: RowMapping
    verdict: ThemeVerdict

    @property
    def dated(self) -> datetime:
        published = self.row["published"]
        return Dating.from_json(published).at if published else self.row["kept_at"]


def zone_of(config: Config, subscription: Subscription) -> ZoneInfo:
    return ZoneInfo(subscription.timezone or config.settings.timezone)


def build_digest(
    connection: Connection,
    config: Config,
    subscription: Subscription,
    cut_from: datetime,
    cut_to: datetime,
    now: datetime,
) -> Digest:
    """What was kept in (cut_from, cut_to], and the books of that time. `now` is the time of issue."""
    zone = zone_of(config, subscription)
    members = _members(connection, config, subscription, cut_from, cut_to)
    shown = _without_most_old_ones(members)
    copies = _copies(connection, config, [member.row["entry"] for member in shown], cut_to)
    return Digest(
        subscription=subscription.name,
        title=subscription.title or subscription.name,
        date=cut_to.astimezone(zone).date().isoformat(),
        timezone=zone.key,
        cut_from=cut_from,
        cut_to=cut_to,
        issued=now,
        preview=False,
        sections=_sections(config, shown, copies),
        backlog_omitted=len(members) - len(shown),
        further_copies=_further_copies(connection, config, subscription, cut_from, cut_to),
        books=books_between(connection, config, cut_from, cut_to),
        failing=failing_endpoints(connection, config, cut_from, cut_to, now),
        silent=silent_endpoints(connection, config, cut_to),
        refused=refused_entries(connection, subscription.sources, cut_from, cut_to),
    )


def _members(
    connection: Connection, config: Config, subscription: Subscription, cut_from: datetime, cut_to: datetime
) -> list[Member]:
    rows = connection.execute(
        select(article, entry.c.endpoint, version.c.text)
        .join(entry, entry.c.id == article.c.entry)
        # The text as it was kept; what its source changed later is not this digest's news.
        .join(version, (version.c.entry == article.c.entry) & (version.c.number == 1))
        .where(
            article.c.kept_at > cut_from,
            article.c.kept_at <= cut_to,
            article.c.outcome == Outcome.KEPT.value,
        )
        .order_by(article.c.entry)
    ).mappings()
    found = []
    for row in rows:
        verdict = _best_verdict(row, subscription)
        if verdict is not None:
            found.append(Member(row=row, verdict=verdict))
    return found


def _best_verdict(row: RowMapping, subscription: Subscription) -> ThemeVerdict | None:
    """The verdict under whose theme the subscription gets the article; None when it does not get it."""
    if not _is_wanted(row["source"], subscription.sources):
        return None
    theme = next((name for name in row["themes"] if _is_wanted(name, subscription.themes)), None)
    verdicts = {verdict.theme: verdict for verdict in map(ThemeVerdict.from_json, row["verdicts"])}
    return verdicts.get(theme) if theme is not None else None


def _is_wanted(name: str, wanted: str | tuple[str, ...]) -> bool:
    return wanted == "all" or name in wanted


def _without_most_old_ones(members: Sequence[Member]) -> list[Member]:
    old: dict[int, list[Member]] = defaultdict(list)
    for member in members:
        if member.row["backlog"]:
            old[member.row["endpoint"]].append(member)
    omitted = {
        member.row["entry"]
        for group in old.values()
        for member in sorted(group, key=lambda item: item.dated, reverse=True)[_OLD_ARTICLES:]
    }
    return [member for member in members if member.row["entry"] not in omitted]


def _copies(
    connection: Connection, config: Config, entries: Iterable[int], cut_to: datetime
) -> dict[int, tuple[FoldedCopy, ...]]:
    """The copies kept until `cut_to`, by the entry of their representative."""
    wanted = set(entries)
    if not wanted:
        return {}
    rows = connection.execute(
        select(article.c.representative, article.c.source, article.c.url, article.c.original_url)
        .where(
            article.c.representative.between(min(wanted), max(wanted)),
            article.c.outcome == Outcome.COPY.value,
            article.c.kept_at <= cut_to,
        )
        .order_by(article.c.kept_at, article.c.entry)
    ).mappings()
    found: dict[int, tuple[FoldedCopy, ...]] = {}
    for row in rows:
        if row["representative"] in wanted:
            found[row["representative"]] = (*found.get(row["representative"], ()), _folded(config, row))
    return found


def _further_copies(
    connection: Connection, config: Config, subscription: Subscription, cut_from: datetime, cut_to: datetime
) -> tuple[FurtherCopies, ...]:
    original = article.alias("original")
    rows = connection.execute(
        select(
            article.c.source,
            article.c.url,
            article.c.original_url,
            original.c.entry.label("of"),
            original.c.title.label("of_title"),
            original.c.source.label("of_source"),
            original.c.themes.label("of_themes"),
            original.c.url.label("of_url"),
            original.c.original_url.label("of_original_url"),
        )
        .join(original, original.c.entry == article.c.representative)
        .where(
            article.c.outcome == Outcome.COPY.value,
            article.c.kept_at > cut_from,
            article.c.kept_at <= cut_to,
            original.c.kept_at <= cut_from,
        )
        .order_by(original.c.entry, article.c.kept_at, article.c.entry)
    ).mappings()
    groups: dict[int, list[RowMapping]] = defaultdict(list)
    for row in rows:
        on_theme = any(_is_wanted(name, subscription.themes) for name in row["of_themes"])
        if on_theme and _is_wanted(row["of_source"], subscription.sources):
            groups[row["of"]].append(row)
    return tuple(
        FurtherCopies(
            title=group[0]["of_title"],
            url=group[0]["of_original_url"] or group[0]["of_url"],
            copies=tuple(_folded(config, row) for row in group),
        )
        for group in groups.values()
    )


def _folded(config: Config, row: RowMapping) -> FoldedCopy:
    return FoldedCopy(source=label_of(config, row["source"]), url=row["original_url"] or row["url"])


def _sections(
    config: Config, members: Iterable[Member], copies: dict[int, tuple[FoldedCopy, ...]]
) -> tuple[Section, ...]:
    by_theme: dict[str, list[Member]] = defaultdict(list)
    for member in members:
        by_theme[member.verdict.theme].append(member)
    titles = {theme.name: theme.title for theme in config.themes}
    # A theme the config no longer knows still has its articles; they come last, under its name.
    order = [*titles, *sorted(by_theme.keys() - titles.keys())]
    return tuple(
        Section(theme=name, title=titles.get(name, name), lines=_ranked(config, by_theme[name], copies))
        for name in order
        if by_theme.get(name)
    )


def _ranked(config: Config, members: Iterable[Member], copies: dict[int, tuple[FoldedCopy, ...]]) -> tuple[Line, ...]:
    """By score, then by how many other sources carry it, then the newest first."""
    lines = [(_line(config, member, copies.get(member.row["entry"], ())), member.dated) for member in members]
    # A tenth of a point tells nothing about relevance; equal to that, the wider echo goes first.
    lines.sort(key=lambda pair: (-round(pair[0].score, 1), -pair[0].independent_sources, -pair[1].timestamp()))
    return tuple(line for line, _ in lines)


def _line(config: Config, member: Member, copies: tuple[FoldedCopy, ...]) -> Line:
    row = member.row
    source = config.source(row["source"])
    shows_text = source is None or source.rights is not Rights.HEADLINE
    return Line(
        entry=row["entry"],
        title=row["title"],
        url=row["original_url"] or row["url"],
        source=label_of(config, row["source"]),
        published=Dating.from_json(row["published"]) if row["published"] else None,
        kept_at=row["kept_at"],
        score=member.verdict.score,
        lead=lead_of(row["text"], title=row["title"]) if shows_text else "",
        reasons=_reasons(member.verdict.hits),
        copies=copies,
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
