"""Whether the rows of the archive agree among themselves."""

from collections.abc import Iterator

from sqlalchemy import Connection, RowMapping, or_, select

from crawler.tables import article, copy, version
from pipelines.archive.findings import Finding, Kind
from pipelines.copies.fingerprint import text_hash

_BATCH = 200  # rows held at once


def database_findings(connection: Connection) -> Iterator[Finding]:
    """What SQLite's own checks say; nothing for another database, which looks after itself."""
    if connection.dialect.name != "sqlite":
        return
    for [told] in connection.exec_driver_sql("PRAGMA integrity_check"):
        if told != "ok":
            yield Finding(kind=Kind.DATABASE, detail=told)
    for table, row, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield Finding(kind=Kind.DATABASE, detail=f"row {row} of {table} refers to a row of {parent} that is not there")


def row_findings(connection: Connection) -> Iterator[Finding]:
    """Articles without a version, texts that are not what was hashed, copy groups that are not whole."""
    yield from _without_version(connection)
    yield from _changed_texts(connection)
    yield from _broken_groups(connection)


def _without_version(connection: Connection) -> Iterator[Finding]:
    rows = select(article.c.entry).outerjoin(version, version.c.entry == article.c.entry)
    for number in connection.scalars(rows.where(version.c.entry.is_(None)).execution_options(yield_per=_BATCH)):
        yield Finding(kind=Kind.VERSION, entry=number, detail="the article has no version")


def _changed_texts(connection: Connection) -> Iterator[Finding]:
    query = (
        select(version.c.entry, version.c.number, version.c.title, version.c.text, version.c.text_hash)
        .join(article, article.c.entry == version.c.entry)
        .where(article.c.expired.is_(None))  # a text that was let go has left its hash
        .order_by(version.c.entry, version.c.number)
    )
    for row in connection.execute(query.execution_options(yield_per=_BATCH)):
        found = text_hash(row.text, row.title)
        if found != row.text_hash:
            detail = f"text_hash of version {row.number} is {row.text_hash[:10]}, its text has {found[:10]}"
            yield Finding(kind=Kind.VERSION, entry=row.entry, detail=detail)


def _broken_groups(connection: Connection) -> Iterator[Finding]:
    stands = article.alias("stands")
    query = (
        select(article.c.entry, article.c.representative, copy.c.original, stands.c.entry.label("stands"))
        .outerjoin(stands, stands.c.entry == article.c.representative)
        .outerjoin(copy, copy.c.entry == article.c.entry)
        .where(
            or_(article.c.representative.is_not(None), copy.c.entry.is_not(None)),
            or_(
                stands.c.entry.is_(None),
                stands.c.representative.is_not(None),
                copy.c.entry.is_(None),
                copy.c.original != article.c.representative,
            ),
        )
        .order_by(article.c.entry)
    )
    for row in connection.execute(query.execution_options(yield_per=_BATCH)).mappings():
        yield Finding(kind=Kind.COPY, entry=row["entry"], detail=_what_is_broken(row))


def _what_is_broken(row: RowMapping) -> str:
    if row["representative"] is None:
        return f"it is marked as a copy of entry {row['original']} and has no representative"
    if row["stands"] is None:
        return f"its representative, entry {row['representative']}, does not exist"
    if row["original"] is None:
        return f"entry {row['representative']} stands for it, and nothing marks it as a copy"
    if row["original"] != row["representative"]:
        return f"it is marked as a copy of entry {row['original']}, and entry {row['representative']} stands for it"
    return f"its representative, entry {row['representative']}, is itself a copy"
