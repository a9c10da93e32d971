"""the first tables."""

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    
    op.create_table('digest',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('subscription', sa.String(length=40), nullable=False),
    sa.Column('date', sa.String(length=10), nullable=False),
    sa.Column('cut_from', sa.DateTime(), nullable=False),
    sa.Column('cut_to', sa.DateTime(), nullable=False),
    sa.Column('issued', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_digest')),
    sa.UniqueConstraint('subscription', 'date', name=op.f('uq_digest_subscription_date'))
    )
    op.create_table('endpoint',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=40), nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('host', sa.String(length=255), nullable=False),
    sa.Column('etag', sa.Text(), nullable=False),
    sa.Column('last_modified', sa.Text(), nullable=False),
    sa.Column('body_hash', sa.String(length=64), nullable=False),
    sa.Column('recipe', sa.String(length=64), nullable=False),
    sa.Column('ttl', sa.Integer(), nullable=True),
    sa.Column('first_polled', sa.DateTime(), nullable=True),
    sa.Column('last_polled', sa.DateTime(), nullable=True),
    sa.Column('last_success', sa.DateTime(), nullable=True),
    sa.Column('last_new', sa.DateTime(), nullable=True),
    sa.Column('next_due', sa.DateTime(), nullable=True),
    sa.Column('failures', sa.Float(), nullable=False),
    sa.Column('last_outcome', sa.String(length=20), nullable=False),
    sa.Column('last_error', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_endpoint')),
    sa.UniqueConstraint('source', 'url', name=op.f('uq_endpoint_source_url'))
    )
    op.create_table('host',
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('next_due', sa.DateTime(), nullable=True),
    sa.Column('lease_until', sa.DateTime(), nullable=True),
    sa.Column('lease_token', sa.String(length=32), nullable=False),
    sa.Column('generation', sa.Integer(), nullable=False),
    sa.Column('failures', sa.Float(), nullable=False),
    sa.Column('last_error', sa.Text(), nullable=False),
    sa.Column('last_request_at', sa.DateTime(), nullable=True),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_host'))
    )
    op.create_table('robots',
    sa.Column('origin', sa.String(length=300), nullable=False),
    sa.Column('fetched_at', sa.DateTime(), nullable=False),
    sa.Column('status', sa.Integer(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('origin', name=op.f('pk_robots'))
    )
    op.create_table('run',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('command', sa.String(length=200), nullable=False),
    sa.Column('process', sa.Integer(), nullable=False),
    sa.Column('started', sa.DateTime(), nullable=False),
    sa.Column('ended', sa.DateTime(), nullable=True),
    sa.Column('interrupted', sa.Boolean(), nullable=False),
    sa.Column('error', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_run'))
    )
    op.create_table('story',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('representative', sa.Integer(), nullable=True),
    sa.Column('started', sa.DateTime(), nullable=False),
    sa.Column('updated', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_story'))
    )
    op.create_table('book',
    sa.Column('run', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=40), nullable=False),
    sa.Column('carried_in', sa.Integer(), nullable=False),
    sa.Column('found', sa.Integer(), nullable=False),
    sa.Column('kept', sa.Integer(), nullable=False),
    sa.Column('copy', sa.Integer(), nullable=False),
    sa.Column('off_theme', sa.Integer(), nullable=False),
    sa.Column('stale', sa.Integer(), nullable=False),
    sa.Column('refused', sa.Integer(), nullable=False),
    sa.Column('blocked', sa.Integer(), nullable=False),
    sa.Column('gone', sa.Integer(), nullable=False),
    sa.Column('no_text', sa.Integer(), nullable=False),
    sa.Column('failed', sa.Integer(), nullable=False),
    sa.Column('carried_out', sa.Integer(), nullable=True),
    sa.Column('known', sa.Integer(), nullable=False),
    sa.Column('polls', sa.Integer(), nullable=False),
    sa.Column('polls_failed', sa.Integer(), nullable=False),
    sa.Column('requests', sa.Integer(), nullable=False),
    sa.Column('bytes', sa.Integer(), nullable=False),
    sa.Column('error', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['run'], ['run.id'], name=op.f('fk_book_run')),
    sa.PrimaryKeyConstraint('run', 'source', name=op.f('pk_book'))
    )
    op.create_table('delivery',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('digest', sa.Integer(), nullable=False),
    sa.Column('destination', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_try', sa.DateTime(), nullable=True),
    sa.Column('accepted', sa.DateTime(), nullable=True),
    sa.Column('last_error', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['digest'], ['digest.id'], name=op.f('fk_delivery_digest')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delivery')),
    sa.UniqueConstraint('digest', 'destination', name=op.f('uq_delivery_digest_destination'))
    )
    op.create_table('entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('source', sa.String(length=40), nullable=False),
    sa.Column('endpoint', sa.Integer(), nullable=False),
    sa.Column('host', sa.String(length=255), nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('original_url', sa.Text(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('authors', sa.JSON(), nullable=False),
    sa.Column('published', sa.JSON(), nullable=True),
    sa.Column('first_seen', sa.DateTime(), nullable=False),
    sa.Column('first_run', sa.Integer(), nullable=False),
    sa.Column('backlog', sa.Boolean(), nullable=False),
    sa.Column('attempts', sa.Float(), nullable=False),
    sa.Column('next_try', sa.DateTime(), nullable=True),
    sa.Column('last_error', sa.Text(), nullable=False),
    sa.Column('outcome', sa.String(length=20), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('ended', sa.DateTime(), nullable=True),
    sa.Column('ended_run', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['ended_run'], ['run.id'], name=op.f('fk_entry_ended_run')),
    sa.ForeignKeyConstraint(['endpoint'], ['endpoint.id'], name=op.f('fk_entry_endpoint')),
    sa.ForeignKeyConstraint(['first_run'], ['run.id'], name=op.f('fk_entry_first_run')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_entry')),
    sa.UniqueConstraint('key', name=op.f('uq_entry_key'))
    )
    with op.batch_alter_table('entry', schema=None) as batch_op:
        batch_op.create_index('ix_entry_pending', ['host', 'source'], unique=False, sqlite_where=sa.text('outcome IS NULL'), postgresql_where=sa.text('outcome IS NULL'))

    op.create_table('sighting',
    sa.Column('endpoint', sa.Integer(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('first_seen', sa.DateTime(), nullable=False),
    sa.Column('last_seen', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['endpoint'], ['endpoint.id'], name=op.f('fk_sighting_endpoint')),
    sa.PrimaryKeyConstraint('endpoint', 'key', name=op.f('pk_sighting'))
    )
    with op.batch_alter_table('sighting', schema=None) as batch_op:
        batch_op.create_index('ix_sighting_key', ['key'], unique=False)

    op.create_table('article',
    sa.Column('entry', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=40), nullable=False),
    sa.Column('outcome', sa.String(length=20), nullable=False),
    sa.Column('origin', sa.String(length=10), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('authors', sa.JSON(), nullable=False),
    sa.Column('account', sa.Text(), nullable=False),
    sa.Column('language', sa.String(length=20), nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('original_url', sa.Text(), nullable=False),
    sa.Column('final_key', sa.Text(), nullable=False),
    sa.Column('published', sa.JSON(), nullable=True),
    sa.Column('datings', sa.JSON(), nullable=False),
    sa.Column('fetched', sa.DateTime(), nullable=False),
    sa.Column('kept_at', sa.DateTime(), nullable=False),
    sa.Column('backlog', sa.Boolean(), nullable=False),
    sa.Column('verdicts', sa.JSON(), nullable=False),
    sa.Column('themes', sa.JSON(), nullable=False),
    sa.Column('images', sa.JSON(), nullable=False),
    sa.Column('extractor', sa.Text(), nullable=False),
    sa.Column('text_hash', sa.String(length=64), nullable=False),
    sa.Column('representative', sa.Integer(), nullable=True),
    sa.Column('path', sa.Text(), nullable=False),
    sa.Column('filed', sa.Boolean(), nullable=False),
    sa.Column('story', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['entry'], ['entry.id'], name=op.f('fk_article_entry')),
    sa.ForeignKeyConstraint(['representative'], ['article.entry'], name=op.f('fk_article_representative')),
    sa.ForeignKeyConstraint(['story'], ['story.id'], name=op.f('fk_article_story')),
    sa.PrimaryKeyConstraint('entry', name=op.f('pk_article'))
    )
    with op.batch_alter_table('article', schema=None) as batch_op:
        batch_op.create_index('ix_article_final_key', ['final_key'], unique=False)
        batch_op.create_index('ix_article_kept_at', ['kept_at'], unique=False)
        batch_op.create_index('ix_article_original', ['text_hash'], unique=True, sqlite_where=sa.text("outcome = 'kept'"), postgresql_where=sa.text("outcome = 'kept'"))

    op.create_table('copy',
    sa.Column('entry', sa.Integer(), nullable=False),
    sa.Column('original', sa.Integer(), nullable=False),
    sa.Column('level', sa.String(length=20), nullable=False),
    sa.Column('measure', sa.Float(), nullable=False),
    sa.Column('found', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['entry'], ['article.entry'], name=op.f('fk_copy_entry')),
    sa.ForeignKeyConstraint(['original'], ['article.entry'], name=op.f('fk_copy_original')),
    sa.PrimaryKeyConstraint('entry', name=op.f('pk_copy'))
    )
    op.create_table('version',
    sa.Column('entry', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('seen', sa.DateTime(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('markdown', sa.Text(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('text_hash', sa.String(length=64), nullable=False),
    sa.Column('diff', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['entry'], ['article.entry'], name=op.f('fk_version_entry')),
    sa.PrimaryKeyConstraint('entry', 'number', name=op.f('pk_version'))
    )
    
