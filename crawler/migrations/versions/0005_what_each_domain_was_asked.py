"""how often each domain was asked and how much it sent, by day and source; origins that do not answer.

Of the runs before this nobody knows whom their requests went to. What is dropped from `host` never held anything.
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
    op.create_table(
        'silence',
        sa.Column('origin', sa.String(length=300), nullable=False),
        sa.Column('visits', sa.Integer(), nullable=False),
        sa.Column('since', sa.DateTime(), nullable=False),
        sa.Column('cause', sa.Text(), nullable=False),
        sa.Column('until', sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint('origin', name=op.f('pk_silence')),
    )
    op.drop_column('host', 'last_error')
    op.drop_column('host', 'failures')
    op.add_column('robots', sa.Column('asked_at', sa.DateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column('robots', 'asked_at')
    op.add_column('host', sa.Column('failures', sa.Float(), nullable=False, server_default='0'))
    op.add_column('host', sa.Column('last_error', sa.Text(), nullable=False, server_default=''))
    op.drop_table('silence')
    op.drop_table('traffic')
