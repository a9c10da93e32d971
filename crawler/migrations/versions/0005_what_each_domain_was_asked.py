"""how often each domain was asked and how much it sent, by day and source.

Of the runs before this nobody knows whom their requests went to.
"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'traffic',
        sa.Column('day', sa.Date(), nullable=False),
        sa.Column('source', sa.String(length=40), nullable=False),
        sa.Column('host', sa.String(length=255), nullable=False),
        sa.Column('requests', sa.Integer(), nullable=False),
        sa.Column('bytes', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('day', 'source', 'host', name=op.f('pk_traffic')),
    )


def downgrade() -> None:
    op.drop_table('traffic')
