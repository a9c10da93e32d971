"""lists that lists name: sitemaps of an index, accounts of a mirror."""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Added in place, as in 0002. SQLite takes a column with its reference in one statement, and only so.
    op.execute('ALTER TABLE endpoint ADD COLUMN parent INTEGER '
               'CONSTRAINT fk_endpoint_parent REFERENCES endpoint (id)')
    op.add_column('endpoint', sa.Column('appeared', sa.DateTime(), nullable=True))
    op.add_column('endpoint', sa.Column('changed', sa.DateTime(), nullable=True))
    op.add_column('endpoint', sa.Column('undated', sa.Integer(), nullable=True))
    op.create_index('ix_endpoint_parent', 'endpoint', ['parent'], unique=False)
