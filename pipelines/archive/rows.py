"""An article becomes rows: its outcome, itself, its first version, its copy mark, its place in the search index.

The work of one transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from crawler.config.models import Config
from crawler.items import Article, Origin, ThemeVerdict
from crawler.ledger import end_entry
from crawler.outcomes import ARCHIVED, Outcome
from crawler.tables import article as article_table
from crawler.tables import copy as copy_table
from crawler.tables import entry as entry_table
from crawler.tables import version
from crawler.tombstones import Tombstone, buried, keys_of
from pipelines.archive.files import archive_path
from pipelines.copies.groups import copy_mark
from pipelines.search.index import index_article


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How, when and in which run the entry of an article ends."""

    run: int
    outcome: Outcome
    reason: str
    at: datetime


def outcome_of(article: Article) -> tuple[Outcome, str]:
    """How an article ends by its verdicts, and why. What shows what is meant cannot be off theme, nor can its copy."""
    if article.copy is not None:
        return Outcome.COPY, f"{article.copy.level.value} as entry {article.copy.of}"
    if not article.themes:
        best = max(article.verdicts, key=lambda verdict: verdict.score, default=None)
        return Outcome.OFF_THEME, f"no theme takes it{_nearest_theme(best) if best else ''}"
    return Outcome.KEPT, "on theme: " + ", ".join(article.themes)


def insert_article(connection: Connection, config: Config, article: Article, *, run: int, now: datetime) -> Outcome:
    """Store a crawled or imported article with the outcome its verdicts give it; refuse one that was forgotten.

    Raises:
        AlreadyEndedError: the entry has an outcome.
        IntegrityError: another article of this text stands for its group already.
    """
    pending = article.pending
    addresses = (pending.entry.url, pending.entry.original_url)
    graves = buried(connection, keys_of((pending.entry.key, article.final_key), addresses))
    if graves:
        told = forgotten_reason(next(iter(graves.values())), config.settings.zone)
        _refuse(connection, article, Ending(run=run, outcome=Outcome.REFUSED, reason=told, at=now))
        return Outcome.REFUSED
    outcome, reason = outcome_of(article)
    # Its entry's: a page that a file brought may be the one that a crawled entry was waiting for.
    origin = Origin(connection.scalars(select(entry_table.c.origin).where(entry_table.c.id == pending.id)).one())
    more = {
        "origin": origin.value,
        "path": path_of(config, article, day=now) if outcome in ARCHIVED else "",
        "revisit_at": _first_revisit(config, article, outcome, origin),
    }
    if article.copy is not None and not article.themes:
        more["themes"] = _stored(connection, article.copy.of)["themes"]
    insert_rows(connection, article, Ending(run=run, outcome=outcome, reason=reason, at=now), more)
    if outcome is Outcome.COPY and article.copy is not None:
        connection.execute(insert(copy_table).values(copy_mark(pending.id, article.copy, now)))
        complete_seed(connection, article.copy.of, pending.id)
    return outcome


def path_of(config: Config, article: Article, *, day: datetime | None) -> str:
    """Where the article's file lies, below the archive folder."""
    pending, zone = article.pending, config.settings.zone
    named = archive_path(source=pending.source, title=article.title, key=pending.entry.key, day=day, zone=zone)
    return named.as_posix()


def insert_rows(connection: Connection, article: Article, ending: Ending, more: Mapping[str, Any]) -> None:
    """End the entry, store the article with its first version, and index it. `more`: further columns of `article`."""
    outcome = ending.outcome
    end_entry(connection, ending.run, article.pending, outcome, reason=ending.reason, now=ending.at)
    row = {**_row(article, outcome, ending.at), **more}
    connection.execute(insert(article_table).values(row))
    connection.execute(
        insert(version).values(
            entry=article.pending.id,
            number=1,
            seen=article.fetched_at,
            title=article.title,
            markdown=article.markdown,
            text=article.text,
            text_hash=article.text_hash,
        )
    )
    index_article(connection, article.pending.id)


def complete_seed(connection: Connection, entry_id: int, twin_id: int) -> None:
    """Give a seed the date and the address it lacks, from a copy of it; its file is then to be written anew."""
    seed, twin = _stored(connection, entry_id), _stored(connection, twin_id)
    values = _lacking(seed, twin) if seed["origin"] == Origin.SEED.value else {}
    if values:
        this = article_table.c.entry == entry_id
        connection.execute(update(article_table).where(this).values(**values, filed=False))


def forgotten_reason(grave: Tombstone, zone: tzinfo) -> str:
    """Why an entry that leads to a forgotten article ends refused."""
    return f"forgotten on {grave.forgotten.astimezone(zone):%Y-%m-%d}: {grave.reason}"


def _refuse(connection: Connection, article: Article, ending: Ending) -> None:
    """End the entry; of what its announcement said of the forgotten article only the address stays."""
    end_entry(connection, ending.run, article.pending, ending.outcome, reason=ending.reason, now=ending.at)
    this = update(entry_table).where(entry_table.c.id == article.pending.id)
    connection.execute(this.values(title="", summary="", authors=[], published=None))


def _stored(connection: Connection, entry_id: int) -> RowMapping:
    query = select(article_table, entry_table.c.key).join(entry_table, entry_table.c.id == article_table.c.entry)
    return connection.execute(query.where(entry_table.c.id == entry_id)).mappings().one()


def _lacking(seed: RowMapping, twin: RowMapping) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if seed["published"] is None and twin["published"] is not None:
        values |= {"published": twin["published"], "datings": twin["datings"]}
    address = twin["original_url"] or twin["url"]
    if address and not (seed["original_url"] or seed["url"]):
        # The key too, so that the article is known under every other address of its original. A seed's own key is none.
        key = twin["final_key"] if twin["origin"] == Origin.SEED.value else twin["key"]
        values |= {"original_url": address, "final_key": key}
    return values


def _first_revisit(config: Config, article: Article, outcome: Outcome, origin: Origin) -> datetime | None:
    """Copies are not asked for again, and neither is what never came over the network."""
    ages = config.settings.revisit
    if outcome is not Outcome.KEPT or origin is not Origin.CRAWL or not ages:
        return None
    return article.pending.first_seen + ages[0]


def _row(article: Article, outcome: Outcome, now: datetime) -> dict[str, Any]:
    pending = article.pending
    return {
        "entry": pending.id,
        "source": pending.source,
        "outcome": outcome.value,
        "title": article.title,
        "authors": list(article.authors),
        "account": article.account,
        "language": article.language[:20],
        "url": article.url,
        "original_url": pending.entry.original_url,
        "final_key": article.final_key,
        "published": article.published.to_json() if article.published else None,
        "datings": [dating.to_json() for dating in article.datings],
        "fetched": article.fetched_at,
        "kept_at": now,
        "backlog": pending.backlog,
        "verdicts": [verdict.to_json() for verdict in article.verdicts],
        "themes": list(article.themes),
        "images": list(article.images),
        "extractor": article.extractor,
        "text_hash": article.text_hash,
        "representative": article.copy.of if outcome is Outcome.COPY and article.copy else None,
        "etag": article.etag,
        "last_modified": article.last_modified,
    }


def _nearest_theme(best: ThemeVerdict) -> str:
    told = f"; nearest: {best.theme} with {best.score:.1f} of {best.floor:.1f}"
    return f"{told}, vetoed by {best.vetoed_by}" if best.vetoed_by else told
