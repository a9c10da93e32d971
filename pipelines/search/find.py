"""Finds stored articles: the index says where the words stand, the rows which of those are wanted. Each story once.

What its source took away is never found: its text is withheld, and a passage of it would be text.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Row,
    RowMapping,
    Select,
    Subquery,
    and_,
    case,
    column,
    func,
    literal_column,
    or_,
    select,
    table,
    text,
    true,
)

from crawler.items import Dating, Precision
from crawler.outcomes import ARCHIVED, Outcome
from crawler.tables import article, entry, version
from pipelines.search.model import Filters, Found, Hit, Order, Search
from pipelines.search.query import Query, Term, fts_expression, parse
from pipelines.search.snippet import snippet

# The newest articles that match are weighed against each other. A word that more of them hold tells none of them apart,
# and weighing them all would make its search the slower the larger the archive (measured by tests/bench/search.py).
_WEIGHED = 10_000

_index = table("search_index", column("rowid"))
# FTS5 gives the best the lowest number. A word in the title says what the article is about, so it counts five times.
_score = literal_column("-bm25(search_index, 5.0, 1.0)", Float).label("score")
_published = article.c.published["at"].as_string()
_is_day = article.c.published["precision"].as_string() == Precision.DAY.value
_day = case((_is_day, func.substr(_published, 1, 10)))
_dated = func.coalesce(func.datetime(_published), func.datetime(article.c.kept_at))


def search(connection: Connection, asked: Search) -> Found:
    """
    Raises:
        QueryError: the query holds no word to look for.
    """
    query = parse(asked.query)
    group = article.c.entry if asked.every_copy else func.coalesce(article.c.representative, article.c.entry)
    matching = _matching(query, asked.filters)
    total = connection.scalars(matching.with_only_columns(func.count(group.distinct()))).one()
    best = connection.execute(_best(matching, group, asked)).all()
    return Found(query=asked.query, total=total, hits=_hits(connection, query.wanted, best))


def stored_sources(connection: Connection) -> list[str]:
    """The sources that articles are of, those that are no longer configured included."""
    return sorted(connection.scalars(select(article.c.source).distinct()))


def stored_themes(connection: Connection) -> list[str]:
    """The themes that articles belong to, those that are no longer configured included."""
    theme = func.json_each(article.c.themes).table_valued("value")
    return sorted(connection.scalars(select(theme.c.value).select_from(article.join(theme, true())).distinct()))


def _matching(query: Query, filters: Filters) -> Select[Any]:
    matches = text("search_index MATCH :expression").bindparams(expression=fts_expression(query))
    joined = _index.join(article, article.c.entry == _index.c.rowid)
    return select(_index.c.rowid).select_from(joined).where(matches, *_conditions(filters))


def _conditions(filters: Filters) -> Iterator[ColumnElement[bool]]:
    outcomes = (*ARCHIVED, Outcome.OFF_THEME) if filters.off_theme else ARCHIVED
    yield article.c.outcome.in_([outcome.value for outcome in outcomes])
    yield article.c.deleted_at.is_(None)
    if filters.sources:
        yield article.c.source.in_(filters.sources)
    if filters.origins:
        yield article.c.origin.in_([origin.value for origin in filters.origins])
    if filters.themes:
        theme = func.json_each(article.c.themes).table_valued("value")
        yield select(theme.c.value).where(theme.c.value.in_(filters.themes)).exists()
    # A date that is only a day is compared as one: its midnight may belong to another zone.
    if filters.since is not None:
        begin = _stored(filters.since, filters.zone)
        yield or_(_day >= filters.since.isoformat(), and_(_day.is_(None), _dated >= begin))
    if filters.until is not None:
        end = _stored(filters.until + timedelta(days=1), filters.zone)
        yield or_(_day <= filters.until.isoformat(), and_(_day.is_(None), _dated < end))


def _stored(day: date, zone: tzinfo) -> str:
    """The beginning of a day, as SQLite's datetime() writes it."""
    return datetime.combine(day, time(), zone).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _best(matching: Select[Any], group: ColumnElement[int], asked: Search) -> Select[Any]:
    """Entry, score and folded copies of the hits to show, in their order."""
    newest = _dated.desc() if asked.order is Order.DATE else _index.c.rowid.desc()
    columns = (article.c.entry, group.label("group"), _score, _dated.label("dated"))
    found = matching.with_only_columns(*columns).order_by(newest).limit(_WEIGHED).subquery()
    representative_first = (found.c.entry != found.c.group, *_order(found, asked.order))
    place = func.row_number().over(partition_by=found.c.group, order_by=representative_first)
    copies = func.count().over(partition_by=found.c.group) - 1
    told = select(found, place.label("place"), copies.label("copies")).subquery()
    first = select(told.c.entry, told.c.score, told.c.copies).where(told.c.place == 1)
    return first.order_by(*_order(told, asked.order)).limit(asked.limit)


def _order(rows: Subquery, order: Order) -> tuple[ColumnElement[Any], ...]:
    newer, better = rows.c.dated.desc(), rows.c.score.desc()
    return (newer, better, rows.c.entry.desc()) if order is Order.DATE else (better, newer, rows.c.entry.desc())


def _hits(connection: Connection, terms: Sequence[Term], best: Sequence[Row[Any]]) -> tuple[Hit, ...]:
    of_it = version.alias()
    newest = select(func.max(of_it.c.number)).where(of_it.c.entry == article.c.entry).scalar_subquery()
    rows = connection.execute(
        select(article, entry.c.key, version.c.title.label("headline"), version.c.text)
        .join(entry, entry.c.id == article.c.entry)
        .join(version, (version.c.entry == article.c.entry) & (version.c.number == newest))
        .where(article.c.entry.in_([line.entry for line in best]))
    ).mappings()
    by_entry = {row["entry"]: row for row in rows}
    return tuple(_hit(by_entry[line.entry], terms, score=line.score, copies=line.copies) for line in best)


def _hit(row: RowMapping, terms: Sequence[Term], *, score: float, copies: int) -> Hit:
    return Hit(
        entry=row["entry"],
        key=row["key"],
        title=row["headline"],
        url=row["original_url"] or row["url"],
        source=row["source"],
        account=row["account"],
        origin=row["origin"],
        published=_shown_date(row["published"]),
        kept_at=row["kept_at"],
        themes=tuple(row["themes"]),
        outcome=row["outcome"],
        score=round(score, 6),
        snippet=snippet(row["text"], terms),
        copies=copies,
        path=row["path"],
    )


def _shown_date(published: dict[str, str] | None) -> datetime | date | None:
    if published is None:
        return None
    dating = Dating.from_json(published)
    return dating.at.date() if dating.precision is Precision.DAY else dating.at
