"""when a text was let go, and the indexes by which the next ones are found."""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

_UNEXPIRED = sa.text('expired IS NULL')
_DELETED = sa.text('deleted_at IS NOT NULL')


def upgrade() -> None:
    op.add_column('article', sa.Column('expired', sa.DateTime(), nullable=True))
    # Off-theme texts were let go without a note of it; that they are gone is known from today on.
    article = sa.table('article', sa.column('entry'), sa.column('outcome'), sa.column('expired'))
    version = sa.table('version', sa.column('entry'), sa.column('text'))
    text = sa.select(version.c.entry).where(version.c.entry == article.c.entry, version.c.text != '')
    op.execute(
        article.update()
        .where(article.c.outcome == 'off_theme', ~text.exists())
        .values(expired=sa.func.current_timestamp())
    )
    op.create_index('ix_article_unexpired', 'article', ['outcome', 'kept_at'], unique=False,
                    sqlite_where=_UNEXPIRED, postgresql_where=_UNEXPIRED)
    op.create_index('ix_article_deleted_at', 'article', ['deleted_at'], unique=False,
                    sqlite_where=_DELETED, postgresql_where=_DELETED)
