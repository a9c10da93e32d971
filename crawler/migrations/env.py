"""Runs inside `crawler.database.Database.migrate`, on its connection and in its transaction."""

from alembic import context

from crawler.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
context.run_migrations()
