"""The digest of one subscription and period, from what is stored. The same facts and arguments give the same digest."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain

from sqlalchemy import Connection, RowMapping, or_, select

from crawler.config.models import Config, Subscription
from crawler.items import Origin
from crawler.outcomes import Outcome
from crawler.tables import article, entry, version
from crawler.tables import digest as digest_table
from pipelines.digest.books import books_between
from pipelines.digest.changes import changes_between
from pipelines.digest.lines import Member, dated, sections_of, wanted_themes
from pipelines.digest.links import first_publication, own_place
from pipelines.digest.membership import Period, Stored, Told, told_by_each
from pipelines.digest.model import Digest, FoldedCopy, FurtherCopies, RefusedEntry
from pipelines.health.cuts import zone_of
from pipelines.health.failing import failing_endpoints
from pipelines.health.silent import silent_endpoints

_BATCH = 500  # entries in one IN (…)
_REFUSED_LISTED = 20  # a source whose robots.txt forbids all it announces can bring hundreds a day


def build_digest(
    connection: Connection,
    config: Config,
    subscription: Subscription,
    cut_from: datetime,
    cut_to: datetime,
    now: datetime,
) -> Digest:
    """What was kept in (cut_from, cut_to] and no earlier digest told, and the books of that time. `now`: of issue."""
    zone = zone_of(config, subscription)
    books = books_between(connection, config, cut_from, cut_to)
    told = _told(connection, subscription, Period(cut_from=cut_from, cut_to=cut_to))
    rows = _articles(connection, chain(told.folded, told.further, *told.folded.values(), *told.further.values()))
    copies = {entry_id: _copy(config, row) for entry_id, row in rows.items()}
    refused = _refused(connection, subscription.sources, cut_from, cut_to)
    return Digest(
        balances=not books.imbalances,
        subscription=subscription.name,
        language=subscription.language,
        title=subscription.title or subscription.name,
        date=cut_to.astimezone(zone).date().isoformat(),
        timezone=zone.key,
        cut_from=cut_from,
        cut_to=cut_to,
        issued=now,
        preview=False,
        sections=sections_of(config, _members(connection, subscription, told, rows, copies)),
        backlog_omitted=len(told.omitted),
        further_copies=tuple(
            FurtherCopies(
                title=rows[line]["title"],
                url=first_publication(rows[line]),
                copies=tuple(copies[item] for item in further),
            )
            for line, further in sorted(told.further.items())
        ),
        changed=changes_between(connection, config, subscription, cut_from, cut_to),
        books=books,
        failing=tuple(
            replace(item, source=config.label_of(item.source))
            for item in failing_endpoints(connection, config, cut_from, cut_to)
        ),
        silent=tuple(
            replace(item, source=config.label_of(item.source)) for item in silent_endpoints(connection, config, cut_to)
        ),
        refused=refused[:_REFUSED_LISTED],
        refused_omitted=len(refused[_REFUSED_LISTED:]),
    )


def _told(connection: Connection, subscription: Subscription, period: Period) -> Told:
    cuts = connection.execute(
        select(digest_table.c.cut_from, digest_table.c.cut_to)
        .where(digest_table.c.subscription == subscription.name, digest_table.c.cut_to <= period.cut_from)
        .order_by(digest_table.c.cut_to)
    )
    periods = [*(Period(cut_from=row.cut_from, cut_to=row.cut_to) for row in cuts), period]
    return told_by_each(_stored(connection, subscription, periods), periods)[-1]


def _stored(connection: Connection, subscription: Subscription, periods: Sequence[Period]) -> Iterator[Stored]:
    """All that can bear on the last of `periods`: its own articles, and of those before it old ones and copy groups."""
    originals = select(article.c.representative).where(article.c.representative.is_not(None))
    rows = connection.execute(
        select(
            article.c.entry,
            article.c.representative,
            entry.c.endpoint,
            article.c.kept_at,
            article.c.published,
            article.c.backlog,
            article.c.source,
            article.c.themes,
        )
        .join(entry, entry.c.id == article.c.entry)
        .where(
            article.c.outcome.in_([Outcome.KEPT.value, Outcome.COPY.value]),
            article.c.origin != Origin.SEED.value,  # examples of what is meant, no news; their copies are
            article.c.kept_at > periods[0].cut_from,
            or_(
                article.c.kept_at > periods[-1].cut_from,
                article.c.backlog,
                article.c.representative.is_not(None),
                article.c.entry.in_(originals),
            ),
        )
        .order_by(article.c.entry)
    )
    for row in rows:
        yield Stored(
            entry=row.entry,
            group=row.representative or row.entry,
            endpoint=row.endpoint,
            kept_at=row.kept_at,
            dated=dated(row.published, row.kept_at),
            backlog=row.backlog,
            is_wanted=bool(wanted_themes(subscription, row.source, row.themes)),
        )


def _articles(connection: Connection, entries: Iterable[int]) -> dict[int, RowMapping]:
    found: dict[int, RowMapping] = {}
    for batch in _batches(entries):
        rows = connection.execute(select(article).where(article.c.entry.in_(batch))).mappings()
        found.update((row["entry"], row) for row in rows)
    return found


def _texts(connection: Connection, entries: Iterable[int]) -> dict[int, str]:
    """The texts as they were kept: what a source changed later is not this digest's news."""
    found: dict[int, str] = {}
    for batch in _batches(entries):
        query = select(version.c.entry, version.c.text).where(version.c.entry.in_(batch), version.c.number == 1)
        found.update((row.entry, row.text) for row in connection.execute(query))
    return found


def _batches(entries: Iterable[int]) -> Iterator[list[int]]:
    listed = list(entries)
    for start in range(0, len(listed), _BATCH):
        yield listed[start : start + _BATCH]


def _members(
    connection: Connection,
    subscription: Subscription,
    told: Told,
    rows: Mapping[int, RowMapping],
    copies: Mapping[int, FoldedCopy],
) -> Iterator[Member]:
    texts = _texts(connection, told.folded)
    for line, folded in sorted(told.folded.items()):
        row = rows[line]
        theme = wanted_themes(subscription, row["source"], row["themes"])[0]
        yield Member(row=row, text=texts[line], theme=theme, copies=tuple(copies[item] for item in folded))


def _copy(config: Config, row: RowMapping) -> FoldedCopy:
    return FoldedCopy(source=config.label_of(row["source"]), url=own_place(row))


def _refused(
    connection: Connection, sources: str | Sequence[str], cut_from: datetime, cut_to: datetime
) -> tuple[RefusedEntry, ...]:
    """Entries of `sources` ("all", or names) that ended refused in the period."""
    rows = connection.execute(
        select(entry.c.source, entry.c.title, entry.c.url, entry.c.original_url)
        .where(entry.c.outcome == Outcome.REFUSED.value, entry.c.ended > cut_from, entry.c.ended <= cut_to)
        .order_by(entry.c.id)
    ).mappings()
    return tuple(
        RefusedEntry(title=row["title"], url=first_publication(row))
        for row in rows
        if sources == "all" or row["source"] in sources
    )
