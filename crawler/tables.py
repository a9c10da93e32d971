"""Every table of the one database, the ledger's and the archive's. The migrations build exactly this; a test compares.

Times are UTC. Keys, outcomes and levels are the values of the enums in `crawler.outcomes`.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, stored as UTC: SQLite forgets zones, so they are put back on reading."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value.isoformat()}")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)

run = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("command", String(200), nullable=False),
    Column("process", Integer, nullable=False),
    Column("started", UtcDateTime, nullable=False),
    Column("ended", UtcDateTime),
    Column("interrupted", Boolean, nullable=False, default=False),  # found dead by a later run
    Column("error", Text, nullable=False, default=""),
    # It asked the sources' own hosts, no local server and no recording: what it polled is proven.
    Column("live", Boolean, nullable=False, default=False),
    # What its books say went wrong has reached stderr; never set where there was nothing to tell.
    Column("told", Boolean, nullable=False, default=False),
)
# A daemon makes a run a minute: what is asked at each of them, or each day, must not read those of all years.
Index("ix_run_started", run.c.started)
Index("ix_run_ended", run.c.ended)

# One line per run and source. The counters are raised in the transactions that change the entries;
# carried_in and carried_out are counted from the entries themselves: two ways to one sum.
book = Table(
    "book",
    metadata,
    Column("run", ForeignKey("run.id"), primary_key=True),
    Column("source", String(40), primary_key=True),
    Column("carried_in", Integer, nullable=False, default=0),
    Column("found", Integer, nullable=False, default=0),
    Column("kept", Integer, nullable=False, default=0),
    Column("copy", Integer, nullable=False, default=0),
    Column("off_theme", Integer, nullable=False, default=0),
    Column("stale", Integer, nullable=False, default=0),
    Column("refused", Integer, nullable=False, default=0),
    Column("blocked", Integer, nullable=False, default=0),
    Column("gone", Integer, nullable=False, default=0),
    Column("no_text", Integer, nullable=False, default=0),
    Column("failed", Integer, nullable=False, default=0),
    Column("carried_out", Integer),  # null until the run is closed
    Column("known", Integer, nullable=False, default=0),
    Column("polls", Integer, nullable=False, default=0),
    Column("polls_failed", Integer, nullable=False, default=0),
    Column("requests", Integer, nullable=False, default=0),
    Column("bytes", Integer, nullable=False, default=0),
    Column("error", Text, nullable=False, default=""),
)
# The last run in which a source brought an article.
Index(
    "ix_book_kept",
    book.c.source,
    book.c.run,
    sqlite_where=text("kept + copy > 0"),
    postgresql_where=text("kept + copy > 0"),
)
# The last time that a source was asked; most lines are of runs that did not ask it.
Index(
    "ix_book_polled",
    book.c.source,
    book.c.run,
    sqlite_where=text("polls > 0"),
    postgresql_where=text("polls > 0"),
)

# What each source cost each registrable domain, by day of the installation's zone: the books of the runs, told by whom
# was asked. Raised in the transactions that raise theirs.
traffic = Table(
    "traffic",
    metadata,
    Column("day", Date, primary_key=True),
    Column("source", String(40), primary_key=True),
    Column("host", String(255), primary_key=True),  # crawler.urls.host_of, of the one really asked
    Column("requests", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
)

host = Table(
    "host",
    metadata,
    Column("name", String(255), primary_key=True),  # crawler.urls.host_of
    Column("next_due", UtcDateTime),  # at its own wish: not asked sooner
    Column("lease_until", UtcDateTime),
    Column("lease_token", String(32), nullable=False, default=""),
    Column("generation", Integer, nullable=False, default=0),
    Column("last_request_at", UtcDateTime),
)

# Origins that did not answer when they were asked last.
silence = Table(
    "silence",
    metadata,
    Column("origin", String(300), primary_key=True),  # crawler.urls.origin_of
    Column("visits", Integer, nullable=False),  # in a row that ended so
    Column("since", UtcDateTime, nullable=False),  # the end of the first of them
    Column("cause", Text, nullable=False),  # the last failure
    Column("until", UtcDateTime, nullable=False),  # our own pause: not asked sooner
)

robots = Table(
    "robots",
    metadata,
    Column("origin", String(300), primary_key=True),
    Column("fetched_at", UtcDateTime, nullable=False),
    Column("status", Integer, nullable=False),  # 0: no answer
    Column("body", Text, nullable=False),
    Column("asked_at", UtcDateTime),  # last try that failed while these rules hold on; none since: NULL
)

endpoint = Table(
    "endpoint",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", String(40), nullable=False),
    Column("url", Text, nullable=False),
    Column("host", String(255), nullable=False),
    Column("etag", Text, nullable=False, default=""),
    Column("last_modified", Text, nullable=False, default=""),
    Column("body_hash", String(64), nullable=False, default=""),
    Column("recipe", String(64), nullable=False, default=""),  # of what read that body: another reads it anew
    Column("ttl", Integer),  # seconds the publisher asked to be left alone, when last said
    Column("first_polled", UtcDateTime),  # first poll that brought a whole answer, or the second: the baseline
    Column("last_polled", UtcDateTime),
    Column("last_success", UtcDateTime),
    Column("last_new", UtcDateTime),
    Column("next_due", UtcDateTime),
    Column("failures", Float, nullable=False, default=0.0),
    Column("last_outcome", String(20), nullable=False, default=""),
    Column("last_error", Text, nullable=False, default=""),
    Column("parent", ForeignKey("endpoint.id")),  # whose answer names this list; none: the config does
    Column("appeared", UtcDateTime),  # when that was, unless in its first answer: what the list holds is news then
    Column("changed", UtcDateTime),  # when the list last changed, as its parent says
    Column("undated", Integer),  # entries without a date of its first answer that were taken for recent
    UniqueConstraint("source", "url"),
)
Index("ix_endpoint_parent", endpoint.c.parent)

sighting = Table(
    "sighting",
    metadata,
    Column("endpoint", ForeignKey("endpoint.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("first_seen", UtcDateTime, nullable=False),
    Column("last_seen", UtcDateTime, nullable=False),
)
Index("ix_sighting_key", sighting.c.key)

entry = Table(
    "entry",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("source", String(40), nullable=False),
    Column("endpoint", ForeignKey("endpoint.id"), nullable=False),  # of first sight
    Column("host", String(255), nullable=False),  # of `url`: whose visit fetches it
    Column("url", Text, nullable=False),
    Column("original_url", Text, nullable=False, default=""),
    Column("title", Text, nullable=False, default=""),
    Column("summary", Text, nullable=False, default=""),
    Column("authors", JSON, nullable=False, default=list),
    Column("published", JSON),  # crawler.items.Dating, or null
    Column("first_seen", UtcDateTime, nullable=False),
    Column("first_run", ForeignKey("run.id"), nullable=False),
    Column("backlog", Boolean, nullable=False, default=False),
    Column("attempts", Float, nullable=False, default=0.0),
    Column("next_try", UtcDateTime),
    Column("last_error", Text, nullable=False, default=""),
    Column("outcome", String(20)),
    Column("reason", Text, nullable=False, default=""),
    Column("ended", UtcDateTime),
    Column("ended_run", ForeignKey("run.id")),
    Column("origin", String(10), nullable=False, default="crawl"),  # a crawler.items.Origin
)
Index(
    "ix_entry_pending",
    entry.c.host,
    entry.c.source,
    sqlite_where=text("outcome IS NULL"),
    postgresql_where=text("outcome IS NULL"),
)

article = Table(
    "article",
    metadata,
    Column("entry", ForeignKey("entry.id"), primary_key=True),
    Column("source", String(40), nullable=False),
    Column("outcome", String(20), nullable=False),  # kept, copy or off_theme: that of its entry
    Column("origin", String(10), nullable=False, default="crawl"),  # that of its entry
    Column("title", Text, nullable=False),
    Column("authors", JSON, nullable=False),
    Column("account", Text, nullable=False, default=""),
    Column("language", String(20), nullable=False, default=""),
    Column("url", Text, nullable=False),  # where it was read
    Column("original_url", Text, nullable=False, default=""),  # its first publication, where known
    Column("final_key", Text, nullable=False),
    Column("published", JSON),  # the chosen Dating, or null
    Column("datings", JSON, nullable=False),
    Column("fetched", UtcDateTime, nullable=False),
    Column("kept_at", UtcDateTime, nullable=False),  # when it was stored; digests go by this
    Column("backlog", Boolean, nullable=False, default=False),
    Column("verdicts", JSON, nullable=False),
    Column("themes", JSON, nullable=False),  # names of its themes, best first
    Column("images", JSON, nullable=False),
    Column("extractor", Text, nullable=False),
    Column("text_hash", String(64), nullable=False),
    Column("representative", ForeignKey("article.entry")),  # of its copy group, when it is a copy
    Column("path", Text, nullable=False, default=""),  # below archive/; empty when it has no file
    Column("filed", Boolean, nullable=False, default=False),  # the file at `path` was written
    Column("story", ForeignKey("story.id")),
    Column("thumbnail", Text, nullable=False, default=""),  # a seed's own; none is taken from crawled pages
    Column("file_hash", String(64), nullable=False, default=""),  # SHA-256 of the file as it was written
    Column("indexed", Boolean, nullable=False, default=False),  # its latest version is in search_index
    Column("etag", Text, nullable=False, default=""),  # of its page, for the next revisit
    Column("last_modified", Text, nullable=False, default=""),
    Column("revisit_at", UtcDateTime),  # when its page is asked for again; null: no more
    Column("revisited", UtcDateTime),  # when its page last answered a revisit
    Column("deleted_at", UtcDateTime),  # its source took it away: the text is withheld
    Column("deleted_why", Text, nullable=False, default=""),
    Column("expired", UtcDateTime),  # when its text was let go by retention; null: it is there
)
Index("ix_article_kept_at", article.c.kept_at)
Index("ix_article_final_key", article.c.final_key)
Index(
    "ix_article_revisit_at",
    article.c.revisit_at,
    sqlite_where=text("revisit_at IS NOT NULL"),
    postgresql_where=text("revisit_at IS NOT NULL"),
)
Index(
    "ix_article_unindexed",
    article.c.entry,
    sqlite_where=text("indexed = 0"),
    postgresql_where=text("NOT indexed"),
)
# What is looked for after every article that is stored.
Index(
    "ix_article_unfiled",
    article.c.entry,
    sqlite_where=text("filed = 0 AND path != ''"),
    postgresql_where=text("NOT filed AND path != ''"),
)
# What retention looks for at the start of each run.
Index(
    "ix_article_unexpired",
    article.c.outcome,
    article.c.kept_at,
    sqlite_where=text("expired IS NULL"),
    postgresql_where=text("expired IS NULL"),
)
Index(
    "ix_article_deleted_at",
    article.c.deleted_at,
    sqlite_where=text("deleted_at IS NOT NULL"),
    postgresql_where=text("deleted_at IS NOT NULL"),
)
# One representative per text: whoever stores second becomes its copy, also across processes. An article that was kept
# and got its representative later (a seed that was imported after it) stays kept.
Index(
    "ix_article_original",
    article.c.text_hash,
    unique=True,
    sqlite_where=text("outcome = 'kept' AND representative IS NULL"),
    postgresql_where=text("outcome = 'kept' AND representative IS NULL"),
)

version = Table(
    "version",
    metadata,
    Column("entry", ForeignKey("article.entry"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("seen", UtcDateTime, nullable=False),
    Column("title", Text, nullable=False),
    Column("markdown", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("text_hash", String(64), nullable=False),
    Column("diff", Text, nullable=False, default=""),
)

Index("ix_version_text_hash", version.c.text_hash)
Index(
    "ix_version_later",
    version.c.seen,
    sqlite_where=text("number > 1"),
    postgresql_where=text("number > 1"),
)

copy = Table(
    "copy",
    metadata,
    Column("entry", ForeignKey("article.entry"), primary_key=True),
    Column("original", ForeignKey("article.entry"), nullable=False),
    Column("level", String(20), nullable=False),
    Column("measure", Float, nullable=False),
    Column("found", UtcDateTime, nullable=False),
)

story = Table(
    "story",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("representative", Integer),  # article.entry; no constraint, the two tables name each other
    Column("started", UtcDateTime, nullable=False),
    Column("updated", UtcDateTime, nullable=False),
)

digest = Table(
    "digest",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subscription", String(40), nullable=False),
    Column("date", String(10), nullable=False),  # YYYY-MM-DD in the subscription's zone
    Column("cut_from", UtcDateTime, nullable=False),  # exclusive
    Column("cut_to", UtcDateTime, nullable=False),  # inclusive
    Column("issued", UtcDateTime, nullable=False),
    UniqueConstraint("subscription", "date"),
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", ForeignKey("digest.id"), nullable=False),
    Column("destination", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_try", UtcDateTime),
    Column("accepted", UtcDateTime),
    Column("last_error", Text, nullable=False, default=""),
    UniqueConstraint("digest", "destination"),
)

# What was forgotten on demand. Only hashes of its keys are left, so that it is not taken in again.
tombstone = Table(
    "tombstone",
    metadata,
    Column("key_hash", String(64), primary_key=True),  # SHA-256 of an article key
    Column("forgotten", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),
)

# What the capture ring holds: a row for each response that stands in one of its WARC files.
capture = Table(
    "capture",
    metadata,
    Column("url", Text, primary_key=True),
    Column("digest", String(64), primary_key=True),  # SHA-256 of the body
    Column("file", String(100), nullable=False),  # below captures/
    Column("at", UtcDateTime, nullable=False),
)
Index("ix_capture_file", capture.c.file)

# Facts about the database itself, such as which tokenizer made the search index.
meta = Table(
    "meta",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)
