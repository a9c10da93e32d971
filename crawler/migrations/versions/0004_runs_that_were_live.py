"""whether a run asked the sources' own hosts, so that a source it polled is proven, and whether its report was told.

And indexes for what is asked of the runs and books at every run.
"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Of older runs nobody knows.
    op.add_column('run', sa.Column('live', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('run', sa.Column('told', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index('ix_run_started', 'run', ['started'])
    op.create_index('ix_run_ended', 'run', ['ended'])
    op.create_index(
        'ix_book_kept',
        'book',
        ['source', 'run'],
        sqlite_where=sa.text('kept + copy > 0'),
        postgresql_where=sa.text('kept + copy > 0'),
    )
    op.create_index(
        'ix_book_polled',
        'book',
        ['source', 'run'],
        sqlite_where=sa.text('polls > 0'),
        postgresql_where=sa.text('polls > 0'),
    )


def downgrade() -> None:
    op.drop_index('ix_book_polled', 'book')
    op.drop_index('ix_book_kept', 'book')
    op.drop_index('ix_run_ended', 'run')
    op.drop_index('ix_run_started', 'run')
    op.drop_column('run', 'told')
    op.drop_column('run', 'live')
