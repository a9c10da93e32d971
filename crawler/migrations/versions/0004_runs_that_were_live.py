"""whether a run asked the sources' own hosts, so that a source it polled is proven."""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Of older runs nobody knows.
    op.add_column('run', sa.Column('live', sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column('run', 'live')
