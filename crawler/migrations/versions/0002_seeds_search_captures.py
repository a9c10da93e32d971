"""seeds, search, revisits, captures, tombstones."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

_ARTICLE: tuple[sa.Column[Any], ...] = (
    sa.Column('thumbnail', sa.Text(), nullable=False, server_default=''),
    sa.Column('file_hash', sa.String(length=64), nullable=False, server_default=''),
    sa.Column('indexed', sa.Boolean(), nullable=False, server_default=sa.false()),
    sa.Column('etag', sa.Text(), nullable=False, server_default=''),
    sa.Column('last_modified', sa.Text(), nullable=False, server_default=''),
    sa.Column('revisit_at', sa.DateTime(), nullable=True),
    sa.Column('revisited', sa.DateTime(), nullable=True),
    sa.Column('deleted_at', sa.DateTime(), nullable=True),
    sa.Column('deleted_why', sa.Text(), nullable=False, server_default=''),
    sa.Column('expired', sa.DateTime(), nullable=True),
)
_REPRESENTATIVE = sa.text("outcome = 'kept' AND representative IS NULL")
_REVISITED = sa.text('revisit_at IS NOT NULL')
_UNEXPIRED = sa.text('expired IS NULL')
_DELETED = sa.text('deleted_at IS NOT NULL')
# Contentless: the texts stand in `version`. The ascii tokenizer parts at spaces and takes everything beyond ASCII for
# a letter, so the tokens are exactly those of pipelines.search.tokens.
_SEARCH_INDEX = "CREATE VIRTUAL TABLE search_index USING fts5(title, body, content='', tokenize='ascii')"
# A text that changed under the index could never be taken out of it again.
_GUARD = """
CREATE TRIGGER search_index_{event} BEFORE {event} ON version
WHEN (SELECT indexed FROM article WHERE article.entry = {row}.entry)
BEGIN SELECT RAISE(ABORT, 'the article is in the search index: call unindex_article before its version changes'); END
"""


def upgrade() -> None:
    # Each column is added in place: a table that is copied would lose what refers to it.
    op.add_column('entry', sa.Column('origin', sa.String(length=10), nullable=False, server_default='crawl'))
    for column in _ARTICLE:
        op.add_column('article', column)
    op.drop_index('ix_article_original', 'article')
    op.create_index('ix_article_original', 'article', ['text_hash'], unique=True,
                    sqlite_where=_REPRESENTATIVE, postgresql_where=_REPRESENTATIVE)
    op.create_index('ix_article_revisit_at', 'article', ['revisit_at'], unique=False,
                    sqlite_where=_REVISITED, postgresql_where=_REVISITED)
    op.create_index('ix_version_text_hash', 'version', ['text_hash'], unique=False)
    op.create_index('ix_version_later', 'version', ['seen'], unique=False,
                    sqlite_where=sa.text('number > 1'), postgresql_where=sa.text('number > 1'))
    op.create_index('ix_article_unfiled', 'article', ['entry'], unique=False,
                    sqlite_where=sa.text("filed = 0 AND path != ''"),
                    postgresql_where=sa.text("NOT filed AND path != ''"))
    op.create_index('ix_article_unexpired', 'article', ['outcome', 'kept_at'], unique=False,
                    sqlite_where=_UNEXPIRED, postgresql_where=_UNEXPIRED)
    op.create_index('ix_article_deleted_at', 'article', ['deleted_at'], unique=False,
                    sqlite_where=_DELETED, postgresql_where=_DELETED)
    _note_what_expired()
    op.create_table('tombstone',
    sa.Column('key_hash', sa.String(length=64), nullable=False),
    sa.Column('forgotten', sa.DateTime(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('key_hash', name=op.f('pk_tombstone'))
    )
    op.create_table('capture',
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('file', sa.String(length=100), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('url', 'digest', name=op.f('pk_capture'))
    )
    op.create_index('ix_capture_file', 'capture', ['file'], unique=False)
    op.create_table('meta',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_meta'))
    )
    op.create_index('ix_article_unindexed', 'article', ['entry'], unique=False,
                    sqlite_where=sa.text('indexed = 0'), postgresql_where=sa.text('NOT indexed'))
    if op.get_bind().dialect.name == 'sqlite':
        op.execute(_SEARCH_INDEX)
        for event, row in (('INSERT', 'NEW'), ('UPDATE', 'OLD'), ('DELETE', 'OLD')):
            op.execute(_GUARD.format(event=event, row=row))


def _note_what_expired() -> None:
    """Off-theme texts were let go without a note of it; that they are gone is known from today on."""
    article = sa.table('article', sa.column('entry'), sa.column('outcome'), sa.column('expired'))
    version = sa.table('version', sa.column('entry'), sa.column('text'))
    text = sa.select(version.c.entry).where(version.c.entry == article.c.entry, version.c.text != '')
    op.execute(
        article.update()
        .where(article.c.outcome == 'off_theme', ~text.exists())
        .values(expired=sa.func.current_timestamp())
    )
